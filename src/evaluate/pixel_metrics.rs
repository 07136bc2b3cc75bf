//! The metrics that compare two pictures pixel by pixel, whole or in the holes of a mask.

use image::RgbImage;

use super::metric::Metric;
use super::ms_ssim::ms_ssim;
use super::ssim::{masked_ssim, ssim};
use crate::data::Mask;

/// Measures two pictures of the same size, at least 11x11 for [`Metric::Ssim`] and 161x161 for [`Metric::MsSsim`]. `None` for
/// metrics that are not of pixels.
pub(super) fn measure(metric: Metric, real: &RgbImage, fake: &RgbImage) -> Option<f64> {
    Some(match metric {
        Metric::Psnr => 10.0 * (255.0 * 255.0 / mean_squared_error(real, fake)).log10(),
        Metric::Ssim => ssim(real, fake),
        Metric::L1 => mean_absolute_error(real, fake) / 255.0,
        Metric::MsSsim => ms_ssim(real, fake),
        _ => return None,
    })
}

/// Measures what is in the holes of a mask, which has the size of both pictures: as [`measure`] does with pictures of those
/// pixels alone, and for [`Metric::Ssim`] over the windows around them. Not a number where nothing can be measured: without
/// a hole, or for [`Metric::Ssim`] without a hole that is 5 pixels away from the border.
pub(super) fn measure_hole(
    metric: Metric,
    real: &RgbImage,
    fake: &RgbImage,
    mask: &Mask,
) -> Option<f64> {
    if metric == Metric::Ssim {
        return Some(masked_ssim(real, fake, |x, y| mask.is_hole(x, y)));
    }
    let holes = |picture: &RgbImage| {
        let pixels = picture.pixels().zip(mask.holes());
        let pixels: Vec<u8> = pixels
            .filter(|(_, hole)| **hole)
            .flat_map(|(pixel, _)| pixel.0)
            .collect();
        let count = (pixels.len() / 3) as u32;
        RgbImage::from_raw(count, 1, pixels).expect("three samples were taken of each pixel")
    };
    measure(metric, &holes(real), &holes(fake))
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
        let l1 = measure(Metric::L1, &real, &fake).unwrap();
        assert!((l1 - 9.0 / 6.0 / 255.0).abs() < 1e-15, "{l1}");
        // Squared error 45 / 6 = 7.5: 10 log10(65025 / 7.5).
        let psnr = measure(Metric::Psnr, &real, &fake).unwrap();
        assert!((psnr - 39.380_190_974_8).abs() < 1e-9, "{psnr}");
        assert!(measure(Metric::Psnr, &real, &real).unwrap().is_infinite());
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
        let hole = |metric: Metric, mask: &Mask| measure_hole(metric, &real, &fake, mask).unwrap();
        let l1 = hole(Metric::L1, &two);
        // Half of the pixels, a third of their samples, three levels away.
        assert!((l1 - 0.5 / 255.0).abs() < 1e-15, "{l1}");
        let psnr = hole(Metric::Psnr, &two);
        assert!(
            (psnr - 10.0 * (65_025.0f64 / 1.5).log10()).abs() < 1e-9,
            "{psnr}"
        );
        assert!(hole(Metric::Ssim, &left) < hole(Metric::Ssim, &two));
        let all = Mask::from_fn(24, 20, |_, _| true);
        for metric in Metric::DEFAULT {
            let whole = measure(metric, &real, &fake).unwrap();
            assert!((hole(metric, &all) - whole).abs() < 1e-12, "{metric}");
        }
        let border = Mask::from_fn(24, 20, |x, _| x < 5);
        assert!(hole(Metric::Ssim, &border).is_nan());
    }
}
