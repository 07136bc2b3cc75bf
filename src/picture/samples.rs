//! Samples of 8 and of 16 bits.

use image::{ColorType, DynamicImage, ImageBuffer};

/// One number of a pixel.
pub trait Subpixel: Copy + Send + Sync + 'static {
    /// The highest level.
    const MAX_SAMPLE: u16;

    /// The level.
    fn to_u16(self) -> u16;

    /// The nearest level; what is not a number becomes 0.
    fn from_f32(level: f32) -> Self;

    /// Interleaved levels as a picture: 1 channel is grey, 2 are grey and alpha, 3 are RGB, 4 are RGBA.
    ///
    /// None if there are not as many levels as a picture of this (width, height) has.
    fn into_image(levels: Vec<Self>, channels: usize, size: (u32, u32)) -> Option<DynamicImage>;
}

impl Subpixel for u8 {
    const MAX_SAMPLE: u16 = 255;

    fn to_u16(self) -> u16 {
        u16::from(self)
    }

    fn from_f32(level: f32) -> Self {
        level.round() as Self
    }

    fn into_image(
        levels: Vec<Self>,
        channels: usize,
        (width, height): (u32, u32),
    ) -> Option<DynamicImage> {
        match channels {
            1 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageLuma8),
            2 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageLumaA8),
            3 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgb8),
            4 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgba8),
            _ => None,
        }
    }
}

impl Subpixel for u16 {
    const MAX_SAMPLE: u16 = u16::MAX;

    fn to_u16(self) -> u16 {
        self
    }

    fn from_f32(level: f32) -> Self {
        level.round() as Self
    }

    fn into_image(
        levels: Vec<Self>,
        channels: usize,
        (width, height): (u32, u32),
    ) -> Option<DynamicImage> {
        match channels {
            1 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageLuma16),
            2 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageLumaA16),
            3 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgb16),
            4 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgba16),
            _ => None,
        }
    }
}

/// Does `$work` with the levels of a picture, mutable or not, and the number of its channels; `$other` for floating-point numbers.
macro_rules! with_samples {
    ($picture:expr, $levels:ident, $channels:ident, $work:expr, $other:expr) => {
        match $picture {
            image::DynamicImage::ImageLuma8($levels) => with_samples!(@ $channels, 1, $work),
            image::DynamicImage::ImageLumaA8($levels) => with_samples!(@ $channels, 2, $work),
            image::DynamicImage::ImageRgb8($levels) => with_samples!(@ $channels, 3, $work),
            image::DynamicImage::ImageRgba8($levels) => with_samples!(@ $channels, 4, $work),
            image::DynamicImage::ImageLuma16($levels) => with_samples!(@ $channels, 1, $work),
            image::DynamicImage::ImageLumaA16($levels) => with_samples!(@ $channels, 2, $work),
            image::DynamicImage::ImageRgb16($levels) => with_samples!(@ $channels, 3, $work),
            image::DynamicImage::ImageRgba16($levels) => with_samples!(@ $channels, 4, $work),
            _ => $other,
        }
    };
    (@ $channels:ident, $count:expr, $work:expr) => {{
        let $channels = $count;
        $work
    }};
}

pub(crate) use with_samples;

/// Whether levels have 8 or 16 bits.
pub(crate) fn has_integer_samples(colour: ColorType) -> bool {
    !matches!(colour, ColorType::Rgb32F | ColorType::Rgba32F)
}

/// Whether they have 16 bits.
pub(crate) fn is_16_bit(colour: ColorType) -> bool {
    colour.bytes_per_pixel() == 2 * colour.channel_count()
}

/// Grey (1 channel) or RGB, of 8 or 16 bits.
pub(crate) fn colour_type(channels: usize, is_16_bit: bool) -> ColorType {
    match (channels, is_16_bit) {
        (1, false) => ColorType::L8,
        (1, true) => ColorType::L16,
        (_, false) => ColorType::Rgb8,
        (_, true) => ColorType::Rgb16,
    }
}

/// The picture with each level rounded to 8 bits.
pub(crate) fn to_8_bit(picture: DynamicImage) -> DynamicImage {
    match picture {
        DynamicImage::ImageLuma16(_) => picture.into_luma8().into(),
        DynamicImage::ImageLumaA16(_) => picture.into_luma_alpha8().into(),
        DynamicImage::ImageRgb16(_) => picture.into_rgb8().into(),
        DynamicImage::ImageRgba16(_) => picture.into_rgba8().into(),
        other => other,
    }
}

/// The values of a row of a PNG: the highest bits of a byte come first, and so does the higher of two bytes.
pub(crate) fn unpack(row: &[u8], bits: usize, width: usize) -> Vec<u16> {
    match bits {
        16 => {
            let pairs = row.as_chunks().0.iter();
            pairs.map(|&pair| u16::from_be_bytes(pair)).collect()
        }
        8 => row.iter().copied().map(u16::from).collect(),
        _ => (0..width)
            .map(|column| {
                let place = column * bits;
                let shift = 8 - bits - place % 8;
                u16::from(row[place / 8] >> shift) & ((1 << bits) - 1)
            })
            .collect(),
    }
}
