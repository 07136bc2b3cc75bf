//! The brightness and the contrast of a picture, and what of them a translation keeps.

use super::normalize::grey_value;

/// Added to variances. Pictures that differ by a level of 8 bits alone have no contrast that could be scaled.
pub const LUMINANCE_EPSILON: f64 = 1e-5;

/// Brightness and contrast: mean and deviation of the luminance of a picture, which is its grey by ITU-R 601.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Luminance {
    /// The mean.
    pub brightness: f64,
    /// The root of the variance and [`LUMINANCE_EPSILON`].
    pub contrast: f64,
}

/// Sums over the pixels of a picture so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct LuminanceSums {
    count: u64,
    sum: f64,
    squares: f64,
}

impl LuminanceSums {
    /// Adds pixels, `[channels, pixels]`, flattened, in [-1, 1], of 1 channel (grey) or 3.
    pub fn add(&mut self, values: &[f32], channels: usize) {
        let pixels = values.len() / channels;
        for place in 0..pixels {
            let luminance = f64::from(luminance_at(values, channels, place));
            self.sum += luminance;
            self.squares += luminance * luminance;
        }
        self.count += pixels as u64;
    }

    /// That of all pixels.
    pub fn luminance(&self) -> Luminance {
        let count = self.count.max(1) as f64;
        let brightness = self.sum / count;
        // Rounding may lead below zero.
        let variance = (self.squares / count - brightness * brightness).max(0.0);
        Luminance {
            brightness,
            contrast: (variance + LUMINANCE_EPSILON).sqrt(),
        }
    }
}

/// Of brightness and contrast, the shares that a translation keeps of its picture's: 0 leaves its own, 1 gives it the picture's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct KeptShares {
    /// Share of the brightness.
    pub brightness: f64,
    /// Share of the contrast.
    pub contrast: f64,
}

impl KeptShares {
    /// Whether translations stay as they are.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Gives translations of a picture shares of its brightness and contrast. Their colours stay: each pixel's channels change by
/// the same amount.
///
/// Luminance matching as in Gatys, Bethge, Hertzmann and Shechtman, "Preserving Color in Neural Artistic Style Transfer", 2016,
/// with shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LuminanceMatch {
    /// What translations keep.
    pub kept: KeptShares,
    /// That of the picture.
    pub picture: Luminance,
}

impl LuminanceMatch {
    /// Changes pixels of a translation, `[channels, pixels]`, flattened, in [-1, 1], of 1 channel or 3; `own` is the luminance of
    /// all its pixels.
    pub fn change(&self, values: &mut [f32], channels: usize, own: Luminance) {
        let gain = self.kept.contrast * (self.picture.contrast / own.contrast - 1.0);
        let shift = self.kept.brightness * (self.picture.brightness - own.brightness);
        let pixels = values.len() / channels;
        for place in 0..pixels {
            let luminance = f64::from(luminance_at(values, channels, place));
            let change = (gain * (luminance - own.brightness) + shift) as f32;
            for channel in 0..channels {
                values[channel * pixels + place] += change;
            }
        }
    }

    /// The same of all pixels of a translation.
    pub fn change_all(&self, values: &mut [f32], channels: usize) {
        let mut sums = LuminanceSums::default();
        sums.add(values, channels);
        self.change(values, channels, sums.luminance());
    }
}

/// The luminance of the pixel at `place`.
fn luminance_at(values: &[f32], channels: usize, place: usize) -> f32 {
    let pixels = values.len() / channels;
    match channels {
        1 => values[place],
        _ => grey_value([0, 1, 2].map(|channel| values[channel * pixels + place])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance_of(values: &[f32], channels: usize) -> Luminance {
        let mut sums = LuminanceSums::default();
        sums.add(values, channels);
        sums.luminance()
    }

    fn values(count: usize, step: usize, depth: f32) -> Vec<f32> {
        let value = |place: usize| ((place * step) % 97) as f32 / 96.0 - 0.5;
        (0..count).map(|place| depth * value(place)).collect()
    }

    #[test]
    fn a_translation_gets_what_it_is_to_keep_and_its_colours_stay() {
        let picture = luminance_of(&values(600, 31, 1.2), 3);
        let made = values(300, 17, 0.4);
        let own = luminance_of(&made, 3);
        for (brightness, contrast) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.25), (1.0, 1.0)]
        {
            let kept = KeptShares {
                brightness,
                contrast,
            };
            assert_eq!(kept.are_none(), brightness + contrast == 0.0);
            let mut changed = made.clone();
            LuminanceMatch { kept, picture }.change_all(&mut changed, 3);
            let found = luminance_of(&changed, 3);
            let between = |own: f64, whole: f64, share: f64| own + share * (whole - own);
            let wanted = between(own.brightness, picture.brightness, brightness);
            assert!((found.brightness - wanted).abs() < 1e-6);
            let wanted = between(own.contrast, picture.contrast, contrast);
            // The added variance is not scaled.
            assert!((found.contrast - wanted).abs() < 2e-3, "{found:?} {wanted}");
            for place in 0..100 {
                let differences = |values: &[f32]| {
                    let [red, green, blue] = [0, 1, 2].map(|channel| values[channel * 100 + place]);
                    [red - green, blue - green]
                };
                let pairs = differences(&changed).into_iter().zip(differences(&made));
                assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
            }
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_bands_and_flat_pictures_stay_finite() {
        let grey = values(1000, 13, 1.0);
        let mut sums = LuminanceSums::default();
        for band in grey.chunks(77) {
            sums.add(band, 1);
        }
        let (bands, whole) = (sums.luminance(), luminance_of(&grey, 1));
        assert!((bands.brightness - whole.brightness).abs() < 1e-12);
        assert!((bands.contrast - whole.contrast).abs() < 1e-12);
        let kept = KeptShares {
            brightness: 1.0,
            contrast: 1.0,
        };
        let picture = whole;
        let mut flat = vec![0.25; 50];
        LuminanceMatch { kept, picture }.change_all(&mut flat, 1);
        let wanted = whole.brightness as f32;
        assert!(flat.iter().all(|value| (value - wanted).abs() < 1e-6));
        assert!(luminance_of(&[], 1).contrast.is_finite());
    }
}
