//! Encoding pictures with a trained encoder.

use burn::tensor::Device;

use super::classes::{Classes, with_classes};
use super::coded_picture::{CodedPicture, CoderError, Preparation, PreparedPictures, ReadPictures};
use super::encoder::Encoder;
use crate::config::Mode;
use crate::nn::{ForwardMode, NormStats, WeightInit};
use crate::style::{Manifest, StyleError, StyleFolder, mapped_style_weights};

/// Stem of the weight file.
const ENCODER: &str = "encoder";

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
    preparation: Preparation,
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
            preparation: Preparation {
                classes: Classes::new(recipe),
                recipe: recipe.clone(),
                style: folder.name(),
            },
            device: device.clone(),
        })
    }

    /// Reads `pictures`. Their class is the one at the place `class`, or that of their folder.
    ///
    /// # Errors
    /// Nothing says of what class a picture is.
    pub fn read(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
    ) -> Result<ReadPictures, CoderError> {
        self.preparation.read(pictures, class, &self.device)
    }

    /// The laws of the codes of pictures, all at once.
    pub fn encode(&self, prepared: &PreparedPictures) -> Vec<CodeLaw> {
        let Preparation {
            classes, recipe, ..
        } = &self.preparation;
        let classes = classes.one_hot(&prepared.places, &self.device);
        let input = with_classes(classes.as_ref(), prepared.pictures.clone());
        let mode = ForwardMode::inference(NormStats::Running, false);
        let law = self.network.forward(input, mode);
        let [means, log_variances] = [law.mean, law.log_variance].map(|values| {
            let values = values.into_data().try_into_vec::<f32>();
            values.expect("networks give 32-bit numbers")
        });
        let latent = recipe.generator.latent;
        let rows = means.chunks(latent).zip(log_variances.chunks(latent));
        rows.zip(&prepared.places)
            .map(|((mean, log_variance), &class)| CodeLaw {
                mean: mean.to_vec(),
                log_variance: log_variance.to_vec(),
                class,
            })
            .collect()
    }
}
