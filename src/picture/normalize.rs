//! Between 8-bit pixels and the values that networks see.

use image::{DynamicImage, GrayImage, RgbImage};

use super::samples::{Subpixel, with_samples};

/// RGB to grey with the weights of ITU-R 601, rounded as Pillow does: `(19595 R + 38470 G + 7471 B + 32768) / 65536`.
pub fn grey(picture: &RgbImage) -> GrayImage {
    let values = picture
        .pixels()
        .map(|pixel| {
            let [red, green, blue] = pixel.0.map(u32::from);
            ((red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16) as u8
        })
        .collect();
    GrayImage::from_raw(picture.width(), picture.height(), values)
        .expect("one grey value was made for each pixel")
}

/// Pixels in rows of interleaved channels to planes of values in [-1, 1]: `(x / 255 - 0.5) / 0.5`.
///
/// Returns `[channels, height, width]`, flattened.
pub fn normalize(interleaved: &[u8], channels: usize) -> Vec<f32> {
    let count = interleaved.len() / channels;
    let mut values = vec![0.0; interleaved.len()];
    for (channel, plane) in values.chunks_exact_mut(count.max(1)).enumerate() {
        for (value, pixel) in plane.iter_mut().zip(interleaved.chunks_exact(channels)) {
            *value = (f32::from(pixel[channel]) / 255.0 - 0.5) / 0.5;
        }
    }
    values
}

/// Planes of values in [-1, 1] to interleaved 8-bit pixels, rounded to the nearest level and clipped. NaN becomes 0.
///
/// `values` is `[channels, height, width]`, flattened.
pub fn denormalize_u8(values: &[f32], channels: usize) -> Vec<u8> {
    denormalize(values, channels)
}

/// The same for levels of 8 or 16 bits.
pub fn denormalize<T: Subpixel>(values: &[f32], channels: usize) -> Vec<T> {
    let count = values.len() / channels;
    let mut levels = vec![T::from_f32(0.0); values.len()];
    for (channel, plane) in values.chunks_exact(count.max(1)).enumerate() {
        for (position, value) in plane.iter().enumerate() {
            let level = (value + 1.0) / 2.0 * f32::from(T::MAX_SAMPLE);
            levels[position * channels + channel] = T::from_f32(level);
        }
    }
    levels
}

/// The values that networks see, `[channels, height, width]`, flattened, for 1 channel (grey) or 3; the picture is supported.
pub(crate) fn normalized_values(picture: &DynamicImage, channels: usize) -> Vec<f32> {
    with_samples!(
        picture,
        levels,
        own,
        values_of(levels.as_raw(), own, channels),
        Vec::new()
    )
}

fn values_of<T: Subpixel>(levels: &[T], own: usize, channels: usize) -> Vec<f32> {
    let count = levels.len() / own;
    let mut values = vec![0.0; channels * count];
    for (place, pixel) in levels.chunks_exact(own).enumerate() {
        let value = |channel: usize| {
            let level = f32::from(pixel[channel].to_u16());
            (level / f32::from(T::MAX_SAMPLE) - 0.5) / 0.5
        };
        let colour = if own >= 3 {
            [value(0), value(1), value(2)]
        } else {
            [value(0); 3]
        };
        if channels == 1 {
            values[place] = grey_value(colour);
        } else {
            for (channel, value) in colour.into_iter().enumerate() {
                values[channel * count + place] = value;
            }
        }
    }
    values
}

/// Grey of a colour with the weights of ITU-R 601; of grey exactly itself.
pub(crate) fn grey_value([red, green, blue]: [f32; 3]) -> f32 {
    green + 0.299 * (red - green) + 0.114 * (blue - green)
}

/// Values, `[channels, height, width]`, flattened, as a picture of this depth and (width, height).
pub(crate) fn image_from_values(
    values: &[f32],
    channels: usize,
    is_16_bit: bool,
    size: (u32, u32),
) -> Option<DynamicImage> {
    if is_16_bit {
        u16::into_image(denormalize(values, channels), channels, size)
    } else {
        u8::into_image(denormalize(values, channels), channels, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_survives_the_way_to_values_and_back() {
        let pixels: Vec<u8> = (0..=255)
            .flat_map(|level| [level, 255 - level, 7])
            .collect();
        let values = normalize(&pixels, 3);
        assert_eq!(values[0].to_bits(), (-1.0f32).to_bits());
        assert_eq!(values[255].to_bits(), 1.0f32.to_bits());
        assert_eq!(values[256].to_bits(), 1.0f32.to_bits());
        assert_eq!(denormalize_u8(&values, 3), pixels);
    }

    #[test]
    fn values_out_of_range_are_clipped() {
        assert_eq!(denormalize_u8(&[-3.0, 3.0, f32::NAN], 1), [0, 255, 0]);
    }
}
