//! What is measured between a picture and its translation.

use std::fmt;
use std::str::FromStr;

use image::RgbImage;
use serde::{Serialize, Serializer};

use super::error::UnknownMetric;
use super::similarity::{similarity_where, structural_similarity};
use crate::data::Mask;

/// A distance or likeness between two pictures of the same size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Peak signal-to-noise ratio in decibels, of 8-bit RGB with peak 255: higher is better, infinite for equal pictures.
    Psnr,
    /// Structural similarity (Wang et al., 2004) with Gaussian weights: higher is better, 1 for equal pictures.
    Ssim,
    /// Mean absolute difference of 8-bit RGB divided by 255: lower is better, from 0 to 1. On the [-1, 1] that networks see, it is twice this.
    L1,
}

impl Metric {
    /// All metrics, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Psnr, Self::Ssim, Self::L1];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psnr => "psnr",
            Self::Ssim => "ssim",
            Self::L1 => "l1",
        }
    }

    /// The heading of its column: name and unit or range.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Psnr => "psnr (dB)",
            Self::Ssim => "ssim",
            Self::L1 => "l1 (0 to 1)",
        }
    }

    /// Decimals that are worth showing.
    pub(super) fn decimals(self) -> usize {
        match self {
            Self::Psnr => 3,
            Self::Ssim | Self::L1 => 4,
        }
    }

    /// The names of all metrics, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Measures what is in the holes of a mask, which has the size of both pictures: as [`Metric::measure`] does with
    /// pictures of those pixels alone, and for [`Metric::Ssim`] over the windows around them. Not a number where nothing can be
    /// measured: without a hole, or for [`Metric::Ssim`] without a hole that is 5 pixels away from the border.
    pub(super) fn measure_hole(self, real: &RgbImage, fake: &RgbImage, mask: &Mask) -> f64 {
        if self == Self::Ssim {
            return similarity_where(real, fake, |x, y| mask.is_hole(x, y));
        }
        let holes = |picture: &RgbImage| {
            let pixels = picture.pixels().zip(mask.holes());
            let pixels: Vec<u8> = pixels
                .filter(|(_, hole)| **hole)
                .flat_map(|(pixel, _)| pixel.0)
                .collect();
            let count = (pixels.len() / 3) as u32;
            RgbImage::from_raw(count, 1, pixels).expect("three levels were taken of each pixel")
        };
        self.measure(&holes(real), &holes(fake))
    }

    /// Measures two pictures of the same size, at least 11x11 for [`Metric::Ssim`].
    pub(super) fn measure(self, real: &RgbImage, fake: &RgbImage) -> f64 {
        match self {
            Self::Psnr => 10.0 * (255.0 * 255.0 / mean_squared_error(real, fake)).log10(),
            Self::Ssim => structural_similarity(real, fake),
            Self::L1 => mean_absolute_error(real, fake) / 255.0,
        }
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        let named = |metric: &Self| metric.name() == text.trim();
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

fn mean_squared_error(real: &RgbImage, fake: &RgbImage) -> f64 {
    mean(real, fake, |difference| difference * difference)
}

fn mean_absolute_error(real: &RgbImage, fake: &RgbImage) -> f64 {
    mean(real, fake, |difference| difference)
}

/// The mean over all values of a function of their absolute difference. The sum is exact.
fn mean(real: &RgbImage, fake: &RgbImage, function: impl Fn(u64) -> u64) -> f64 {
    let pairs = real.as_raw().iter().zip(fake.as_raw());
    let sum: u64 = pairs
        .map(|(&real, &fake)| function(u64::from(real.abs_diff(fake))))
        .sum();
    sum as f64 / real.as_raw().len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_and_l1_of_a_known_difference() {
        let real = RgbImage::from_raw(2, 1, vec![0, 10, 20, 30, 40, 50]).unwrap();
        let fake = RgbImage::from_raw(2, 1, vec![0, 10, 26, 27, 40, 50]).unwrap();
        let l1 = Metric::L1.measure(&real, &fake);
        assert!((l1 - 9.0 / 6.0 / 255.0).abs() < 1e-15, "{l1}");
        // Squared error 45 / 6 = 7.5: 10 log10(65025 / 7.5).
        let psnr = Metric::Psnr.measure(&real, &fake);
        assert!((psnr - 39.380_190_974_8).abs() < 1e-9, "{psnr}");
        assert!(Metric::Psnr.measure(&real, &real).is_infinite());
    }

    #[test]
    fn only_the_hole_is_measured() {
        let real = RgbImage::from_fn(24, 20, |x, y| {
            image::Rgb([(x * 9) as u8, (y * 11) as u8, 7])
        });
        let fake = RgbImage::from_fn(24, 20, |x, y| {
            let mut pixel = *real.get_pixel(x, y);
            match x {
                0..8 => pixel.0[2] = 250,
                12..14 => pixel.0[2] = 10,
                _ => {}
            }
            pixel
        });
        let left = Mask::from_fn(24, 20, |x, _| x < 8);
        let two = Mask::from_fn(24, 20, |x, y| (12..16).contains(&x) && y == 10);
        let measure = |metric: Metric, mask: &Mask| metric.measure_hole(&real, &fake, mask);
        let l1 = measure(Metric::L1, &two);
        // Half of the pixels, a third of their levels, three levels away.
        assert!((l1 - 0.5 / 255.0).abs() < 1e-15, "{l1}");
        let psnr = measure(Metric::Psnr, &two);
        assert!(
            (psnr - 10.0 * (65_025.0f64 / 1.5).log10()).abs() < 1e-9,
            "{psnr}"
        );
        assert!(measure(Metric::Ssim, &left) < measure(Metric::Ssim, &two));
        let all = Mask::from_fn(24, 20, |_, _| true);
        for metric in Metric::ALL {
            let whole = metric.measure(&real, &fake);
            assert!((measure(metric, &all) - whole).abs() < 1e-12, "{metric}");
        }
        let border = Mask::from_fn(24, 20, |x, _| x < 5);
        assert!(measure(Metric::Ssim, &border).is_nan());
    }

    #[test]
    fn unknown_metrics_are_told_the_known_ones() {
        assert_eq!(" ssim".parse::<Metric>().unwrap(), Metric::Ssim);
        let error = "fidd".parse::<Metric>().unwrap_err().to_string();
        assert_eq!(error, "unknown metric `fidd`: choose among psnr, ssim, l1");
    }
}
