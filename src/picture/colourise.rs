//! Colours for a picture that keeps its luminance.

use image::DynamicImage;
use rayon::prelude::*;

use super::lab::{gamma, lightness_value, linear, linear_of, luminance, opponents};
use super::samples::{Subpixel, with_samples};

/// Halvings of the interval in which the strongest colour is looked for that a screen can show.
const HALVINGS: usize = 12;
/// Levels by which a channel is changed at most so that the luminance is that of the picture.
const MOST: i32 = 4;

/// What networks see of the lightness of a picture of 8 or 16 bits: L of each pixel in [-1, 1].
pub(crate) fn lightness_values(picture: &DynamicImage) -> Vec<f32> {
    with_samples!(
        picture,
        samples,
        channels,
        pixels(samples.as_raw(), channels)
            .map(lightness_value)
            .collect(),
        Vec::new()
    )
}

/// The picture's luminance with these a and b, `[2, pixels]`, flattened, as networks give them: in colour, without transparency, of 16
/// bits or 8.
///
/// The grey level with the luminance of each pixel is that of the picture, to the last bit. Where the screen has no such colour it
/// is paler. None if there are too few values, or the picture is not of 8 or 16 bits.
pub(crate) fn coloured(
    picture: &DynamicImage,
    ab: &[f32],
    is_16_bit: bool,
) -> Option<DynamicImage> {
    let size = (picture.width(), picture.height());
    let count = size.0 as usize * size.1 as usize;
    let ab = (ab.len() == 2 * count).then(|| ab.split_at(count))?;
    let luminances: Vec<f64> = with_samples!(
        picture,
        samples,
        channels,
        pixels(samples.as_raw(), channels)
            .map(|colour| luminance(colour.map(linear)))
            .collect(),
        return None
    );
    if is_16_bit {
        u16::into_image(colours::<u16>(&luminances, ab), 3, size)
    } else {
        u8::into_image(colours::<u8>(&luminances, ab), 3, size)
    }
}

/// Red, green and blue in [0, 1].
fn pixels<T: Subpixel>(samples: &[T], channels: usize) -> impl Iterator<Item = [f64; 3]> {
    let white = f64::from(T::MAX_SAMPLE);
    samples.chunks_exact(channels).map(move |pixel| {
        let value = |channel: usize| f64::from(pixel[channel].to_u16()) / white;
        if channels >= 3 {
            [value(0), value(1), value(2)]
        } else {
            [value(0); 3]
        }
    })
}

fn colours<T: Subpixel>(luminances: &[f64], (a, b): (&[f32], &[f32])) -> Vec<T> {
    let white = f64::from(T::MAX_SAMPLE);
    let mut made = vec![T::from_f32(0.0); 3 * luminances.len()];
    let pixels = made.par_chunks_exact_mut(3).zip(luminances);
    pixels
        .zip(a.par_iter().zip(b))
        .for_each(|((pixel, &y), (&a, &b))| {
            let levels = colour_levels(y, opponents([a, b]), white);
            for (sample, level) in pixel.iter_mut().zip(levels) {
                *sample = T::from_f32(level as f32);
            }
        });
    made
}

/// The grey level of a luminance.
fn grey_level(luminance: f64, white: f64) -> i32 {
    (gamma(luminance) * white).round() as i32
}

