//! The pictures of one domain.

use std::path::{Path, PathBuf};

use super::error::DataError;
use super::folder::{PictureFile, list_pictures};
use super::label_coding::LabelCoding;
use super::raster_cache::RasterCache;
use crate::picture::{
    IdMap, PictureError, PictureLimits, Raster, RasterKind, SampleFile, read_rgb,
};

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
    /// Where its files lie.
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PictureFile>,
    pub(super) part: Part,
    /// Channels that the network sees: 1 or 3.
    pub(super) channels: usize,
    /// Pictures that are ready for their crops.
    pub(super) cache: RasterCache,
    /// What its files hold.
    pub(super) kind: RasterKind,
    /// What the ids of label maps are; none for other maps and pictures.
    pub(super) labels: Option<LabelCoding>,
}

impl Side {
    /// A side whose network sees colour until the data set knows better.
    pub(super) fn new(name: String, folder: &Path, files: Vec<PictureFile>, part: Part) -> Self {
        Self {
            name,
            folder: folder.to_owned(),
            files,
            part,
            channels: 3,
            cache: RasterCache::new(0),
            kind: RasterKind::Colours,
            labels: None,
        }
    }

    /// One file of the side, as it is.
    pub(super) fn read(&self, path: &Path) -> Result<Raster, DataError> {
        if self.kind == RasterKind::Ids {
            let map = self.read_ids(path)?;
            return Ok(match &self.labels {
                Some(labels) => labels.channels(map).raster(),
                None => map.raster(),
            });
        }
        let mut raster = Raster::new(read_rgb(path)?.pixels, self.channels);
        raster.kind = self.kind;
        Ok(raster)
    }

    /// What lies beside its files and is no picture, in words; none for a side without files.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub(super) fn left_out(&self) -> Result<Vec<String>, DataError> {
        if self.files.is_empty() {
            return Ok(Vec::new());
        }
        let notes = list_pictures(&self.folder)?.left_out.notes();
        let folder = self.folder.display();
        Ok(notes
            .iter()
            .map(|note| format!("`{folder}`: {note}"))
            .collect())
    }

    /// The ids in a file of labels or instances.
    pub(super) fn read_ids(&self, path: &Path) -> Result<IdMap, PictureError> {
        let limits = PictureLimits::default();
        match &self.labels {
            Some(labels) => labels.read(path, limits),
            None => SampleFile::read(path, limits)?.instance_ids(),
        }
    }
}

/// The sides of a data set.
pub(super) struct Sides {
    pub(super) input: Side,
    pub(super) target: Side,
    pub(super) instances: Option<Side>,
    pub(super) features: Option<Side>,
}
