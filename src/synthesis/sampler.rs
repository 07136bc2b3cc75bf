//! Making pictures with a trained style.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::classes::Classes;
use super::generator::SynthesisGenerator;
use super::generator_input::{GeneratorInput, StyleInput};
use super::latent_codes::{CodeKind, LatentCodes, told};
use super::noise::{normal_noise, truncated_noise};
use super::pixels::rgb_pictures;
use super::staged_generator::StagedGenerator;
use crate::config::Mode;
use crate::data::Embeddings;
use crate::random::sample_rng;
use crate::style::{Manifest, StyleError, StyleFolder};

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
    /// Styles to be mixed of a network that has none.
    #[error(
        "the style `{0}` has no codes for single layers, which a generator of arch \"style\" has: leave out --style-mix"
    )]
    MixesNone(String),
    /// Latent codes of a style that has learnt none.
    #[error("the style `{0}` has learnt no latent codes: leave out --code and --sweep")]
    NoLatentCodes(String),
    /// A latent code that the style does not have.
    #[error("the style `{style}` has {count} latent codes, and none is number {number}")]
    UnknownCode {
        /// Style.
        style: String,
        /// What was asked for.
        number: u32,
        /// How many it has.
        count: usize,
    },
    /// A category that a latent code does not have.
    #[error(
        "latent code {number} has {categories} categories, and {value} is none of them: take a whole number from 0 to {}",
        categories - 1
    )]
    UnknownCategory {
        /// Code.
        number: u32,
        /// What was asked for.
        value: f32,
        /// How many it has.
        categories: usize,
    },
    /// Steps between the values of a code that has categories.
    #[error(
        "latent code {number} has {categories} categories and nothing between them: leave out --frames"
    )]
    HasCategories {
        /// Code.
        number: u32,
        /// How many it has.
        categories: usize,
    },
}

/// A vector and, where the style knows classes, the place of one, or, where it is told vectors, the number of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// What the picture is made from.
    pub vector: Vec<f32>,
    /// Place of its class or vector.
    pub class: usize,
    /// Values of its latent codes, where the style has learnt some.
    pub latent_codes: Vec<f32>,
    /// Another vector, whose code leads the layers from this one on, with networks of arch `style`.
    pub mixed: Option<(Vec<f32>, usize)>,
}

impl Code {
    /// One without latent codes and without another mixed in.
    pub fn new(vector: Vec<f32>, class: usize) -> Self {
        Self {
            vector,
            class,
            latent_codes: Vec::new(),
            mixed: None,
        }
    }
}

