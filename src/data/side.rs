//! The pictures of one domain.

use std::path::{Path, PathBuf};

use super::embeddings::Embeddings;
use super::error::DataError;
use super::folder::{PictureFile, list_pictures};
use super::label_coding::LabelCoding;
use super::raster_cache::RasterCache;
use crate::picture::{
    IdMap, PictureError, PictureLimits, Raster, RasterKind, SampleFile, SampleOptions,
    SamplePicture, ValueRange, read_rgb, read_sample,
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
    /// Channels that the network sees.
    pub(super) channels: usize,
    /// Black and white of pictures that are not of 8 bits, if they are not all that 16 bits have.
    pub(super) range: Option<ValueRange>,
    /// Pictures that are ready for their crops.
    pub(super) cache: RasterCache,
    /// What its files hold.
    pub(super) kind: RasterKind,
    /// What the ids of label maps are; none for other maps and pictures.
    pub(super) labels: Option<LabelCoding>,
    /// Vectors that say something of its pictures (generate, vae).
    pub(super) embeddings: Option<Embeddings>,
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
            range: None,
            cache: RasterCache::new(0),
            kind: RasterKind::Colours,
            labels: None,
            embeddings: None,
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
        if self.kind == RasterKind::Colours {
            let options = SampleOptions {
                channels: self.channels,
                range: self.range,
                page: None,
            };
            return Ok(read_sample(path, options)?.raster);
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

    /// One picture of the side, as its network sees it before it is resized.
    pub(super) fn sample(&self, index: usize) -> Result<SamplePicture, DataError> {
        self.sample_of(&self.files[index])
    }

    /// As [`sample`](Self::sample), of a file.
    pub(super) fn sample_of(&self, file: &PictureFile) -> Result<SamplePicture, DataError> {
        let options = SampleOptions {
            // Files of features are pictures, whatever the recipe says; that is checked.
            channels: if self.kind == RasterKind::Features {
                3
            } else {
                self.channels
            },
            range: self.range,
            page: file.page,
        };
        Ok(read_sample(&file.path, options)?)
    }
}

/// The two halves of a side-by-side picture, as [`halves`](super::aligned::halves) cuts them.
pub(super) fn raster_halves(path: &Path, picture: &Raster) -> Result<(Raster, Raster), DataError> {
    let (width, height) = picture.size();
    let half = width / 2;
    if half == 0 {
        return Err(too_narrow(path, (width, height)));
    }
    let part = |x| picture.cropped((x, 0), (half, height));
    Ok((part(0), part(half)))
}

/// Why a picture has no two halves.
pub(super) fn too_narrow(path: &Path, (width, height): (usize, usize)) -> DataError {
    DataError::Unsuitable {
        path: path.to_owned(),
        message: format!("is {width}x{height}: too narrow for two pictures side by side"),
    }
}

/// The sides of a data set.
pub(super) struct Sides {
    pub(super) input: Side,
    pub(super) target: Side,
    pub(super) instances: Option<Side>,
    pub(super) features: Option<Side>,
}
