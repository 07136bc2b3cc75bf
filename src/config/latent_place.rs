//! Where a latent code goes in, and the weights of what is learnt with it.

use serde::{Deserialize, Serialize};

/// Where a generator takes its latent code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatentPlace {
    /// With the picture.
    #[default]
    Input,
    /// At every size of a U-Net's encoder.
    All,
}

/// Weight of the divergence, as in BicycleGAN.
pub(super) fn usual_kl() -> f64 {
    0.01
}

/// Weight of the latent regression, as in BicycleGAN.
pub(super) fn usual_latent() -> f64 {
    0.5
}
