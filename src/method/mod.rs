//! The trait between the training loop and a method (pix2pix, CycleGAN): all that the loop knows of it. With it what methods share.
//!
//! A method that is added has a folder of its own with a type that implements [`Method`]; a variant of `Mode` with what it
//! learns from, its defaults and unused keys in `config`; its layouts in `data`; one line in `train/methods.rs`; the stem of its generator in
//! `style/weights.rs`; and fixtures of its networks and of five steps.

mod adversary;
mod loss;
mod micro_batches;
mod state;
mod step_context;

pub use adversary::{Adversary, AugmentedView};
pub use loss::{DiscriminatorLosses, Loss, Player};
pub use micro_batches::{MicroBatch, MicroBatches};
pub use state::{MethodState, average_part};
pub use step_context::StepContext;

use burn::tensor::TensorData;

use crate::data::{Batch, DataError};
use crate::nn::{NamedTensors, TensorError};

/// A training method.
pub trait Method {
    /// Takes one training step on `batch`.
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss>;

    /// What the pictures of a row of the preview are, for people.
    fn preview_caption(&self) -> &'static str;

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
