//! How different the pictures of a set are from each other.

use std::path::PathBuf;

use image::RgbImage;
use rayon::prelude::*;

use super::set_error::SetError;
use crate::picture::read_rgb;

/// Side of the thumbnails that are compared.
const SIDE: usize = 32;

/// The distance between two pictures of `fake` as a share of that between two of `real`: about 1 for sets that are equally diverse, and 0
/// where all translations look alike.
///
/// The distance is the root of the mean square over all pairs of pictures, of their thumbnails of 32 x 32 pixels, which are means
/// over areas. Where all real pictures look alike, the share is infinite, or 1 if the translations do too.
pub(super) fn diversity(real: &[PathBuf], fake: &[PathBuf]) -> Result<f64, SetError> {
    let (real, fake) = (Spread::from_set(real)?, Spread::from_set(fake)?);
    Ok(real.share(&fake))
}

/// The sum over all values of the variance over the pictures of a set.
struct Spread(f64);

impl Spread {
    fn from_set(set: &[PathBuf]) -> Result<Self, SetError> {
        // In blocks, whose sums are added in order: the same number whatever the threads.
        const BLOCK: usize = 32;
        let mut sums = Sums::default();
        for block in set.chunks(BLOCK) {
            let read: Result<Vec<Vec<f64>>, SetError> = block
                .par_iter()
                .map(|path| {
                    let picture = read_rgb(path).map_err(SetError::unreadable)?;
                    Ok(thumbnail(&picture.pixels))
                })
                .collect();
            for thumbnail in read? {
                sums.add(&thumbnail);
            }
        }
        Ok(sums.spread())
    }

    fn share(&self, fake: &Self) -> f64 {
        if self.0 == 0.0 && fake.0 == 0.0 {
            return 1.0;
        }
        // The mean square of the differences of all pairs is twice the variance, so that the factor drops out.
        (fake.0 / self.0).sqrt()
    }
}

/// Mean and squared distances from it, value by value, of the thumbnails so far (Welford, 1962).
#[derive(Default)]
struct Sums {
    count: f64,
    means: Vec<f64>,
    squares: f64,
}

impl Sums {
    fn add(&mut self, thumbnail: &[f64]) {
        self.count += 1.0;
        self.means.resize(thumbnail.len(), 0.0);
        for (mean, value) in self.means.iter_mut().zip(thumbnail) {
            let before = value - *mean;
            *mean += before / self.count;
            self.squares += before * (value - *mean);
        }
    }

    /// Divided by one less than the number of pictures: all pairs of different ones.
    fn spread(&self) -> Spread {
        Spread(self.squares / (self.count - 1.0).max(1.0))
    }
}

/// The means of `SIDE` x `SIDE` areas of a picture, for the three colours.
fn thumbnail(picture: &RgbImage) -> Vec<f64> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let area = |index: usize, side: usize| {
        let start = index * side / SIDE;
        start..((index + 1) * side).div_ceil(SIDE)
    };
    let mut values = Vec::with_capacity(3 * SIDE * SIDE);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (rows, columns) = (area(row, height), area(column, width));
            let count = (rows.len() * columns.len()) as f64;
            let mut sums = [0u64; 3];
            for y in rows {
                for x in columns.clone() {
                    let pixel = picture.get_pixel(x as u32, y as u32);
                    for (sum, sample) in sums.iter_mut().zip(pixel.0) {
                        *sum += u64::from(sample);
                    }
                }
            }
            values.extend(sums.map(|sum| sum as f64 / count));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn spread(greys: &[u8]) -> Spread {
        let mut sums = Sums::default();
        for (index, &grey) in greys.iter().enumerate() {
            let side = 20 + 15 * index as u32;
            let picture = RgbImage::from_pixel(side, 40, Rgb([grey; 3]));
            sums.add(&thumbnail(&picture));
        }
        sums.spread()
    }

    #[test]
    fn translations_that_look_alike_have_no_share_of_the_diversity() {
        let real = spread(&[0, 100, 200]);
        assert!((real.share(&spread(&[200, 0, 100])) - 1.0).abs() < 1e-12);
        assert!((real.share(&spread(&[50, 100, 150])) - 0.5).abs() < 1e-12);
        assert!(real.share(&spread(&[7, 7, 7])) < 1e-9);
        // As many pictures are not needed: 0 and 200 are as far apart as two of the three are on average, times a root.
        let two = real.share(&spread(&[0, 200]));
        assert!((two - 2.0f64.sqrt()).abs() < 1e-12, "{two}");
        assert!(spread(&[5, 5]).share(&real).is_infinite());
        assert!((spread(&[5, 5]).share(&spread(&[9, 9])) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn areas_cover_the_picture() {
        let picture = RgbImage::from_fn(64, 33, |x, _| {
            Rgb([if x % 2 == 0 { 0 } else { 10 }, x as u8, 0])
        });
        let values = thumbnail(&picture);
        assert_eq!(values.len(), 3 * SIDE * SIDE);
        assert!(
            values
                .chunks_exact(3)
                .all(|colour| (colour[0] - 5.0).abs() < 1e-12)
        );
        assert!((values[3 * 31 + 1] - 62.5).abs() < 1e-12);
    }
}
