//! The trait between the training loop and a method (pix2pix, CycleGAN): all that the loop knows of it.
//!
//! A method that is added has a folder of its own with a type that implements [`Method`]; a variant of `Mode` with its defaults
//! and unused keys in `config`; its layouts in `data`; one line in `train/methods.rs`; the stem of its generator in
//! `style/weights.rs`; the caption of its previews in `train/report.rs`; and fixtures of its networks and of five steps.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Tensor, TensorData};

use crate::data::{Batch, DataError};
use crate::nn::{
    ForwardMode, ImagePool, Judgement, NamedTensors, Network, OptimiserStep, Reducer, TensorError,
    Trainable,
};

/// The network that a loss trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// The generator, or both generators.
    Generator,
    /// A discriminator.
    Discriminator,
}

/// One named loss of a step, still on the device: reading it waits for the device.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The name that `metrics.jsonl` carries.
    pub name: &'static str,
    /// The network that it trains.
    pub player: Player,
    /// The value, `[1]`, outside automatic differentiation.
    pub value: Tensor<1>,
}

impl Loss {
    /// A loss of the generator.
    pub fn generator(name: &'static str, value: &Tensor<1>) -> Self {
        Self::new(name, Player::Generator, value)
    }

    /// A loss of a discriminator.
    pub fn discriminator(name: &'static str, value: &Tensor<1>) -> Self {
        Self::new(name, Player::Discriminator, value)
    }

    /// The losses of the features that a discriminator makes of generated pictures.
    pub fn matching(judgement: &Judgement) -> impl Iterator<Item = Self> {
        let losses = judgement.matching.iter();
        losses.map(|(name, value)| Self::generator(name, value))
    }

    fn new(name: &'static str, player: Player, value: &Tensor<1>) -> Self {
        let value = value.clone().inner();
        Self {
            name,
            player,
            value,
        }
    }
}

/// The losses of a discriminator in one update, each `[1]`.
#[derive(Debug, Clone)]
pub struct DiscriminatorLosses {
    /// On real pictures.
    pub on_real: Tensor<1>,
    /// On generated pictures.
    pub on_fake: Tensor<1>,
    /// What is added to them, where the recipe has penalties.
    pub penalty: Option<Tensor<1>>,
}

impl DiscriminatorLosses {
    /// Their sum.
    pub fn sum(&self) -> Tensor<1> {
        let objective = self.on_real.clone() + self.on_fake.clone();
        match &self.penalty {
            Some(penalty) => objective + penalty.clone(),
            None => objective,
        }
    }

    /// The losses by the names that `metrics.jsonl` carries, where there is one discriminator.
    pub fn named(&self) -> impl Iterator<Item = Loss> {
        let penalty = self.penalty.as_ref();
        [
            Some(Loss::discriminator("D_real", &self.on_real)),
            Some(Loss::discriminator("D_fake", &self.on_fake)),
            penalty.map(|penalty| Loss::discriminator("D_penalty", penalty)),
        ]
        .into_iter()
        .flatten()
    }
}

/// Context of a step besides its batch, so that a method has no clock and no state of a generator.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    /// Number of the step, from 1.
    pub step: u64,
    /// Epoch of the schedule, from 1.
    pub epoch: u64,
    /// Seed of the process. Seed and step determine every draw.
    pub seed: u64,
    /// Learning rate of the generator.
    pub generator_rate: f64,
    /// Learning rate of the discriminator.
    pub discriminator_rate: f64,
    /// Share of what the pictures of a larger size have beyond those of the size before, in a run that grows; else 1.
    pub detail: f64,
    /// Who averages gradients over the processes that train together, if there are several.
    pub reducer: Option<&'a dyn Reducer>,
}

impl<'a> StepContext<'a> {
    /// How networks in training compute.
    pub fn training_mode(&self) -> ForwardMode<'a> {
        ForwardMode {
            exchange: self.reducer.and_then(Reducer::exchange),
            ..ForwardMode::TRAINING
        }
    }

    /// The step of the generator's optimiser.
    pub fn generator_step(&self) -> OptimiserStep<'a> {
        OptimiserStep {
            rate: self.generator_rate,
            reducer: self.reducer,
        }
    }

    /// The step of the discriminator's optimiser.
    pub fn discriminator_step(&self) -> OptimiserStep<'a> {
        OptimiserStep {
            rate: self.discriminator_rate,
            reducer: self.reducer,
        }
    }
}

/// The part of a [`MethodState`] with the averaged weights of `network`, where it has any. They are the weights that a
/// style shows.
pub fn average_part(network: &str) -> String {
    format!("{network}_average")
}

