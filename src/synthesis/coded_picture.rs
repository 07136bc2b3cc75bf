//! Pictures whose codes are wanted.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};

use super::classes::Classes;
use crate::config::Recipe;
use crate::data::{DataError, class_of, prepared_picture};

/// Pictures that cannot be encoded.
#[derive(Debug, thiserror::Error)]
pub enum CoderError {
    /// A picture that cannot be read or does not fit.
    #[error(transparent)]
    Data(#[from] DataError),
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

/// What a style knows of pictures.
#[derive(Debug)]
pub(super) struct Preparation {
    pub(super) classes: Classes,
    pub(super) recipe: Recipe,
    pub(super) style: String,
}

impl Preparation {
    /// Reads `pictures`, of which there is at least one. Their class is the one at the place `class`, or that of their folder.
    ///
    /// # Errors
    /// A picture cannot be read, or nothing says of what class it is.
    pub(super) fn prepare(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
        device: &Device,
    ) -> Result<PreparedPictures, CoderError> {
        let (mut places, mut tensors) = (Vec::new(), Vec::new());
        for picture in pictures {
            places.push(match class {
                Some(place) => place,
                None => self.class_of(picture)?,
            });
            let values = prepared_picture(&picture.path, &self.recipe)?;
            tensors.push(Tensor::<4>::from_data(values, device));
        }
        Ok(PreparedPictures {
            pictures: Tensor::cat(tensors, 0),
            places,
        })
    }

    fn class_of(&self, picture: &CodedPicture) -> Result<usize, CoderError> {
        if self.classes.count() == 0 {
            return Ok(0);
        }
        let place = class_of(&picture.name).and_then(|class| self.classes.place(class));
        place.ok_or_else(|| CoderError::NoClass {
            path: picture.path.clone(),
            style: self.style.clone(),
            known: self.classes.names().to_vec(),
        })
    }
}
