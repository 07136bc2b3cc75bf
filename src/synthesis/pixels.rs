//! From what networks give to pictures.

use burn::tensor::TensorData;
use image::RgbImage;

use crate::picture::denormalize_u8;

/// Pictures, `[batch, channels, height, width]` with even height and width, of half of both: means of two by two.
pub(super) fn halved(pictures: &TensorData) -> TensorData {
    let mut shape = pictures.shape().to_vec();
    let (height, width) = (shape[2], shape[3]);
    let values: &[f32] = pictures.as_slice().expect("batches hold 32-bit numbers");
    let planes = values.chunks_exact(height * width);
    let halves = planes.flat_map(|plane| {
        let places = (0..height / 2).flat_map(move |y| (0..width / 2).map(move |x| [2 * y, 2 * x]));
        places.map(move |[y, x]| {
            let pair = |y: usize| plane[y * width + x] + plane[y * width + x + 1];
            (pair(y) + pair(y + 1)) / 4.0
        })
    });
    let halves: Vec<f32> = halves.collect();
    shape[2] /= 2;
    shape[3] /= 2;
    TensorData::new(halves, shape)
}

/// The pictures of `[batch, channels, height, width]` in [-1, 1], of 1 or 3 channels; grey ones have equal red, green and blue.
pub(super) fn rgb_pictures(pictures: &TensorData) -> Vec<RgbImage> {
    let shape = pictures.shape();
    let (channels, height, width) = (shape[1], shape[2], shape[3]);
    let values: &[f32] = pictures.as_slice().expect("networks give 32-bit numbers");
    let picture = |values: &[f32]| {
        let levels = denormalize_u8(values, channels);
        let pixels = levels.chunks_exact(channels).flat_map(|pixel| {
            let at = |channel: usize| pixel[channel.min(channels - 1)];
            [at(0), at(1), at(2)]
        });
        RgbImage::from_raw(width as u32, height as u32, pixels.collect())
            .expect("there are three levels for each pixel")
    };
    let planes = values.chunks_exact(channels * height * width);
    planes.map(picture).collect()
}