/// State of a method besides its weights: optimisers, averaged weights and image pools.
#[derive(Debug, Clone, Default)]
pub struct MethodState {
    /// Tensors by part, such as an optimiser or a pool.
    pub tensors: BTreeMap<String, NamedTensors>,
    /// Counts by part.
    pub counts: BTreeMap<String, u64>,
    /// Parts that each of several processes has for itself; the others are the same in all.
    pub own: BTreeSet<String>,
}

impl MethodState {
    /// Inserts one part.
    pub fn insert(&mut self, part: &str, (tensors, count): (NamedTensors, u64)) {
        self.tensors.insert(part.to_owned(), tensors);
        self.counts.insert(part.to_owned(), count);
    }

    /// Inserts an image pool, which each process has for itself.
    pub fn insert_pool(&mut self, part: &str, pool: &ImagePool) {
        self.insert(part, (pool.state(), 0));
        self.own.insert(part.to_owned());
    }

    /// Inserts the optimiser of `network` and, if it keeps them, its averaged weights.
    pub fn insert_optimiser<N: Network>(&mut self, part: &str, network: &Trainable<N>) {
        self.insert(part, network.optimiser_state());
        if let Some(average) = network.average_state() {
            self.insert(&average_part(part), average);
        }
    }

    /// Takes out the optimiser of `network` and its averaged weights, and restores them.
    ///
    /// # Errors
    /// They belong to another network.
    pub fn restore_optimiser<N: Network>(
        &mut self,
        part: &str,
        network: &mut Trainable<N>,
    ) -> Result<(), TensorError> {
        let (tensors, time) = self.take(part);
        network.load_optimiser(tensors, time)?;
        let (weights, count) = self.take(&average_part(part));
        network.load_average(weights, count)
    }

    /// Takes out one part; empty if it is missing.
    pub fn take(&mut self, part: &str) -> (NamedTensors, u64) {
        let tensors = self.tensors.remove(part).unwrap_or_default();
        (tensors, self.counts.remove(part).unwrap_or_default())
    }
}

/// A training method.
pub trait Method {
    /// Takes one training step on `batch`.
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss>;

    /// Renders a batch of one sample for the preview: rows of pictures `[1, channels, height, width]` in [-1, 1], such as input,
    /// output, target.
    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>>;

    /// Translations of `batch` of one sample, each with the real picture that it is measured against, `[1, channels, height, width]`
    /// in [-1, 1]. Unless a method says otherwise, those that its previews show: output and target of each row.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        let rows = self.preview(batch).into_iter();
        rows.filter_map(|row| {
            let mut pictures = row.into_iter().skip(1);
            Some((pictures.next()?, pictures.next()?))
        })
        .collect()
    }

    /// Chooses the pictures whose statistics reference norms use. Methods that offer no such norms leave it, as do others whose recipe
    /// has none.
    ///
    /// # Errors
    /// They are not as many as the recipe says, or have other channels.
    fn set_reference(&mut self, batch: &Batch) -> Result<(), TensorError> {
        let _ = batch;
        Ok(())
    }

    /// The networks, by the stems of their weight files in the style folder; with them the pictures of a reference batch.
    fn networks(&self) -> &'static [&'static str];

    /// The weights of one of [`Method::networks`].
    fn weights(&self, network: &str) -> NamedTensors;

    /// Replaces the weights of one of [`Method::networks`].
    ///
    /// # Errors
    /// The tensors are not those of the network.
    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError>;

    /// Starts from pretrained weights; returns how many tensors were loaded, and how many the network has.
    ///
    /// # Errors
    /// The tensors are not those of the network.
    fn warm_start(
        &mut self,
        network: &str,
        weights: NamedTensors,
    ) -> Result<(usize, usize), TensorError> {
        let count = weights.0.len();
        self.load_weights(network, weights)?;
        Ok((count, count))
    }

    /// The stems of the files of [`Method::compute_artifacts`].
    fn artifact_names(&self) -> &'static [&'static str] {
        &[]
    }

    /// Computes what the style needs besides the weights from the training samples, when all steps are done: tensors by the stem
    /// of their file.
    ///
    /// # Errors
    /// A sample cannot be read.
    fn compute_artifacts(
        &self,
        samples: &mut dyn Iterator<Item = Result<Batch, DataError>>,
    ) -> Result<Vec<(&'static str, NamedTensors)>, DataError> {
        let _ = samples;
        Ok(Vec::new())
    }

    /// State besides the weights that a bit-exact resume needs.
    fn state(&self) -> MethodState;

    /// Restores a saved state, after the weights.
    ///
    /// # Errors
    /// The state belongs to other networks.
    fn restore(&mut self, state: MethodState) -> Result<(), TensorError>;
}
