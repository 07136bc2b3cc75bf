//! Samples of 8 and of 16 bits.

use image::{DynamicImage, ImageBuffer};

/// One number of a pixel.
pub trait Level: Copy + Send + Sync + 'static {
    /// The highest level.
    const MOST: u16;

    /// The level.
    fn number(self) -> u16;

    /// The nearest level; what is not a number becomes 0.
    fn rounded(level: f32) -> Self;

    /// Interleaved levels as a picture: 1 channel is grey, 2 are grey and alpha, 3 are RGB, 4 are RGBA.
    ///
    /// None if there are not as many levels as a picture of this (width, height) has.
    fn picture(levels: Vec<Self>, channels: usize, size: (u32, u32)) -> Option<DynamicImage>;
}

impl Level for u8 {
    const MOST: u16 = 255;

    fn number(self) -> u16 {
        u16::from(self)
    }

    fn rounded(level: f32) -> Self {
        level.round() as Self
    }

    fn picture(
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

impl Level for u16 {
    const MOST: u16 = u16::MAX;

    fn number(self) -> u16 {
        self
    }

    fn rounded(level: f32) -> Self {
        level.round() as Self
    }

    fn picture(
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
