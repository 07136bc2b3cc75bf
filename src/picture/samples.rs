//! Samples of 8 and of 16 bits.

use image::{DynamicImage, ImageBuffer};

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
