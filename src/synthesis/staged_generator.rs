//! The generator of a style together with those of the stages before it.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

use super::classes::Classes;
use super::generator::SynthesisGenerator;
use super::generator_input::GeneratorInput;
use crate::config::{Condition, Mode, Recipe};
use crate::nn::{ForwardMode, NormStats, WeightInit, enlarged};
use crate::style::{Manifest, StyleError, StyleFolder, first_stage_folder, mapped_style_weights};

/// Stem of the weight file.
const GENERATOR: &str = "generator";

/// Trained generators that make pictures one after the other: the last one goes on from what those before it have made.
#[derive(Debug, Clone)]
pub struct StagedGenerator {
    network: SynthesisGenerator,
    first: Option<Box<StagedGenerator>>,
    /// That of `network`.
    recipe: Recipe,
    device: Device,
}

impl StagedGenerator {
    /// Loads the generators of a style on `device`.
    ///
    /// # Errors
    /// Weights are missing, damaged or of another network, or the first stage is not there or does not go with the second.
    pub(super) fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let recipe = &manifest.recipe;
        let first = Self::first_stage(recipe, Some(folder), device)?;
        let (path, weights) = (
            folder.weights(GENERATOR),
            mapped_style_weights(folder, GENERATOR)?,
        );
        let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
        let network = SynthesisGenerator::new(&mut init, recipe);
        let mut network = weights
            .load_into(network)
            .map_err(|source| StyleError::BadWeights { path, source })?;
        network.restore_growth();
        Ok(Self {
            network,
            first: first.map(Box::new),
            recipe: recipe.clone(),
            device: device.clone(),
        })
    }

    /// The first stage that `recipe` names, if it does: in the folder of that name, or in one that lies beside the style itself.
    ///
    /// # Errors
    /// It is not there, its weights are missing, damaged or of another network, or it makes other pictures than the second stage takes.
    pub fn first_stage(
        recipe: &Recipe,
        style: Option<&StyleFolder>,
        device: &Device,
    ) -> Result<Option<Self>, StyleError> {
        let Some(folder) = first_stage_folder(recipe, style) else {
            return Ok(None);
        };
        let bad = |message: String| StyleError::BadFirstStage {
            path: folder.path().to_owned(),
            message,
        };
        let manifest = match Manifest::read(&folder) {
            Err(StyleError::NotAStyle(_)) => return Err(bad("there is no style".to_owned())),
            read => read?,
        };
        check_stages(&manifest.recipe, recipe).map_err(bad)?;
        Self::load(&folder, &manifest, device).map(Some)
    }

    /// The same with frozen weights: gradients flow through it, and none are computed for it.
    pub(super) fn frozen(self) -> Self {
        Self {
            network: self.network.no_grad(),
            first: self.first.map(|first| Box::new(first.frozen())),
            ..self
        }
    }

    /// The network of the last stage.
    pub(super) fn network(&self) -> &SynthesisGenerator {
        &self.network
    }

    /// The recipe of the last stage.
    pub(super) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The stages before the last one, where there are any.
    pub(super) fn first(&self) -> Option<&Self> {
        self.first.as_deref()
    }

    /// Values of the noise of a picture, those of the last stage before those of the stages before it.
    pub(super) fn noise_length(&self) -> usize {
        let own = self.recipe.noise_length();
        own + self.first.as_ref().map_or(0, |first| first.noise_length())
    }

    /// The pictures of `input`, `[batch, channels, side, side]`. Those of a network that still grows are enlarged.
    pub(super) fn forward(&self, input: GeneratorInput) -> Tensor<4> {
        let mode = ForwardMode::inference(NormStats::Running, false);
        let all = input.vectors.dims()[1];
        let latent = self.recipe.noise_length();
        let own = input.vectors.clone().narrow(1, 0, latent);
        let coarse = self.first.as_ref().map(|first| {
            let others = input.vectors.narrow(1, latent, all - latent);
            first.forward(GeneratorInput::new(others, input.classes.clone()))
        });
        let input = GeneratorInput {
            vectors: own,
            classes: input.classes.filter(|_| self.recipe.told_count() > 0),
            style: input.style,
            coarse,
        };
        let values = self.network.forward(&input, mode);
        match self.recipe.data.crop_size / values.dims()[2] {
            1 => values,
            factor => enlarged(values, factor),
        }
    }

    /// The pictures of noise in one row, [so many](Self::noise_length) values for each.
    pub(super) fn pictures(&self, noise: Vec<f32>, classes: Option<&Tensor<4>>) -> Tensor<4> {
        let length = self.noise_length();
        let shape = [noise.len() / length, length, 1, 1];
        let vectors = Tensor::from_data(TensorData::new(noise, shape), &self.device);
        self.forward(GeneratorInput::new(vectors, classes.cloned()))
    }
}

/// Checks that the pictures of `first` are those that `second` goes on from.
fn check_stages(first: &Recipe, second: &Recipe) -> Result<(), String> {
    let needed = second.first_stage_side();
    if first.mode != Mode::Generate {
        return Err(format!(
            "it is of mode {}, and a first stage is of mode generate",
            first.mode.name()
        ));
    }
    if first.data.crop_size != needed {
        return Err(format!(
            "it makes pictures of {} pixels, and a quarter of `data.crop_size` is {needed}",
            first.data.crop_size
        ));
    }
    if first.data.output_channels != second.data.output_channels {
        return Err(format!(
            "its pictures have {} channels, not {}",
            first.data.output_channels, second.data.output_channels
        ));
    }
    if first.code_count() > 0 {
        return Err("it has latent codes, which a second stage does not tell it".to_owned());
    }
    let is_told = first.generator.condition != Condition::None;
    let are_same = Classes::new(first).names() == Classes::new(second).names()
        && first.tells_vectors() == second.tells_vectors()
        && first.class_count() == second.class_count();
    if is_told && !are_same {
        return Err("it is told other classes or vectors".to_owned());
    }
    Ok(())
}
