//! What a step is told besides its batch.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::nn::{ForwardMode, OptimiserStep, Reducer};
use crate::random;

/// Context of a step besides its batch, so that a method has no clock and no state of a generator.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    /// Number of the step, from 1.
    pub step: u64,
    /// Epoch of the schedule, from 1.
    pub epoch: u64,
    /// Seed of the run. Seed, step and position determine every draw.
    pub seed: u64,
    /// Position of the batch's first sample among those that all processes have in this step.
    pub position: usize,
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
    /// The generator for the draws of the batch in this step.
    pub fn rng(&self) -> ChaCha8Rng {
        random::step_rng(random::position_seed(self.seed, self.position), self.step)
    }

    /// The seed of the device for what it draws itself, such as dropout.
    pub fn device_seed(&self) -> u64 {
        self.rng().next_u64()
    }

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
