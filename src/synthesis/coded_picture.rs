//! Pictures whose codes are wanted.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor};

use super::classes::Classes;
use crate::config::Recipe;
use crate::data::{DataError, class_of, prepared_picture};

/// Pictures that cannot be encoded.
#[derive(Debug, thiserror::Error)]
pub enum CoderError {
    /// Nothing says of what class a picture is.
    #[error("`{}` is in no folder of a class that the style `{style}` knows ({}): say which it is with --class", path.display(), known.join(", "))]
    NoClass {
        /// The picture.
        path: PathBuf,
        /// Style.
        style: String,
        /// The classes that it knows.
        known: Vec<String>,
    },
}

/// A picture to be encoded.
#[derive(Debug, Clone)]
pub struct CodedPicture {
    /// Where it is.
    pub path: PathBuf,
    /// Its path below the folder that was named, whose first part may be its class.
    pub name: String,
}

/// Pictures as networks see them, with their classes.
#[derive(Debug, Clone)]
pub struct PreparedPictures {
    /// `[count, channels, side, side]` in [-1, 1].
    pub(super) pictures: Tensor<4>,
    /// The places of their classes; 0 where the style knows none.
    pub(super) places: Vec<usize>,
}

/// What became of pictures that were to be read.
#[derive(Debug)]
pub struct ReadPictures {
    /// Those that were read; none where there are none.
    pub prepared: Option<PreparedPictures>,
    /// Which of the given ones they are.
    pub places: Vec<usize>,
    /// Why others were not.
    pub failures: Vec<DataError>,
}

/// What a style knows of pictures.
#[derive(Debug)]
pub(super) struct Preparation {
    pub(super) classes: Classes,
    pub(super) recipe: Recipe,
    pub(super) style: String,
}

impl Preparation {
    /// Reads `pictures`. Their class is the one at the place `class`, or that of their folder.
    ///
    /// # Errors
    /// Nothing says of what class a picture is.
    pub(super) fn read(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
        device: &Device,
    ) -> Result<ReadPictures, CoderError> {
        let (mut classes, mut tensors) = (Vec::new(), Vec::new());
        let (mut places, mut failures) = (Vec::new(), Vec::new());
        for (place, picture) in pictures.iter().enumerate() {
            let class = match class {
                Some(class) => class,
                None => self.class_of(picture)?,
            };
            match prepared_picture(&picture.path, &self.recipe) {
                Ok(values) => {
                    tensors.push(Tensor::<4>::from_data(values, device));
                    classes.push(class);
                    places.push(place);
                }
                Err(error) => failures.push(error),
            }
        }
        Ok(ReadPictures {
            prepared: (!tensors.is_empty()).then(|| PreparedPictures {
                pictures: Tensor::cat(tensors, 0),
                places: classes,
            }),
            places,
            failures,
        })
    }

    fn class_of(&self, picture: &CodedPicture) -> Result<usize, CoderError> {
        if self.classes.count() == 0 {
            return Ok(0);
        }
        let named = class_of(&picture.name);
        // A folder of one class may be named itself, or the picture alone.
        let lies_in = picture.path.parent().and_then(Path::file_name);
        let candidates = [named, lies_in.and_then(OsStr::to_str)].into_iter();
        let place = candidates
            .flatten()
            .find_map(|class| self.classes.place(class));
        place.ok_or_else(|| CoderError::NoClass {
            path: picture.path.clone(),
            style: self.style.clone(),
            known: self.classes.names().to_vec(),
        })
    }
}