/// Levels of red, green and blue of the luminance `y`.
fn colour_levels(y: f64, [a, b]: [f64; 2], white: f64) -> [i32; 3] {
    let colour = |share: f64| linear_of(y, [a * share, b * share]);
    let is_shown = |colour: &[f64; 3]| colour.iter().all(|value| (0.0..=1.0).contains(value));
    let mut linear_colour = colour(1.0);
    if !is_shown(&linear_colour) {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if is_shown(&colour(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        linear_colour = colour(low);
    }
    let exact = linear_colour.map(|value| gamma(value.clamp(0.0, 1.0)) * white);
    let levels = exact.map(|value| value.round() as i32);
    let wanted = grey_level(y, white);
    let is_kept = |levels: [i32; 3]| {
        let linear = levels.map(|level| linear(f64::from(level) / white));
        grey_level(luminance(linear), white) == wanted
    };
    if is_kept(levels) {
        return levels;
    }
    // A step of one channel changes the luminance by less than a step of grey does: it can always be met.
    (1..=MOST)
        .find_map(|reach| nearest(levels, exact, reach, white as i32, &is_kept))
        .unwrap_or([wanted; 3])
}

/// Of the colours within `reach` of `levels` that are kept the one that is nearest to `exact`.
fn nearest(
    levels: [i32; 3],
    exact: [f64; 3],
    reach: i32,
    white: i32,
    is_kept: &impl Fn([i32; 3]) -> bool,
) -> Option<[i32; 3]> {
    let side = 2 * reach + 1;
    let candidates = (0..side.pow(3)).map(|number| {
        let steps = [number % side, number / side % side, number / side / side];
        std::array::from_fn(|channel| levels[channel] + steps[channel] - reach)
    });
    let distance = |candidate: &[i32; 3]| {
        let channels = candidate.iter().zip(exact);
        channels
            .map(|(level, exact)| (f64::from(*level) - exact).powi(2))
            .sum::<f64>()
    };
    candidates
        .filter(|candidate: &[i32; 3]| candidate.iter().all(|level| (0..=white).contains(level)))
        .filter(|candidate| is_kept(*candidate))
        .min_by(|first, second| distance(first).total_cmp(&distance(second)))
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, ImageBuffer, Luma, RgbImage};

    use super::*;

    /// The grey level of a colour, from the definitions of sRGB and its luminance.
    fn grey_of(colour: [f64; 3], white: f64) -> f64 {
        let [red, green, blue] = colour.map(|level| linear(level / white));
        (gamma(0.212_671 * red + 0.715_160 * green + 0.072_169 * blue) * white).round()
    }

    /// a and b of all directions, far beyond what a screen shows.
    fn ab(count: usize) -> Vec<f32> {
        let angles = (0..count).map(|place| place as f32 * 2.399);
        let radius = |place: usize| (place * 7 % 13) as f32 / 9.0;
        let a = angles
            .clone()
            .enumerate()
            .map(|(place, angle)| radius(place) * angle.cos());
        let b = angles
            .enumerate()
            .map(|(place, angle)| radius(place) * angle.sin());
        a.chain(b).collect()
    }

    #[test]
    fn luminance_is_kept_to_the_last_bit() {
        let grey = GrayImage::from_fn(256, 41, |x, _| Luma([x as u8]));
        let picture = coloured(&grey.clone().into(), &ab(256 * 41), false).unwrap();
        let colours = picture.into_rgb8();
        let mut colourful = 0;
        for (colour, grey) in colours.pixels().zip(grey.pixels()) {
            let level = grey_of(colour.0.map(f64::from), 255.0);
            assert!(
                (level - f64::from(grey.0[0])).abs() < 0.1,
                "{colour:?} {grey:?}"
            );
            colourful += usize::from(colour.0[0] != colour.0[1]);
        }
        assert!(colourful > 8000, "{colourful}");

        let deep = ImageBuffer::from_fn(331, 200, |x, y| Luma([(x * 198 + y * 7) as u16]));
        let picture = coloured(&deep.clone().into(), &ab(331 * 200), true).unwrap();
        for (colour, grey) in picture.into_rgb16().pixels().zip(deep.pixels()) {
            let level = grey_of(colour.0.map(f64::from), 65_535.0);
            assert!(
                (level - f64::from(grey.0[0])).abs() < 0.1,
                "{colour:?} {grey:?}"
            );
        }
    }

    #[test]
    fn colours_come_back_from_their_own_a_and_b() {
        let bytes: Vec<u8> = (0..3 * 400).map(|value| (value * 91 % 256) as u8).collect();
        let [_, a, b] = super::super::lab::lab_planes(&bytes);
        let picture = RgbImage::from_raw(20, 20, bytes.clone()).unwrap().into();
        let made = coloured(&picture, &[a, b].concat(), false).unwrap();
        assert_eq!(made.into_rgb8().into_raw(), bytes);
        assert!(coloured(&picture, &[0.0; 3], false).is_none());
    }
}
