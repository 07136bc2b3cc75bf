//! What a step is told besides its batch.

use crate::nn::{ForwardMode, OptimiserStep, Reducer};

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
