//! The distance of the colours of two sets in Oklab (Ottosson, "A perceptual color space for image processing", 2020).

use std::path::PathBuf;

use image::RgbImage;
use rayon::prelude::*;

use super::set_error::SetError;
use crate::picture::read_rgb;

/// Bins of each histogram.
const BINS: usize = 256;
/// The ranges of lightness and of the two opponent axes; sRGB lies inside.
const RANGES: [(f64, f64); 3] = [(0.0, 1.0), (-0.4, 0.4), (-0.4, 0.4)];

/// The earth mover's distance of the histograms of two sets of pictures along each of Oklab's axes, summed: 0 for equal ones. In
/// Oklab a difference of 1 is that of black and white. Each picture counts the same, whatever its size.
pub(super) fn colour_distance(real: &[PathBuf], fake: &[PathBuf]) -> Result<f64, SetError> {
    let (real, fake) = (Histograms::from_set(real)?, Histograms::from_set(fake)?);
    Ok(real.distance(&fake))
}

/// The share of pixels in each bin, for the three axes.
struct Histograms([Vec<f64>; 3]);

impl Histograms {
    fn from_set(set: &[PathBuf]) -> Result<Self, SetError> {
        // In blocks, whose sums are added in order: the same number whatever the threads.
        const BLOCK: usize = 32;
        let table = linear_table();
        let mut total = [(); 3].map(|()| vec![0.0; BINS]);
        for block in set.chunks(BLOCK) {
            let read: Result<Vec<[Vec<f64>; 3]>, SetError> = block
                .par_iter()
                .map(|path| {
                    let picture = read_rgb(path).map_err(SetError::unreadable)?;
                    Ok(picture_histograms(&picture.pixels, &table))
                })
                .collect();
            for picture in read? {
                for (total, axis) in total.iter_mut().zip(&picture) {
                    for (total, share) in total.iter_mut().zip(axis) {
                        *total += share / set.len() as f64;
                    }
                }
            }
        }
        Ok(Self(total))
    }

    fn distance(&self, other: &Self) -> f64 {
        let axes = self.0.iter().zip(&other.0).zip(RANGES);
        axes.map(|((first, second), (low, high))| {
            let mut moved = 0.0_f64;
            let carried = first.iter().zip(second).map(|(first, second)| {
                moved += first - second;
                moved.abs()
            });
            carried.sum::<f64>() * (high - low) / BINS as f64
        })
        .sum()
    }
}

fn picture_histograms(picture: &RgbImage, table: &[f64; 256]) -> [Vec<f64>; 3] {
    let mut counts = [[0_u64; BINS]; 3];
    for pixel in picture.pixels() {
        let colour = oklab(pixel.0.map(|sample| table[usize::from(sample)]));
        for ((counts, value), (low, high)) in counts.iter_mut().zip(colour).zip(RANGES) {
            let bin = (value - low) / (high - low) * BINS as f64;
            counts[(bin.max(0.0) as usize).min(BINS - 1)] += 1;
        }
    }
    let pixels = picture.width() as f64 * picture.height() as f64;
    counts.map(|counts| counts.iter().map(|&count| count as f64 / pixels).collect())
}

/// The linear light of each sRGB byte.
fn linear_table() -> [f64; 256] {
    std::array::from_fn(|byte| {
        let value = byte as f64 / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// Lightness and the two opponent axes of a colour in linear light.
fn oklab([red, green, blue]: [f64; 3]) -> [f64; 3] {
    let long = 0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue;
    let medium = 0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue;
    let short = 0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue;
    let [long, medium, short] = [long, medium, short].map(f64::cbrt);
    [
        0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
        1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
        0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours() {
        let table = linear_table();
        let white = oklab([table[255]; 3]);
        assert!((white[0] - 1.0).abs() < 1e-6 && white[1].abs() < 1e-6 && white[2].abs() < 1e-6);
        // Red as the author of Oklab gives it.
        let red = oklab([1.0, 0.0, 0.0]);
        for (got, expected) in red.iter().zip([0.627_955, 0.224_863, 0.125_846]) {
            assert!((got - expected).abs() < 1e-5, "{red:?}");
        }
    }

    #[test]
    fn black_and_white_are_one_apart() {
        let table = linear_table();
        let of = |value: u8| {
            let picture = RgbImage::from_pixel(3, 2, image::Rgb([value; 3]));
            Histograms(picture_histograms(&picture, &table))
        };
        let distance = of(0).distance(&of(255));
        assert!((distance - 255.0 / 256.0).abs() < 0.01, "{distance}");
        assert!(of(7).distance(&of(7)).abs() <= 0.0);
    }
}
