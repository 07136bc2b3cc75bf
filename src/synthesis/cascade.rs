//! The training of a cascade of generators.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::classes::Classes;
use super::generate::{Generate, NETWORKS};
use super::generator::SynthesisGenerator;
use super::generator_input::GeneratorInput;
use super::laplacian_generator::{LaplacianGenerator, level_prefix};
use super::level_generator::LevelGenerator;
use super::noise::normal_noise;
use super::pixels::halved;
use super::preview::{CAPTION, PREVIEW_PICTURES, Preview, beside_real, one_by_one};
use crate::config::Recipe;
use crate::data::Batch;
use crate::method::{Loss, Method, MethodState, StepContext};
use crate::nn::{ForwardMode, NamedTensors, NormStats, TensorError};

/// A game for each level of a Laplacian pyramid.
///
/// The generator of the coarsest level makes small pictures of noise. That of each other level sees the real pictures of its size
/// halved and doubled again, and noise, and makes the detail that is missing; its discriminator judges the sum. So levels learn
/// independently of each other, all from the same pictures. Denton, Chintala, Szlam and Fergus, "Deep Generative Image Models using a
/// Laplacian Pyramid of Adversarial Networks", 2015.
#[derive(Debug)]
pub struct Cascade {
    /// From the coarsest on.
    levels: Vec<Level>,
    classes: Classes,
    recipe: Recipe,
    /// Without automatic differentiation.
    device: Device,
}

#[derive(Debug)]
struct Level {
    /// How the names of its weights begin.
    prefix: String,
    game: Generate,
}

impl Cascade {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let level = |level: &Recipe| Level {
            prefix: level_prefix(level.data.crop_size),
            game: Generate::new(level, device),
        };
        Self {
            levels: recipe.cascade_levels().iter().map(level).collect(),
            classes: Classes::new(recipe),
            recipe: recipe.clone(),
            device: device.clone(),
        }
    }

    /// Takes one training step with this `noise`: [so many](Recipe::noise_length) values for each picture of `batch`, those of the
    /// coarsest level of all pictures first. Each loss is the sum of those of the levels.
    pub fn step_with(
        &mut self,
        mut batch: Batch,
        mut noise: Vec<f32>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Loss> {
        let count = batch.b.shape()[0];
        let mut losses = Vec::new();
        for level in self.levels.iter_mut().rev() {
            let own = noise.split_off(noise.len() - level.game.noise_count(count));
            let next = halved(&batch.b);
            for loss in level.game.step_with(batch.clone(), own, context, rng) {
                add(&mut losses, loss);
            }
            batch.b = next;
        }
        losses
    }

    /// `count` pictures of the class of the real picture of a batch of one, always from the same noise.
    fn samples(&self, batch: &Batch, count: usize) -> Vec<TensorData> {
        let seed = self.recipe.train.seed;
        let mut preview = Preview::new(seed, batch, count, &self.classes, &self.device);
        let length = self.recipe.noise_length();
        let noise = normal_noise(&mut preview.rng, count * length);
        let vectors = TensorData::new(noise, [count, length, 1, 1]);
        let vectors = Tensor::from_data(vectors, &self.device);
        let in_use = self
            .levels
            .iter()
            .map(|level| level.game.generator_in_use());
        let levels = in_use.filter_map(|generator| match generator {
            SynthesisGenerator::Level(level) => Some(level),
            SynthesisGenerator::Dcgan(network) => Some(LevelGenerator::Coarsest(network)),
            // Recipes of levels have no others.
            _ => None,
        });
        let network = LaplacianGenerator::of_levels(levels.collect(), &self.recipe);
        let mode = ForwardMode::inference(NormStats::Running, false);
        let input = GeneratorInput::new(vectors, preview.classes);
        one_by_one(&network.forward(&input, mode))
    }
}

/// Adds a loss to those of its name.
fn add(losses: &mut Vec<Loss>, loss: Loss) {
    match losses.iter_mut().find(|known| known.name == loss.name) {
        Some(known) => known.value = known.value.clone() + loss.value,
        None => losses.push(loss),
    }
}

/// Takes out the tensors whose names begin with `prefix`, without it.
fn take(tensors: &mut NamedTensors, prefix: &str) -> NamedTensors {
    let mut own = NamedTensors::default();
    for (name, data) in std::mem::take(&mut tensors.0) {
        match name.strip_prefix(prefix) {
            Some(rest) => own.0.insert(rest.to_owned(), data),
            None => tensors.0.insert(name, data),
        };
    }
    own
}

/// Puts tensors back under names with `prefix`.
fn put(tensors: &mut NamedTensors, prefix: &str, own: NamedTensors) {
    let own = own.0.into_iter();
    tensors
        .0
        .extend(own.map(|(name, data)| (format!("{prefix}{name}"), data)));
}

impl Method for Cascade {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let rng = &mut context.rng();
        let count = batch.b.shape()[0];
        let noise = normal_noise(rng, count * self.recipe.noise_length());
        self.step_with(batch, noise, context, rng)
    }

    fn preview_caption(&self) -> &'static str {
        CAPTION
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        vec![self.samples(&batch, PREVIEW_PICTURES)]
    }

    /// A picture of the class of the real one, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        beside_real(self.samples(&batch, 1), &batch)
    }

    fn networks(&self) -> &'static [&'static str] {
        NETWORKS
    }

    fn weights(&self, network: &str) -> NamedTensors {
        let mut weights = NamedTensors::default();
        for level in &self.levels {
            put(&mut weights, &level.prefix, level.game.weights(network));
        }
        weights
    }

    fn load_weights(
        &mut self,
        network: &str,
        mut weights: NamedTensors,
    ) -> Result<(), TensorError> {
        for level in &mut self.levels {
            let own = take(&mut weights, &level.prefix);
            level.game.load_weights(network, own)?;
        }
        let left = weights.0.into_keys();
        let problems: Vec<String> = left
            .map(|name| format!("`{name}` is not part of it"))
            .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(TensorError::Mismatch { problems })
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        for level in &self.levels {
            let own = level.game.state();
            for (part, tensors) in own.tensors {
                put(
                    state.tensors.entry(part).or_default(),
                    &level.prefix,
                    tensors,
                );
            }
            // All levels take as many steps.
            state.counts.extend(own.counts);
            state.own.extend(own.own);
        }
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        for level in &mut self.levels {
            let mut own = MethodState {
                counts: state.counts.clone(),
                ..MethodState::default()
            };
            for (part, tensors) in &mut state.tensors {
                own.tensors
                    .insert(part.clone(), take(tensors, &level.prefix));
            }
            level.game.restore(own)?;
        }
        Ok(())
    }
}
