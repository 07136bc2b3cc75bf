//! The resolved recipe: every choice of a training run, with the defaults of the papers' implementations.

use serde::{Deserialize, Serialize};

use super::mode::Mode;
use super::sections::{
    DataRecipe, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, LossRecipe, OptimRecipe,
    SynthesisRecipe, TrainRecipe,
};

/// Everything that determines a training run. Saved with the style; `configs/` explains each key and its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Training method.
    pub mode: Mode,
    /// Pictures and their preprocessing.
    pub data: DataRecipe,
    /// Generator network.
    pub generator: GeneratorRecipe,
    /// Encoder of instance features (pix2pixhd) or of the latent code (pix2pix).
    pub encoder: EncoderRecipe,
    /// Discriminator network.
    pub discriminator: DiscriminatorRecipe,
    /// Losses and their weights.
    pub loss: LossRecipe,
    /// What the networks of mode generate have besides.
    pub synthesis: SynthesisRecipe,
    /// Optimisers and schedule.
    pub optim: OptimRecipe,
    /// The loop: seed, logging, previews, checkpoints.
    pub train: TrainRecipe,
}

impl Recipe {
    /// Learning rate of the discriminator at the start.
    pub fn discriminator_learning_rate(&self) -> f64 {
        let usual = match self.mode {
            Mode::Inpaint => self.optim.lr / 10.0,
            _ => self.optim.lr,
        };
        self.optim.lr_discriminator.unwrap_or(usual)
    }
}
