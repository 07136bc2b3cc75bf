//! Making pictures with a trained style.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::classes::{Classes, with_classes};
use super::dcgan_generator::DcganGenerator;
use super::noise::{normal_noise, truncated_noise};
use super::pixels::rgb_pictures;
use crate::config::Mode;
use crate::data::Embeddings;
use crate::nn::{ForwardMode, NormStats, WeightInit};
use crate::random::sample_rng;
use crate::style::{Manifest, StyleError, StyleFolder, mapped_style_weights};

/// Stem of the weight file.
const GENERATOR: &str = "generator";

/// Pictures that a style cannot make.
#[derive(Debug, thiserror::Error)]
pub enum SamplerError {
    /// The style knows classes, and not this one.
    #[error("the style `{style}` knows no class `{class}`: its classes are {}", known.join(", "))]
    UnknownClass {
        /// Style.
        style: String,
        /// What was asked for.
        class: String,
        /// The classes that it knows.
        known: Vec<String>,
    },
    /// A class for a style that knows none.
    #[error("the style `{0}` has learnt no classes: leave out --class")]
    NoClasses(String),
    /// No vectors for a style that is told some.
    #[error(
        "the style `{0}` makes pictures of vectors: name a file of some with --embeddings, as .npy or .safetensors"
    )]
    NeedsVectors(String),
    /// Vectors for a style that is told none.
    #[error("the style `{0}` is told no vectors: leave out --embeddings")]
    TakesNoVectors(String),
    /// Pictures from noise of a style whose codes are not like noise.
    #[error(
        "the style `{0}` is a plain autoencoder (`loss.kl = 0`), whose codes follow no known law: it decodes, and makes nothing from noise"
    )]
    NoLaw(String),
}

/// A vector and, where the style knows classes, the place of one, or, where it is told vectors, the number of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// What the picture is made from.
    pub vector: Vec<f32>,
    /// Place of its class or vector.
    pub class: usize,
}

impl Code {
    /// A vector with the place of a class or vector.
    pub fn new(vector: Vec<f32>, class: usize) -> Self {
        Self { vector, class }
    }
}

/// The generator of a style.
#[derive(Debug)]
pub struct Sampler {
    network: DcganGenerator,
    classes: Classes,
    /// What the style is told instead of classes.
    vectors: Option<Embeddings>,
    tells_vectors: bool,
    latent: usize,
    /// Whether codes are like noise.
    has_law: bool,
    name: String,
    device: Device,
}

impl Sampler {
    /// Loads the generator of a style on `device`.
    ///
    /// # Errors
    /// The style makes no pictures, or its weights are missing, damaged or of another network.
    pub fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let recipe = &manifest.recipe;
        if !recipe.mode.makes_pictures() {
            return Err(StyleError::MakesNone {
                style: folder.name(),
                mode: recipe.mode.name(),
            });
        }
        let (path, weights) = (
            folder.weights(GENERATOR),
            mapped_style_weights(folder, GENERATOR)?,
        );
        let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
        let network = DcganGenerator::from_recipe(&mut init, recipe);
        let network = weights
            .load_into(network)
            .map_err(|source| StyleError::BadWeights { path, source })?;
        Ok(Self {
            network,
            classes: Classes::new(recipe),
            vectors: None,
            tells_vectors: recipe.tells_vectors(),
            latent: recipe.generator.latent,
            has_law: recipe.mode != Mode::Vae || recipe.loss.kl > 0.0,
            name: folder.name(),
            device: device.clone(),
        })
    }

    /// Checks that the style makes pictures from noise.
    ///
    /// # Errors
    /// It is a plain autoencoder.
    pub fn require_law(&self) -> Result<(), SamplerError> {
        if self.has_law {
            return Ok(());
        }
        Err(SamplerError::NoLaw(self.name.clone()))
    }

    /// The same, which is told these vectors of the length that it takes, one after the other.
    ///
    /// # Errors
    /// It is told none and there are some, or the other way round.
    pub fn told(mut self, vectors: Option<Embeddings>) -> Result<Self, SamplerError> {
        match (&vectors, self.tells_vectors) {
            (None, true) => Err(SamplerError::NeedsVectors(self.name)),
            (Some(_), false) => Err(SamplerError::TakesNoVectors(self.name)),
            _ => {
                self.vectors = vectors;
                Ok(self)
            }
        }
    }

    /// The place of the class of this name.
    ///
    /// # Errors
    /// The style does not know it, or knows no classes.
    pub fn class(&self, name: &str) -> Result<usize, SamplerError> {
        if self.classes.names().is_empty() {
            return Err(SamplerError::NoClasses(self.name.clone()));
        }
        let place = self.classes.place(name);
        place.ok_or_else(|| SamplerError::UnknownClass {
            style: self.name.clone(),
            class: name.to_owned(),
            known: self.classes.names().to_vec(),
        })
    }

    /// The name of the class at this place; none where the style knows none.
    pub fn class_name(&self, place: usize) -> Option<&str> {
        self.classes.names().get(place).map(String::as_str)
    }

    /// What picture `index` of a seed is made from, of the class at this place, or of one class after the other. It depends on nothing
    /// else. Where there is a `limit`, values beyond it are drawn again.
    pub fn code(&self, seed: u64, index: u64, class: Option<usize>, limit: Option<f32>) -> Code {
        let rng = &mut sample_rng(seed, index);
        let vector = match limit {
            Some(limit) => truncated_noise(rng, self.latent, limit),
            None => normal_noise(rng, self.latent),
        };
        let choices = match &self.vectors {
            Some(vectors) => vectors.count(),
            None => self.classes.count().max(1),
        };
        let next = index % choices as u64;
        Code::new(vector, class.unwrap_or(next as usize))
    }

    /// The network.
    pub(super) fn network(&self) -> &DcganGenerator {
        &self.network
    }

    /// The pictures of codes; grey ones have equal red, green and blue.
    pub fn pictures(&self, codes: &[Code]) -> Vec<RgbImage> {
        rgb_pictures(&self.values(codes).into_data())
    }

    /// The pictures of codes, `[count, channels, side, side]` in [-1, 1].
    pub(super) fn values(&self, codes: &[Code]) -> Tensor<4> {
        let places: Vec<usize> = codes.iter().map(|code| code.class).collect();
        let values: Vec<f32> = codes.iter().flat_map(|code| code.vector.clone()).collect();
        let shape = [codes.len(), self.latent, 1, 1];
        let vectors = Tensor::from_data(TensorData::new(values, shape), &self.device);
        let classes = match &self.vectors {
            Some(vectors) => {
                let told = places.iter().flat_map(|&place| vectors.row(place).to_vec());
                let shape = [codes.len(), vectors.length(), 1, 1];
                let told = TensorData::new(told.collect::<Vec<f32>>(), shape);
                Some(Tensor::from_data(told, &self.device))
            }
            None => self.classes.one_hot(&places, &self.device),
        };
        let input = with_classes(classes.as_ref(), vectors);
        let mode = ForwardMode::inference(NormStats::Running, false);
        self.network.forward(input, mode)
    }
}
