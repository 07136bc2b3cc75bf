//! The pictures of one domain.

use std::path::Path;

use super::cache::Cache;
use super::error::DataError;
use super::folder::PictureFile;
use crate::picture::{Content, IdMap, Raster, read_picture};

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
    pub(super) cache: Cache,
    /// What its files hold.
    pub(super) content: Content,
}

impl Side {
    /// A side whose network sees colour until the data set knows better.
    pub(super) fn new(name: String, files: Vec<PictureFile>, part: Part) -> Self {
        Self {
            name,
            files,
            part,
            channels: 3,
            cache: Cache::new(0),
            content: Content::Colours,
        }
    }

    /// One file of the side, as it is.
    pub(super) fn read(&self, path: &Path) -> Result<Raster, DataError> {
        if self.content == Content::Ids {
            return Ok(IdMap::read(path)?.raster());
        }
        let mut raster = Raster::new(read_picture(path)?.pixels, self.channels);
        raster.content = self.content;
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
