//! The generator of super-resolution.

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Activation;
use super::convolution::{Convolution, Padding};
use super::forward_mode::ForwardMode;
use super::layer_ops::{Eager, LayerOps};
use super::norm::Norm;
use super::prelu::Prelu;
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::{GeneratorRecipe, NormKind};

/// Each block of the enlargement doubles the size.
const DOUBLING: usize = 2;

/// Residual blocks at the size of the input, then as many doublings as the scale has.
///
/// Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", 2017, section 2.1.1. The
/// last convolution ends in a hyperbolic tangent, as in the public implementations, or is added to the enlarged input: a network
/// without such a skip has to learn what a picture is before it can learn what it lacks, and never comes to black and white (Zhang et al.,
/// "Beyond a Gaussian Denoiser", 2017; for enlarged inputs Du et al., "Anchor-based Plain Net for Mobile Image Super-Resolution", 2021).
/// Convolutions have biases whatever the norm.
#[derive(Module, Debug)]
pub struct Srresnet {
    stem: Convolution,
    stem_activation: Prelu,
    blocks: Vec<SrresnetBlock>,
    trunk: Convolution,
    trunk_norm: Norm,
    enlargements: Vec<Enlargement>,
    head: Convolution,
    /// Whether norms take a place in PyTorch's sequences.
    #[module(skip)]
    norm: NormKind,
    /// Whether the result is added to the input.
    #[module(skip)]
    residual: bool,
}

/// Two convolutions whose result is added to their input, with nothing after the sum.
#[derive(Module, Debug)]
pub struct SrresnetBlock {
    first: Convolution,
    first_norm: Norm,
    activation: Prelu,
    second: Convolution,
    second_norm: Norm,
}

/// A convolution whose channels become pixels of twice the size.
#[derive(Module, Debug)]
pub struct Enlargement {
    convolution: Convolution,
    activation: Prelu,
}

/// A convolution that keeps the size.
fn same(init: &mut WeightInit, channels: [usize; 2], kernel: usize) -> Convolution {
    Convolution::new(init, channels, kernel, 1, Padding::Zero(kernel / 2), true)
}

impl SrresnetBlock {
    fn new(init: &mut WeightInit, recipe: &GeneratorRecipe) -> Self {
        let channels = recipe.channels;
        Self {
            first: same(init, [channels; 2], 3),
            first_norm: Norm::new(init, recipe.norm, channels),
            activation: Prelu::new(init),
            second: same(init, [channels; 2], 3),
            second_norm: Norm::new(init, recipe.norm, channels),
        }
    }

    fn forward_with<'n, O: LayerOps<'n>>(&'n self, ops: &mut O, input: O::Features) -> O::Features {
        let features = ops.convolution(&self.first, input.clone());
        let features = ops.norm(&self.first_norm, features);
        let features = ops.prelu(&self.activation, features);
        let features = ops.convolution(&self.second, features);
        let features = ops.norm(&self.second_norm, features);
        ops.sum(input, features)
    }
}

impl Enlargement {
    fn new(init: &mut WeightInit, channels: usize) -> Self {
        Self {
            convolution: same(init, [channels, channels * DOUBLING * DOUBLING], 3),
            activation: Prelu::new(init),
        }
    }

    fn forward_with<'n, O: LayerOps<'n>>(&'n self, ops: &mut O, input: O::Features) -> O::Features {
        let features = ops.convolution(&self.convolution, input);
        let features = ops.pixel_shuffle(features, DOUBLING);
        ops.prelu(&self.activation, features)
    }
}

impl Srresnet {
    /// Creates the generator of `recipe`, whose scale is a power of two, from `input` to `output` channels.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        input: usize,
        output: usize,
    ) -> Self {
        init.set_norm(recipe.norm);
        let channels = recipe.channels;
        Self {
            stem: same(init, [input, channels], 9),
            stem_activation: Prelu::new(init),
            blocks: (0..recipe.blocks)
                .map(|_| SrresnetBlock::new(init, recipe))
                .collect(),
            trunk: same(init, [channels; 2], 3),
            trunk_norm: Norm::new(init, recipe.norm, channels),
            enlargements: (0..recipe.scale.ilog2())
                .map(|_| Enlargement::new(init, channels))
                .collect(),
            head: same(init, [channels, output], 9),
            norm: recipe.norm,
            residual: recipe.residual,
        }
    }

    /// Maps `[batch, in, height, width]` to `[batch, out, scale * height, scale * width]`, both in [-1, 1]; with the skip from the input the
    /// output may go a little beyond.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        self.forward_with(&mut Eager::new(mode), input)
    }

    /// The same on `ops`.
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let features = ops.convolution(&self.stem, input.clone());
        let stem = ops.prelu(&self.stem_activation, features);
        let mut features = stem.clone();
        for block in &self.blocks {
            features = block.forward_with(ops, features);
        }
        features = ops.convolution(&self.trunk, features);
        features = ops.norm(&self.trunk_norm, features);
        features = ops.sum(stem, features);
        for enlargement in &self.enlargements {
            features = enlargement.forward_with(ops, features);
        }
        features = ops.convolution(&self.head, features);
        if !self.residual {
            return ops.activation(Activation::Tanh, features);
        }
        let enlarged = self
            .enlargements
            .iter()
            .fold(input, |enlarged, _| ops.double(enlarged));
        ops.sum(enlarged, features)
    }
}

impl Network for Srresnet {
    fn layer_name(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('.').collect();
        let after_norm = 1 + usize::from(self.norm.normalises_features());
        match parts[..] {
            ["blocks", number, layer] => {
                let (group, place) = match layer {
                    "first" => (1, 0),
                    "first_norm" => (1, 1),
                    "activation" => (1, after_norm),
                    "second" => (2, 0),
                    _ => (2, 1),
                };
                format!("residual_blocks.{number}.conv_block{group}.conv_block.{place}")
            }
            ["enlargements", number, layer] => {
                let layer = if layer == "convolution" {
                    "conv"
                } else {
                    "prelu"
                };
                format!("subpixel_convolutional_blocks.{number}.{layer}")
            }
            [layer, ..] => match layer {
                "stem" => "conv_block1.conv_block.0",
                "stem_activation" => "conv_block1.conv_block.1",
                "trunk" => "conv_block2.conv_block.0",
                "trunk_norm" => "conv_block2.conv_block.1",
                // No sequence, where no activation follows.
                _ if self.residual => "conv_block3",
                _ => "conv_block3.conv_block.0",
            }
            .to_owned(),
            [] => String::new(),
        }
    }
}
