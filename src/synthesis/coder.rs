//! Encoding pictures with a trained style.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};

use super::classes::{Classes, with_classes};
use super::encoder::Encoder;
use crate::config::{Mode, Recipe};
use crate::data::{DataError, class_of, prepared_picture};
use crate::nn::{ForwardMode, NormStats, WeightInit};
use crate::style::{Manifest, StyleError, StyleFolder, mapped_style_weights};

/// Stem of the weight file.
const ENCODER: &str = "encoder";

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

/// The law of the code of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct CodeLaw {
    /// Mean.
    pub mean: Vec<f32>,
    /// Logarithm of the variance.
    pub log_variance: Vec<f32>,
    /// Place of the picture's class; 0 where the style knows none.
    pub class: usize,
}

/// The encoder of a style.
#[derive(Debug)]
pub struct Coder {
    network: Encoder,
    classes: Classes,
    recipe: Recipe,
    name: String,
    device: Device,
}

impl Coder {
    /// Loads the encoder of a style on `device`.
    ///
    /// # Errors
    /// The style has none, or its weights are missing, damaged or of another network.
    pub fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let recipe = &manifest.recipe;
        if recipe.mode != Mode::Vae {
            return Err(StyleError::EncodesNone {
                style: folder.name(),
                mode: recipe.mode.name(),
            });
        }
        let path = folder.weights(ENCODER);
        let weights = mapped_style_weights(folder, ENCODER)?;
        let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
        let network = weights
            .load_into(Encoder::new(&mut init, recipe))
            .map_err(|source| StyleError::BadWeights { path, source })?;
        Ok(Self {
            network,
            classes: Classes::new(recipe),
            recipe: recipe.clone(),
            name: folder.name(),
            device: device.clone(),
        })
    }

    /// The name of the class at this place; none where the style knows none.
    pub fn class_name(&self, place: usize) -> Option<&str> {
        self.classes.names().get(place).map(String::as_str)
    }

    /// The laws of the codes of `pictures`, of which there is at least one, all at once. Their class is the one at the place `class`, or
    /// that of their folder.
    ///
    /// # Errors
    /// A picture cannot be read, or nothing says of what class it is.
    pub fn encode(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
    ) -> Result<Vec<CodeLaw>, CoderError> {
        let (mut places, mut tensors) = (Vec::new(), Vec::new());
        for picture in pictures {
            places.push(match class {
                Some(place) => place,
                None => self.class_of(picture)?,
            });
            let values = prepared_picture(&picture.path, &self.recipe)?;
            tensors.push(Tensor::<4>::from_data(values, &self.device));
        }
        let classes = self.classes.one_hot(&places, &self.device);
        let input = with_classes(classes.as_ref(), Tensor::cat(tensors, 0));
        let mode = ForwardMode::inference(NormStats::Running, false);
        let [means, log_variances] = self.network.forward(input, mode).map(|values| {
            let values = values.into_data().try_into_vec::<f32>();
            values.expect("networks give 32-bit numbers")
        });
        let latent = self.recipe.generator.latent;
        let rows = means.chunks(latent).zip(log_variances.chunks(latent));
        let laws = rows
            .zip(places)
            .map(|((mean, log_variance), class)| CodeLaw {
                mean: mean.to_vec(),
                log_variance: log_variance.to_vec(),
                class,
            });
        Ok(laws.collect())
    }

    fn class_of(&self, picture: &CodedPicture) -> Result<usize, CoderError> {
        if self.classes.count() == 0 {
            return Ok(0);
        }
        let place = class_of(&picture.name).and_then(|class| self.classes.place(class));
        place.ok_or_else(|| CoderError::NoClass {
            path: picture.path.clone(),
            style: self.name.clone(),
            known: self.classes.names().to_vec(),
        })
    }
}
