//! How a picture is spoilt: blurred, made smaller, covered with noise.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::error::DataError;
use crate::picture::{Raster, RasterKind, denormalize_u8};

/// Standard deviations that a Gaussian reaches to either side.
const REACH: f64 = 3.0;
/// Levels of 255 in a value's range of 1.
const LEVELS: f64 = 127.5;

/// The strongest blur, in pixels, and noise, in levels.
const MAX_BLUR: f64 = 20.0;
const MAX_NOISE: f64 = 255.0;

/// What is done to a picture, in this order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DegradeSettings {
    /// Standard deviation of the Gaussian that blurs it, lowest and highest, in pixels.
    pub blur: Option<[f64; 2]>,
    /// How many times smaller it becomes.
    pub downscale: Option<usize>,
    /// Standard deviation of the noise, lowest and highest, in levels of 255.
    pub noise: Option<[f64; 2]>,
}

impl DegradeSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), DataError> {
        let is_span =
            |[low, high]: [f64; 2], most: f64| (0.0..=high).contains(&low) && high <= most;
        let message = if self.blur.is_some_and(|span| !is_span(span, MAX_BLUR)) {
            format!("the blur must be from 0 to {MAX_BLUR} pixels")
        } else if self.noise.is_some_and(|span| !is_span(span, MAX_NOISE)) {
            format!("the noise must be from 0 to {MAX_NOISE} levels")
        } else if *self == Self::default() {
            "nothing is to be done to the pictures: give --blur, --downscale or --noise".to_owned()
        } else {
            return Ok(());
        };
        Err(DataError::BadSetting(message))
    }

    /// Spoils a picture, whose sides are multiples of the scale. All draws are from `random`.
    pub fn apply(&self, picture: &Raster, random: &mut ChaCha8Rng) -> Raster {
        let mut spoilt = picture.clone();
        if let Some(span) = self.blur {
            let deviation = drawn(span, random);
            let size = spoilt.size();
            spoilt = with_values(&spoilt, |plane| blurred(plane, size, deviation));
        }
        if let Some(scale) = self.downscale {
            let (width, height) = spoilt.size();
            spoilt = spoilt.resized((width / scale, height / scale));
        }
        if let Some(span) = self.noise {
            let deviation = drawn(span, random) / LEVELS;
            spoilt = with_values(&spoilt, |plane| {
                let noise = StandardNormal.sample_iter(&mut *random);
                let noisy = plane.iter().zip(noise).map(|(value, noise): (_, f64)| {
                    (f64::from(*value) + deviation * noise).clamp(-1.0, 1.0) as f32
                });
                noisy.collect()
            });
        }
        spoilt
    }
}

fn drawn([low, high]: [f64; 2], random: &mut ChaCha8Rng) -> f64 {
    low + (high - low) * random.random::<f64>()
}

/// A picture whose planes of values are changed one after the other; its samples stay what they are.
fn with_values(picture: &Raster, mut change: impl FnMut(&[f32]) -> Vec<f32>) -> Raster {
    let (width, height) = picture.size();
    let values = picture.values();
    let planes = values.chunks_exact((width * height).max(1));
    let changed: Vec<f32> = planes.flat_map(&mut change).collect();
    match picture.kind {
        RasterKind::Values => Raster::from_values(&changed, (width, height)),
        _ => Raster {
            bytes: denormalize_u8(&changed, picture.channels),
            ..picture.clone()
        },
    }
}

/// A plane, `[height, width]`, blurred by a Gaussian; beyond the border it is mirrored.
fn blurred(plane: &[f32], (width, height): (usize, usize), deviation: f64) -> Vec<f32> {
    let reach = (REACH * deviation).ceil() as usize;
    if reach == 0 {
        return plane.to_vec();
    }
    let weight = |distance: usize| (-0.5 * (distance as f64 / deviation).powi(2)).exp();
    let weights: Vec<f64> = (0..=2 * reach)
        .map(|place| weight(place.abs_diff(reach)))
        .collect();
    let sum: f64 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|weight| (weight / sum) as f32).collect();
    // What the kernel covers around a place: mirrored at the outer pixels, which are not repeated.
    let mirrored = |place: usize, count: usize| {
        (0..weights.len()).map(move |offset| {
            let place = place as isize + offset as isize - reach as isize;
            let period = (2 * (count - 1)).max(1) as isize;
            let place = place.rem_euclid(period) as usize;
            place.min(period as usize - place).min(count - 1)
        })
    };
    let mut rows = Vec::with_capacity(plane.len());
    for row in plane.chunks_exact(width) {
        rows.extend((0..width).map(|column| {
            let sources = mirrored(column, width).zip(&weights);
            sources
                .map(|(source, weight)| row[source] * weight)
                .sum::<f32>()
        }));
    }
    let mut made = vec![0.0; plane.len()];
    for (row, target) in made.chunks_exact_mut(width).enumerate() {
        for (source, weight) in mirrored(row, height).zip(&weights) {
            let source = &rows[source * width..][..width];
            for (target, value) in target.iter_mut().zip(source) {
                *target += value * weight;
            }
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augmentation::sample_random;

    #[test]
    fn a_blur_is_that_of_scipy() {
        let plane: Vec<f32> = (0..20)
            .map(|value| ((value * 7) % 11) as f32 / 11.0)
            .collect();
        // scipy 1.17.1: gaussian_filter(plane.reshape(4, 5), 0.8, truncate=3.75, mode="mirror"), whose reach is 3, too.
        let wanted = [
            0.381_914, 0.479_010, 0.475_993, 0.511_398, 0.569_671, 0.377_937, 0.456_136, 0.456_979,
            0.451_834, 0.526_056, 0.316_014, 0.357_940, 0.456_934, 0.451_917, 0.494_006, 0.312_256,
            0.340_419, 0.489_494, 0.465_228, 0.439_905,
        ];
        for (got, wanted) in blurred(&plane, (5, 4), 0.8).iter().zip(wanted) {
            assert!((got - wanted).abs() < 2e-6, "{got} {wanted}");
        }
        assert_eq!(blurred(&plane, (5, 4), 0.0), plane);
        assert_eq!(blurred(&[0.5], (1, 1), 2.0).len(), 1);
    }

    #[test]
    fn noise_has_its_deviation_and_nothing_else_is_drawn() {
        let grey = Raster::from_values(&vec![0.0; 3 * 64 * 64], (64, 64));
        let settings = DegradeSettings {
            noise: Some([25.5; 2]),
            ..DegradeSettings::default()
        };
        let noisy = settings.apply(&grey, &mut sample_random(1, 2, 3));
        assert_eq!(noisy, settings.apply(&grey, &mut sample_random(1, 2, 3)));
        assert_ne!(noisy, settings.apply(&grey, &mut sample_random(1, 2, 4)));
        let values = noisy.values();
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / count;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((variance.sqrt() - 0.2).abs() < 0.005, "{}", variance.sqrt());
    }

    #[test]
    fn pictures_of_bytes_stay_so_and_get_smaller() {
        let picture = Raster {
            kind: RasterKind::Colours,
            width: 8,
            height: 12,
            channels: 3,
            bytes: (0..8 * 12 * 3).map(|value| value as u8).collect(),
        };
        let settings = DegradeSettings {
            downscale: Some(4),
            ..DegradeSettings::default()
        };
        let small = settings.apply(&picture, &mut sample_random(0, 0, 0));
        assert_eq!((small.size(), small.kind), ((2, 3), RasterKind::Colours));
        assert_eq!(small, picture.resized((2, 3)));
    }
}
