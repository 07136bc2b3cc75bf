//! The contract between the training loop and a method (pix2pix, CycleGAN): all that the loop knows of it.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use crate::data::{Batch, DataError};
use crate::nn::{NamedTensors, Network, TensorError, Trained};

/// Which network a loss drives.
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
    /// The network that it drives.
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

    fn new(name: &'static str, player: Player, value: &Tensor<1>) -> Self {
        let value = value.clone().inner();
        Self {
            name,
            player,
            value,
        }
    }
}

/// What a step needs to know besides its pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepContext {
    /// Number of the step, from 1.
    pub step: u64,
    /// Epoch of the stage, from 1.
    pub epoch: u64,
    /// Seed of the run. With the step it decides every draw.
    pub seed: u64,
    /// Learning rate of the generator.
    pub generator_rate: f64,
    /// Learning rate of the discriminator.
    pub discriminator_rate: f64,
}

/// What a method keeps besides its weights: optimisers and image pools.
#[derive(Debug, Clone, Default)]
pub struct MethodState {
    /// Tensors by the part that they belong to.
    pub tensors: BTreeMap<String, NamedTensors>,
    /// Counts by the part that they belong to.
    pub counts: BTreeMap<String, u64>,
}

impl MethodState {
    /// Puts in one part.
    pub fn insert(&mut self, part: &str, (tensors, count): (NamedTensors, u64)) {
        self.tensors.insert(part.to_owned(), tensors);
        self.counts.insert(part.to_owned(), count);
    }

    /// Puts in the optimiser of `network`.
    pub fn insert_optimiser<N: Network>(&mut self, part: &str, network: &Trained<N>) {
        self.insert(part, network.optimiser_state());
    }

    /// Takes out the optimiser of `network`, which goes on from it.
    ///
    /// # Errors
    /// It is not of this network.
    pub fn restore_optimiser<N: Network>(
        &mut self,
        part: &str,
        network: &mut Trained<N>,
    ) -> Result<(), TensorError> {
        let (tensors, time) = self.take(part);
        network.load_optimiser(tensors, time)
    }

    /// Takes out one part; empty where it is missing.
    pub fn take(&mut self, part: &str) -> (NamedTensors, u64) {
        let tensors = self.tensors.remove(part).unwrap_or_default();
        (tensors, self.counts.remove(part).unwrap_or_default())
    }
}

/// A training method.
pub trait Method {
    /// One step of training on `batch`.
    fn step(&mut self, batch: Batch, context: StepContext) -> Vec<Loss>;

    /// Pictures that show what the networks do with `batch` of one sample: rows of `[1, channels, height, width]` in
    /// [-1, 1], such as input, output, target.
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

    /// The networks, by the stems of their weight files in the style folder.
    fn networks(&self) -> &'static [&'static str];

    /// The weights of one of [`Method::networks`].
    fn weights(&self, network: &str) -> NamedTensors;

    /// Replaces the weights of one of [`Method::networks`].
    ///
    /// # Errors
    /// The tensors are not those of the network.
    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError>;

    /// Begins with weights that were trained otherwise; returns how many of the network's tensors they gave, and how many
    /// it has.
    ///
    /// # Errors
    /// The tensors are not those of the network.
    fn initialise(
        &mut self,
        network: &str,
        weights: NamedTensors,
    ) -> Result<(usize, usize), TensorError> {
        let count = weights.0.len();
        self.load_weights(network, weights)?;
        Ok((count, count))
    }

    /// The stems of the files that [`Method::complete`] gives.
    fn completed(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the style needs besides the weights, made from the training samples when all steps are done: named tensors by
    /// the stem of their file.
    ///
    /// # Errors
    /// A sample cannot be read.
    fn complete(
        &self,
        samples: &mut dyn Iterator<Item = Result<Batch, DataError>>,
    ) -> Result<Vec<(&'static str, NamedTensors)>, DataError> {
        let _ = samples;
        Ok(Vec::new())
    }

    /// What must be kept, besides the weights, to go on to the bit.
    fn state(&self) -> MethodState;

    /// Goes on from a kept state; the weights are loaded before.
    ///
    /// # Errors
    /// The state is not of these networks.
    fn restore(&mut self, state: MethodState) -> Result<(), TensorError>;
}
