//! Between 8-bit pixels and the values that networks see.

use image::{GrayImage, RgbImage};

use super::samples::Level;

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
pub fn values_from_pixels(interleaved: &[u8], channels: usize) -> Vec<f32> {
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
pub fn pixels_from_values(values: &[f32], channels: usize) -> Vec<u8> {
    levels_from_values(values, channels)
}

/// The same for levels of 8 or 16 bits.
pub fn levels_from_values<T: Level>(values: &[f32], channels: usize) -> Vec<T> {
    let count = values.len() / channels;
    let mut levels = vec![T::rounded(0.0); values.len()];
    for (channel, plane) in values.chunks_exact(count.max(1)).enumerate() {
        for (position, value) in plane.iter().enumerate() {
            let level = (value + 1.0) / 2.0 * f32::from(T::MOST);
            levels[position * channels + channel] = T::rounded(level);
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_survives_the_way_to_values_and_back() {
        let pixels: Vec<u8> = (0..=255)
            .flat_map(|level| [level, 255 - level, 7])
            .collect();
        let values = values_from_pixels(&pixels, 3);
        assert_eq!(values[0].to_bits(), (-1.0f32).to_bits());
        assert_eq!(values[255].to_bits(), 1.0f32.to_bits());
        assert_eq!(values[256].to_bits(), 1.0f32.to_bits());
        assert_eq!(pixels_from_values(&values, 3), pixels);
    }

    #[test]
    fn values_out_of_range_are_clipped() {
        assert_eq!(pixels_from_values(&[-3.0, 3.0, f32::NAN], 1), [0, 255, 0]);
    }
}
