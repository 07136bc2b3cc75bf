//! The parts in which a batch goes through the networks.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;

use super::step_context::StepContext;
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::computes_on_processor;

/// How many samples of a batch go through the networks at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MicroBatches {
    size: usize,
}

/// A part of a batch, or what becomes of it in a step.
#[derive(Debug)]
pub struct MicroBatch<T> {
    /// Its part of the batch's samples, in (0, 1].
    pub share: f64,
    /// For its draws.
    pub rng: ChaCha8Rng,
    /// What it is.
    pub content: T,
}

impl<T> MicroBatch<T> {
    /// With what `work` makes of the content.
    pub fn map<U>(mut self, work: impl FnOnce(T, &mut ChaCha8Rng) -> U) -> MicroBatch<U> {
        MicroBatch {
            content: work(self.content, &mut self.rng),
            share: self.share,
            rng: self.rng,
        }
    }
}

impl MicroBatches {
    /// Those of `recipe` on `device`.
    ///
    /// One sample at a time, unless the recipe says otherwise, on a processor and where that is the same. It mostly takes less memory,
    /// and a batch gives the same to the bit as processes that share it. GPUs are quicker with all of it.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let size = match recipe.train.micro_batch {
            0 if computes_on_processor(device) && recipe.learns_one_by_one() => 1,
            0 => usize::MAX,
            size => size,
        };
        Self { size }
    }

    /// The parts of `batch` in their order, each with a generator for its draws.
    pub fn split(self, batch: Batch, context: StepContext<'_>) -> Vec<MicroBatch<Batch>> {
        let all = batch.count();
        let mut position = context.position;
        let parts = batch.split(self.size).into_iter();
        parts
            .map(|content| {
                let count = content.count();
                let rng = StepContext {
                    position,
                    ..context
                }
                .rng();
                position += count;
                MicroBatch {
                    share: count as f64 / all as f64,
                    rng,
                    content,
                }
            })
            .collect()
    }
}
