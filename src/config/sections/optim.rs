//! Section `[optim]`: optimisers and schedule.

use serde::{Deserialize, Serialize};

use crate::config::options::Policy;

/// Section `[optim]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimRecipe {
    /// Learning rate of the generator, and of the discriminator unless it has its own; in mode inpaint that has a tenth.
    pub lr: f64,
    /// Learning rate of the discriminator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr_discriminator: Option<f64>,
    /// Adam's decay of the mean of gradients.
    pub beta1: f64,
    /// Adam's decay of the mean of squared gradients.
    pub beta2: f64,
    /// Epochs at the full learning rate.
    pub epochs: usize,
    /// Epochs after these in which the linear policy decays to zero.
    pub decay_epochs: usize,
    /// Epochs that were added after these, one number for each time: each has a schedule of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<usize>,
    /// How the learning rate changes.
    pub policy: Policy,
    /// Discriminator updates per generator update.
    pub discriminator_steps: usize,
    /// Earlier translations kept to show the discriminator; 0 for none.
    pub pool_size: usize,
    /// Share of the generator's averaged weights that each step keeps; 0 to use the weights as they are.
    pub ema: f64,
    /// Epochs at the full learning rate in which the global generator is trained alone, at a smaller size, before the
    /// enhancers are added; 0, with `global_decay_epochs` 0, to train all at once (pix2pixhd, arch `local`).
    pub global_epochs: usize,
    /// Epochs after these in which the linear policy decays (pix2pixhd, arch `local`).
    pub global_decay_epochs: usize,
    /// Epochs in which a new enhancer is trained while the networks below it stay frozen (pix2pixhd, arch `local`).
    pub fix_global_epochs: usize,
}
