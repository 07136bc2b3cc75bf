//! The pictures of one domain.

use std::path::Path;

use super::error::DataError;
use super::folder::PictureFile;
use super::raster_cache::RasterCache;
use crate::picture::{IdMap, Raster, RasterKind, read_rgb};

/// Which part of a file is a sample's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Left,
    Right,
}

/// The pictures of one domain.
#[derive(Debug)]
pub(super) struct Side {
    /// What the side is called in messages: its folder, or the half of a side-by-side picture.
    pub(super) name: String,
    pub(super) files: Vec<PictureFile>,
    pub(super) part: Part,
    /// Channels that the network sees: 1 or 3.
    pub(super) channels: usize,
    /// Pictures that are ready for their crops.
    pub(super) cache: RasterCache,
    /// What its files hold.
    pub(super) kind: RasterKind,
}

impl Side {
    /// A side whose network sees colour until the data set knows better.
    pub(super) fn new(name: String, files: Vec<PictureFile>, part: Part) -> Self {
        Self {
            name,
            files,
            part,
            channels: 3,
            cache: RasterCache::new(0),
            kind: RasterKind::Colours,
        }
    }

    /// One file of the side, as it is.
    pub(super) fn read(&self, path: &Path) -> Result<Raster, DataError> {
        if self.kind == RasterKind::Ids {
            return Ok(IdMap::read(path)?.raster());
        }
        let mut raster = Raster::new(read_rgb(path)?.pixels, self.channels);
        raster.kind = self.kind;
        Ok(raster)
    }
}

/// The sides of a data set.
pub(super) struct Sides {
    pub(super) input: Side,
    pub(super) target: Side,
    pub(super) instances: Option<Side>,
    pub(super) features: Option<Side>,
}
