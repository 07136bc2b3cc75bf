//! Section `[synthesis]`: what the networks of mode generate have besides.

use serde::{Deserialize, Serialize};

/// Where norms of a residual generator take their scale and shift from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassNorm {
    /// They are the layer's own.
    None,
    /// From the class.
    Class,
    /// From an embedding of the class that all norms share, and a part of the vector for each block.
    Shared,
}

/// Section `[synthesis]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthesisRecipe {
    /// Where the norms of the generator take their scale and shift from (arch `resnet`).
    pub class_norm: ClassNorm,
    /// Spectral normalisation of the generator's weights beside its norm (arch `resnet`).
    pub spectral: bool,
    /// Layers of the mapping network (arch `style`).
    pub mapping: usize,
    /// Share of the steps whose pictures are made of two codes each (arch `style`).
    pub mixing: f64,
    /// Weight of the squared inner products of different filters of the generator.
    pub orthogonal: f64,
    /// Weight of the mean square of the discriminator's logits of real pictures.
    pub drift: f64,
    /// Side of the smallest pictures of a cascade, in pixels (arch `laplacian`).
    pub coarsest: usize,
    /// Folder of the style whose pictures the second stage goes on from; empty for none (arch `stack`).
    pub first_stage: String,
    /// Weight of the divergence of the condition's codes from the standard normal law (arch `stack`).
    pub kl: f64,
    /// Whether this is the recipe of one level of a cascade: set in its [levels](crate::config::Recipe::cascade_levels) alone, and in no file.
    #[serde(skip)]
    pub is_level: bool,
    /// Categories of each categorical latent code that the generator is told and the discriminator recognises.
    pub categories: Vec<usize>,
    /// How many continuous ones there are.
    pub continuous: usize,
    /// Weight of the loss of categorical codes.
    pub categories_weight: f64,
    /// Weight of the loss of continuous codes.
    pub continuous_weight: f64,
    /// Weight of the deviation of path lengths from their moving mean (arch `style`).
    pub path_length: f64,
    /// Steps of the generator from one such loss to the next, each as many times as strong.
    pub path_length_every: usize,
}

impl SynthesisRecipe {
    /// That of networks without any of it; for those with it, that of their papers.
    pub(in crate::config) fn usual() -> Self {
        Self {
            class_norm: ClassNorm::None,
            spectral: false,
            mapping: 8,
            mixing: 0.9,
            orthogonal: 0.0,
            drift: 0.0,
            coarsest: 8,
            first_stage: String::new(),
            kl: 1.0,
            is_level: false,
            categories: Vec::new(),
            continuous: 0,
            // Those of InfoGAN.
            categories_weight: 1.0,
            continuous_weight: 0.1,
            path_length: 0.0,
            path_length_every: 4,
        }
    }
}
