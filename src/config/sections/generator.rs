//! Section `[generator]`: the generator.

use serde::{Deserialize, Serialize};

use crate::config::architectures::GeneratorArch;
use crate::config::conditioning::Condition;
use crate::config::latent_place::LatentPlace;
use crate::config::options::{Downsample, HoleFill, InitKind, NormKind, Upsample};

/// Section `[generator]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorRecipe {
    /// Network.
    pub arch: GeneratorArch,
    /// Channels of the first layer (`ngf`).
    pub channels: usize,
    /// Normalisation.
    pub norm: NormKind,
    /// Dropout in the decoder (U-Net) or the residual blocks (ResNet).
    pub dropout: bool,
    /// Distribution of the initial weights.
    pub init: InitKind,
    /// Standard deviation or gain of that distribution.
    pub init_gain: f64,
    /// Numbers of the latent code: of one look of several, 0 for a single one (pix2pix), or of a whole picture (generate, vae).
    #[serde(default)]
    pub latent: usize,
    /// Where the code goes in (pix2pix).
    #[serde(default)]
    pub latent_at: LatentPlace,
    /// How a ResNet's encoder halves the size.
    pub downsample: Downsample,
    /// How the decoder doubles the size.
    pub upsample: Upsample,
    /// Channels of the bottleneck of `context_bottleneck` (inpaint).
    pub bottleneck: usize,
    /// What the network is shown in holes (inpaint).
    pub hole_fill: HoleFill,
    /// Halvings of the size in the global generator (pix2pixhd).
    pub downsamplings: usize,
    /// Residual blocks of the global generator (pix2pixhd) or of arch `srresnet` (pix2pix).
    pub blocks: usize,
    /// How many times larger than its input the output of arch `srresnet` is (pix2pix).
    pub scale: usize,
    /// Whether arch `srresnet` adds its result to its enlarged input (pix2pix).
    #[serde(default)]
    pub residual: bool,
    /// Share of a picture's brightness that its translation keeps (cycle, contrastive).
    #[serde(default)]
    pub keep_brightness: f64,
    /// Share of a picture's contrast that its translation keeps (cycle, contrastive).
    #[serde(default)]
    pub keep_contrast: f64,
    /// Local enhancers of arch `local`; each doubles the size (pix2pixhd).
    pub enhancers: usize,
    /// Residual blocks of each local enhancer (pix2pixhd).
    pub enhancer_blocks: usize,
    /// How the networks are told the class (generate, vae).
    pub condition: Condition,
}
