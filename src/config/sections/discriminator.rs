//! Section `[discriminator]`: the discriminator.

use serde::{Deserialize, Serialize};

use crate::config::architectures::DiscriminatorArch;
use crate::config::options::{Augment, Downsample, NormKind};

/// Section `[discriminator]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminatorRecipe {
    /// Network.
    pub arch: DiscriminatorArch,
    /// Strided layers of a PatchGAN.
    pub layers: usize,
    /// Channels of the first layer (`ndf`).
    pub channels: usize,
    /// Normalisation.
    pub norm: NormKind,
    /// How a PatchGAN halves the size.
    pub downsample: Downsample,
    /// Sizes at which pictures are judged, each half of the one before (pix2pixhd).
    pub scales: usize,
    /// How pictures are changed before they are judged, real and generated ones alike.
    pub augment: Vec<Augment>,
    /// Let one discriminator judge pictures of encoded and of random codes, instead of one each (pix2pix with a code).
    #[serde(default)]
    pub shared: bool,
    /// Show the last layer how different the pictures of the batch are.
    #[serde(default)]
    pub minibatch_deviation: bool,
    /// Kernels by which the last layer is shown how like the others of the batch each picture is; 0 for none.
    #[serde(default)]
    pub minibatch_discrimination: usize,
    /// Standard deviation of the noise on pictures that are judged, in the first epoch.
    #[serde(default)]
    pub noise: f64,
    /// Epochs in which the noise falls to nothing; 0 for all of the run.
    #[serde(default)]
    pub noise_epochs: usize,
}

impl DiscriminatorRecipe {
    /// Whether it looks at how different the pictures of a batch are.
    pub fn compares_samples(&self) -> bool {
        self.minibatch_deviation || self.minibatch_discrimination > 0
    }
}
