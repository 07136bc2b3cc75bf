//! Section `[loss]`: losses and their weights.

use serde::{Deserialize, Serialize};

use crate::config::options::{Distance, GanObjective};

/// Section `[loss]`. A weight that the mode does not use is not part of its recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossRecipe {
    /// Adversarial objective.
    pub gan: GanObjective,
    /// Weight of the L1 distance to the target (pix2pix).
    pub l1: f64,
    /// Weight of the divergence of encoded codes from the normal distribution (pix2pix with a code, vae).
    #[serde(default = "super::super::latent_place::usual_kl")]
    pub kl: f64,
    /// Weight of the L1 distance between a random code and what the encoder finds in its picture (pix2pix with a code).
    #[serde(default = "super::super::latent_place::usual_latent")]
    pub latent: f64,
    /// Weight of the cycle A -> B -> A (cycle).
    pub cycle_a: f64,
    /// Weight of the cycle B -> A -> B (cycle).
    pub cycle_b: f64,
    /// Weight of the identity loss, as a fraction of the cycle weights (cycle).
    pub identity: f64,
    /// Weight of the distance between patches of input and output by what the encoder sees in them (contrastive).
    pub nce: f64,
    /// Weight of the same for pictures of B that are translated, as a share of `nce`; the two are averaged (contrastive).
    pub nce_identity: f64,
    /// Layers of the encoder that are compared, by their place in PyTorch's sequence (contrastive).
    pub nce_layers: Vec<usize>,
    /// Places that are compared in each layer (contrastive).
    pub nce_patches: usize,
    /// Channels of what is compared (contrastive).
    pub nce_channels: usize,
    /// Divides the likeness of two places (contrastive).
    pub nce_temperature: f64,
    /// Mirror the input half of the time, and what is compared back: the translation should not depend on it (contrastive).
    pub flip_equivariance: bool,
    /// Weight of the distance between the discriminator's features of output and target (pix2pix, pix2pixhd, inpaint).
    pub feature_matching: f64,
    /// Weight of the distance between the means of the discriminator's features of generated and real pictures.
    #[serde(default)]
    pub feature_means: f64,
    /// Weight of the sliced Wasserstein distance between patches of translations and of real pictures (cycle, contrastive).
    #[serde(default)]
    pub swd: f64,
    /// Weight of the distance between VGG19's features of output and target (pix2pix, pix2pixhd).
    pub perceptual: f64,
    /// File with the weights of VGG19; empty to leave the perceptual loss out (pix2pix, pix2pixhd).
    pub perceptual_weights: String,
    /// Weight of the distance to the original in the hole and the band around it (inpaint).
    pub reconstruction: f64,
    /// Weight of the adversarial loss; 0 leaves the discriminator out (pix2pix, inpaint).
    pub adversarial: f64,
    /// Width of the band around the hole that is predicted too, in pixels (inpaint).
    pub overlap: usize,
    /// The distance to the original (inpaint).
    pub distance: Distance,
    /// Weight of the cross entropy of the classes that the discriminator tells (generate).
    pub classification: f64,
    /// The discriminator's target for real pictures is 1 minus this.
    pub label_smoothing: f64,
    /// Weight of the penalty on the length of the discriminator's gradient between real and generated pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_penalty: Option<f64>,
    /// Weight of the penalty on the length of the discriminator's gradient around real pictures.
    #[serde(default)]
    pub dragan: f64,
    /// Twice the weight of the penalty on the squared length of the discriminator's gradient at real pictures.
    #[serde(default)]
    pub r1: f64,
    /// Discriminator steps from one such penalty to the next, each as many times as strong.
    #[serde(default = "usual_r1_every")]
    pub r1_every: usize,
}

/// Steps between penalties R1, as in StyleGAN2.
pub(in crate::config) fn usual_r1_every() -> usize {
    16
}