/// The generator of a style.
#[derive(Debug)]
pub struct Sampler {
    network: StagedGenerator,
    classes: Classes,
    codes: LatentCodes,
    /// What the style is told instead of classes.
    vectors: Option<Embeddings>,
    tells_vectors: bool,
    latent: usize,
    /// Whether codes are like noise.
    has_law: bool,
    truncation: Option<f32>,
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
        let network = StagedGenerator::load(folder, manifest, device)?;
        Ok(Self {
            classes: Classes::new(recipe),
            codes: LatentCodes::new(recipe),
            vectors: None,
            tells_vectors: recipe.tells_vectors(),
            latent: network.noise_length(),
            network,
            has_law: recipe.mode != Mode::Vae || recipe.loss.kl > 0.0,
            truncation: None,
            name: folder.name(),
            device: device.clone(),
        })
    }

    /// The same for pictures that are better and more alike, where there is a limit: noise beyond it is drawn again, or, with a network of
    /// arch `style`, codes have this share of their distance from the mean one.
    pub fn with_truncation(self, truncation: Option<f32>) -> Self {
        Self { truncation, ..self }
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

    /// The layers that codes lead, if the network is of arch `style`.
    ///
    /// # Errors
    /// It is of another.
    pub fn style_layers(&self) -> Result<usize, SamplerError> {
        let layers = self.network().style_layers();
        layers.ok_or_else(|| SamplerError::MixesNone(self.name.clone()))
    }

    /// What picture `index` of a seed is made from, of the class at this place, or of one class after the other. It depends on nothing
    /// else but the truncation.
    pub fn code(&self, seed: u64, index: u64, class: Option<usize>) -> Code {
        let rng = &mut sample_rng(seed, index);
        let vector = match self.truncation {
            Some(limit) if self.network().style_layers().is_none() => {
                truncated_noise(rng, self.latent, limit)
            }
            _ => normal_noise(rng, self.latent),
        };
        let latent_codes = self.codes.draw(rng, 1);
        let choices = match &self.vectors {
            Some(vectors) => vectors.count(),
            None => self.classes.count().max(1),
        };
        let next = index % choices as u64;
        Code {
            latent_codes,
            ..Code::new(vector, class.unwrap_or(next as usize))
        }
    }

    /// All latent codes of the style.
    pub fn latent_codes(&self) -> &LatentCodes {
        &self.codes
    }

    /// What latent code `number`, from 1 on, can be.
    ///
    /// # Errors
    /// The style has no such code.
    pub fn latent_code(&self, number: u32) -> Result<CodeKind, SamplerError> {
        let kinds = self.codes.kinds();
        if kinds.is_empty() {
            return Err(SamplerError::NoLatentCodes(self.name.clone()));
        }
        let place = (number as usize).checked_sub(1);
        let kind = place.and_then(|place| kinds.get(place).copied());
        kind.ok_or_else(|| SamplerError::UnknownCode {
            style: self.name.clone(),
            number,
            count: kinds.len(),
        })
    }

    /// `code`, of this style, with another value of latent code `number`, from 1 on.
    ///
    /// # Errors
    /// The style has no such code, or the code no such category.
    pub fn with_latent_code(
        &self,
        mut code: Code,
        number: u32,
        value: f32,
    ) -> Result<Code, SamplerError> {
        if let CodeKind::Category(categories) = self.latent_code(number)? {
            let is_known = value >= 0.0 && value.fract() == 0.0 && value < categories as f32;
            if !is_known {
                return Err(SamplerError::UnknownCategory {
                    number,
                    value,
                    categories,
                });
            }
        }
        self.codes
            .set(&mut code.latent_codes, number as usize - 1, value);
        Ok(code)
    }

    /// The network, of several stages the last one.
    pub(super) fn network(&self) -> &SynthesisGenerator {
        self.network.network()
    }

    /// All networks, the last one before those that it goes on from.
    pub(super) fn stages(&self) -> &StagedGenerator {
        &self.network
    }

    /// The same.
    pub(super) fn into_networks(self) -> StagedGenerator {
        self.network
    }

    /// The pictures of codes; grey ones have equal red, green and blue.
    pub fn pictures(&self, codes: &[Code]) -> Vec<RgbImage> {
        // Codes that are mixed from the same layer on go through the network at once.
        let first = |code: &Code| code.mixed.as_ref().map(|(_, first)| *first);
        let parts = codes.chunk_by(|code, next| first(code) == first(next));
        parts
            .flat_map(|part| rgb_pictures(&self.values(part).into_data()))
            .collect()
    }

    /// What the network makes of codes that are mixed from the same layer on, or not at all, `[batch, channels, side, side]`.
    pub(super) fn values(&self, codes: &[Code]) -> Tensor<4> {
        let places: Vec<usize> = codes.iter().map(|code| code.class).collect();
        let vectors = self.tensor(codes.iter().map(|code| &code.vector));
        let mixed = codes.iter().filter_map(|code| code.mixed.as_ref());
        let first = mixed.clone().next().map(|(_, first)| *first);
        let style = StyleInput {
            mixed: first.map(|first| (self.tensor(mixed.map(|(vector, _)| vector)), first)),
            noise: Vec::new(),
            truncation: self.truncation.map(f64::from),
        };
        let classes = match &self.vectors {
            Some(vectors) => {
                let rows = places.iter().flat_map(|&place| vectors.row(place).to_vec());
                let shape = [codes.len(), vectors.length(), 1, 1];
                let rows = TensorData::new(rows.collect::<Vec<f32>>(), shape);
                Some(Tensor::from_data(rows, &self.device))
            }
            None => self.classes.one_hot(&places, &self.device),
        };
        let latent = codes.iter().flat_map(|code| code.latent_codes.clone());
        let latent = self.codes.tensor(latent.collect(), &self.device);
        self.network.forward(GeneratorInput {
            style,
            ..GeneratorInput::new(vectors, told(classes, latent))
        })
    }

    fn tensor<'c>(&self, vectors: impl Iterator<Item = &'c Vec<f32>>) -> Tensor<4> {
        let values: Vec<f32> = vectors.flatten().copied().collect();
        let shape = [values.len() / self.latent, self.latent, 1, 1];
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}
