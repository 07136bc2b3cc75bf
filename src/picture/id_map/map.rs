//! A map of ids.

use image::ImageFormat;

use crate::picture::raster::Raster;

/// The highest id: ids up to here are exact as 32-bit floats, which networks are given.
pub const MAX_ID: u32 = (1 << 24) - 1;

/// A map of ids, as it is in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `[height, width]`, flattened.
    pub ids: Vec<u32>,
    /// Bits of a sample in the file.
    pub bits: usize,
    /// Whether the file has a palette; the ids are then the places in it.
    pub has_palette: bool,
    /// Whether the file has colours.
    pub has_colours: bool,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
}

impl IdMap {
    /// Pixels for the networks.
    pub fn raster(&self) -> Raster {
        Raster::from_ids(&self.ids, (self.width, self.height))
    }

    /// The highest id.
    pub fn highest(&self) -> u32 {
        self.ids.iter().copied().max().unwrap_or(0)
    }
}
