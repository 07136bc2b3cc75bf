//! How the files of label maps say classes.

use std::path::Path;

use super::class_palette::ClassPalette;
use super::error::DataError;
use crate::config::DataRecipe;
use crate::picture::{IdMap, PictureError, PictureLimits, SampleFile};

/// From the files of label maps to the classes that networks are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCoding {
    classes: u32,
    palette: Option<ClassPalette>,
    unlabelled: Option<u32>,
    /// What the networks are shown of unlabelled pixels.
    unlabelled_channel: u32,
}

impl LabelCoding {
    /// The coding of a recipe; the palette's file may lie in the data set in `root`. None where the inputs are pictures.
    ///
    /// # Errors
    /// The palette cannot be read, or has ids that are no classes.
    pub fn new(data: &DataRecipe, root: &Path) -> Result<Option<Self>, DataError> {
        if data.classes == 0 {
            return Ok(None);
        }
        let palette = (!data.palette.is_empty())
            .then(|| ClassPalette::from_setting(&data.palette, root))
            .transpose()?;
        let coding = Self {
            classes: data.classes as u32,
            palette,
            unlabelled: data.unlabelled,
            unlabelled_channel: data.unlabelled_channel() as u32,
        };
        let beyond = |palette: &&ClassPalette| coding.is_beyond(palette.highest());
        if let Some(palette) = coding.palette.as_ref().filter(beyond) {
            return Err(DataError::BadSetting(format!(
                "the palette has the class {}, and with `data.classes = {}` classes go up to {}: set `data.classes={}`",
                palette.highest(),
                data.classes,
                data.classes - 1,
                palette.highest() + 1
            )));
        }
        Ok(Some(coding))
    }

    /// Reads a map of the ids that its file holds, or that the palette gives its colours.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(&self, path: &Path, limits: PictureLimits) -> Result<IdMap, PictureError> {
        let file = SampleFile::read(path, limits)?;
        let Some(palette) = &self.palette else {
            return file.ids();
        };
        let colours = file.colours()?;
        palette
            .ids(colours)
            .map_err(|message| PictureError::NotAnIdMap {
                path: path.to_owned(),
                message,
            })
    }

    /// The palette, where maps have colours.
    pub fn palette(&self) -> Option<&ClassPalette> {
        self.palette.as_ref()
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes as usize
    }

    /// Whether an id is neither that of a class nor that of unlabelled pixels.
    pub fn is_beyond(&self, id: u32) -> bool {
        id >= self.classes && self.unlabelled != Some(id)
    }

    /// The map with the channels of the networks as ids.
    pub fn channels(&self, mut map: IdMap) -> IdMap {
        if let Some(unlabelled) = self.unlabelled {
            for id in &mut map.ids {
                if *id == unlabelled {
                    *id = self.unlabelled_channel;
                }
            }
        }
        map
    }
}
