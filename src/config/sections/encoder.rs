//! Section `[encoder]`.

use serde::{Deserialize, Serialize};

/// Section `[encoder]`: the encoder of instance features (pix2pixhd), or of the latent code (pix2pix).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderRecipe {
    /// Features of each instance that the generator gets; 0 for none, and no encoder (pix2pixhd).
    pub features: usize,
    /// Channels of the first layer (`nef`).
    pub channels: usize,
    /// Halvings of the size.
    pub downsamplings: usize,
    /// Clusters per class that features are sampled from when the style is applied (pix2pixhd).
    pub clusters: usize,
}
