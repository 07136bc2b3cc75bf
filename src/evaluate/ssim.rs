//! Structural similarity (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural similarity", 2004).

use image::RgbImage;

/// Side of the window in which statistics are taken.
pub(super) const WINDOW: usize = 11;

/// Standard deviation of the window's Gaussian weights, in pixels.
const SIGMA: f64 = 1.5;

/// The paper's (K1 L)^2 and (K2 L)^2, with K1 = 0.01, K2 = 0.03 and L = 255.
const C1: f64 = 2.55 * 2.55;
const C2: f64 = 7.65 * 7.65;

/// Structural similarity of two RGB pictures of the same size, at least 11x11: 1 for equal ones.
///
/// The mean over the three channels and over all windows that lie inside the picture. It equals scikit-image's
/// `structural_similarity(real, fake, gaussian_weights=True, data_range=255, channel_axis=2)`, which scales variances and
/// covariances by `n / (n - 1)`, with `n` the 121 pixels of a window.
pub(super) fn ssim(real: &RgbImage, fake: &RgbImage) -> f64 {
    masked_ssim(real, fake, |_, _| true)
}

/// As [`ssim`], over the windows in whose middle `counts(x, y)`; not a number where there is none.
pub(super) fn masked_ssim(
    real: &RgbImage,
    fake: &RgbImage,
    counts: impl Fn(usize, usize) -> bool,
) -> f64 {
    let sum: f64 = (0..3)
        .map(|channel| of_channel(real, fake, channel, &counts))
        .sum();
    sum / 3.0
}

/// Weighted means in a window: of the real values, the fake values, their squares, and their product. They lie side by side.
const MOMENTS: usize = 5;

fn of_channel(
    real: &RgbImage,
    fake: &RgbImage,
    channel: usize,
    counts: impl Fn(usize, usize) -> bool,
) -> f64 {
    let weights = gaussian();
    let width = real.width() as usize;
    let windows = width - (WINDOW - 1);
    // The moments of the current row's pixels; those of the last rows, weighted along x; and those weighted along y too.
    let mut pixels = vec![0.0; MOMENTS * width];
    let mut rows = vec![vec![0.0; MOMENTS * windows]; WINDOW];
    let mut moments = vec![0.0; MOMENTS * windows];
    let (mut sum, mut counted) = (0.0, 0_usize);
    let stride = 3 * width;
    let pairs = real
        .as_raw()
        .chunks_exact(stride)
        .zip(fake.as_raw().chunks_exact(stride));
    for (y, (real, fake)) in pairs.enumerate() {
        let real = real.iter().skip(channel).step_by(3);
        let fake = fake.iter().skip(channel).step_by(3);
        for ((pixel, &real), &fake) in pixels.chunks_exact_mut(MOMENTS).zip(real).zip(fake) {
            let (real, fake) = (f64::from(real), f64::from(fake));
            pixel.copy_from_slice(&[real, fake, real * real, fake * fake, real * fake]);
        }
        let shifted = (0..WINDOW).map(|offset| &pixels[MOMENTS * offset..]);
        weigh(&mut rows[y % WINDOW], &weights, shifted);
        if y + 1 >= WINDOW {
            let oldest_first = (0..WINDOW).map(|offset| &rows[(y + 1 + offset) % WINDOW][..]);
            weigh(&mut moments, &weights, oldest_first);
            let row = y - WINDOW / 2;
            for (left, moments) in moments.chunks_exact(MOMENTS).enumerate() {
                if counts(left + WINDOW / 2, row) {
                    sum += of_window(moments);
                    counted += 1;
                }
            }
        }
    }
    sum / counted as f64
}

/// The weighted sum of slices, as far as `sums` reaches.
fn weigh<'a>(sums: &mut [f64], weights: &[f64; WINDOW], slices: impl Iterator<Item = &'a [f64]>) {
    sums.fill(0.0);
    for (weight, values) in weights.iter().zip(slices) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += weight * value;
        }
    }
}

/// Similarity in one window: the paper's equation 13.
fn of_window(moments: &[f64]) -> f64 {
    const PIXELS: f64 = (WINDOW * WINDOW) as f64;
    const SAMPLE: f64 = PIXELS / (PIXELS - 1.0);
    let (real, fake) = (moments[0], moments[1]);
    let real_variance = SAMPLE * (moments[2] - real * real);
    let fake_variance = SAMPLE * (moments[3] - fake * fake);
    let covariance = SAMPLE * (moments[4] - real * fake);
    (2.0 * real * fake + C1) * (2.0 * covariance + C2)
        / ((real * real + fake * fake + C1) * (real_variance + fake_variance + C2))
}

/// Gaussian weights that add up to 1.
pub(super) fn gaussian() -> [f64; WINDOW] {
    let centre = (WINDOW / 2) as f64;
    let weights: [f64; WINDOW] = std::array::from_fn(|position| {
        let distance = position as f64 - centre;
        (-0.5 * distance * distance / (SIGMA * SIGMA)).exp()
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}
