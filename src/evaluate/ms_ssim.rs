//! Structural similarity at several scales (Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality
//! assessment", 2003).

use image::RgbImage;

use super::ssim::{WINDOW, gaussian};

/// Exponents of the paper for the five scales, the finest first.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// The smallest side: after four halvings it still holds one window.
pub(super) const MIN_SIDE: u32 = ((WINDOW as u32 - 1) << 4) + 1;

/// The paper's (K1 L)^2 and (K2 L)^2, with K1 = 0.01, K2 = 0.03 and L = 255.
const C1: f64 = 2.55 * 2.55;
const C2: f64 = 7.65 * 7.65;

/// Structural similarity at five scales of two RGB pictures of the same size, whose sides are [`MIN_SIDE`] or more: 1 for
/// equal ones.
///
/// The product over the scales of the means of contrast and structure, and of luminance at the coarsest, each to the power of
/// its weight, for each channel; then the mean of the channels. Variances are those of the weighted window, and means below
/// zero count as zero. It equals `ms_ssim(real, fake, data_range=255)` of pytorch-msssim 1.0.0.
pub(super) fn ms_ssim(real: &RgbImage, fake: &RgbImage) -> f64 {
    let sum: f64 = (0..3)
        .map(|channel| {
            let plane = |picture: &RgbImage| Plane::from_channel(picture, channel);
            channel_ms_ssim(plane(real), plane(fake))
        })
        .sum();
    sum / 3.0
}

fn channel_ms_ssim(mut real: Plane, mut fake: Plane) -> f64 {
    let mut product = 1.0;
    for (scale, weight) in WEIGHTS.into_iter().enumerate() {
        let (similarity, contrast) = mean_similarity(&real, &fake);
        let last = scale + 1 == WEIGHTS.len();
        let factor = if last { similarity } else { contrast };
        product *= factor.max(0.0).powf(weight);
        if !last {
            real = real.halved();
            fake = fake.halved();
        }
    }
    product
}

/// One channel of a picture.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<f64>,
}

impl Plane {
    fn from_channel(picture: &RgbImage, channel: usize) -> Self {
        let samples = picture.as_raw().iter().skip(channel).step_by(3);
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: samples.map(|&sample| f64::from(sample)).collect(),
        }
    }

    /// Means of 2 x 2 pixels. An odd side gets zeros on both ends first, which count in the means, as in the reference.
    fn halved(&self) -> Self {
        let (pad_x, pad_y) = (self.width % 2, self.height % 2);
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let value = |x: usize, y: usize| {
            let inside = x >= pad_x && y >= pad_y;
            let (x, y) = (x.wrapping_sub(pad_x), y.wrapping_sub(pad_y));
            if inside && x < self.width && y < self.height {
                self.values[y * self.width + x]
            } else {
                0.0
            }
        };
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let (x, y) = (2 * x, 2 * y);
                let sum = value(x, y) + value(x + 1, y) + value(x, y + 1) + value(x + 1, y + 1);
                values.push(sum / 4.0);
            }
        }
        Self {
            width,
            height,
            values,
        }
    }
}

/// The means over all windows of the similarity, and of its contrast and structure alone.
fn mean_similarity(real: &Plane, fake: &Plane) -> (f64, f64) {
    let product = |first: &Plane, second: &Plane| -> Vec<f64> {
        let pairs = first.values.iter().zip(&second.values);
        pairs.map(|(x, y)| x * y).collect()
    };
    let blur = |values: &[f64]| blurred(values, real.width, real.height);
    let (real_mean, fake_mean) = (blur(&real.values), blur(&fake.values));
    let real_square = blur(&product(real, real));
    let fake_square = blur(&product(fake, fake));
    let cross = blur(&product(real, fake));
    let (mut similarity, mut contrast) = (0.0, 0.0);
    for window in 0..cross.len() {
        let (x, y) = (real_mean[window], fake_mean[window]);
        let variances = real_square[window] - x * x + fake_square[window] - y * y;
        let structure = (2.0 * (cross[window] - x * y) + C2) / (variances + C2);
        contrast += structure;
        similarity += (2.0 * x * y + C1) / (x * x + y * y + C1) * structure;
    }
    let count = cross.len() as f64;
    (similarity / count, contrast / count)
}

/// Weighted means in all windows inside of a plane.
fn blurred(values: &[f64], width: usize, height: usize) -> Vec<f64> {
    let weights = gaussian();
    let (columns, rows) = (width + 1 - WINDOW, height + 1 - WINDOW);
    let mut across = vec![0.0; columns * height];
    for (row, sums) in values
        .chunks_exact(width)
        .zip(across.chunks_exact_mut(columns))
    {
        for (offset, weight) in weights.iter().enumerate() {
            for (sum, value) in sums.iter_mut().zip(&row[offset..]) {
                *sum += weight * value;
            }
        }
    }
    let mut down = vec![0.0; columns * rows];
    for (y, sums) in down.chunks_exact_mut(columns).enumerate() {
        for (offset, weight) in weights.iter().enumerate() {
            let row = &across[(y + offset) * columns..][..columns];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
    }
    down
}
