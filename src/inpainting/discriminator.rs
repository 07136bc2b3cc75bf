//! The discriminators of mode inpaint.

use burn::module::Module;
use burn::tensor::Tensor;

use super::context_discriminator::ContextDiscriminator;
use crate::config::{DiscriminatorArch, Recipe};
use crate::nn::{Critic, Discriminator, ForwardMode, Network, WeightInit};

/// A discriminator of filled pictures or patches.
#[derive(Module, Debug)]
pub enum InpaintDiscriminator {
    /// The context encoder's: one logit for the whole.
    Context(ContextDiscriminator),
    /// PatchGAN or PixelGAN: one logit per patch or pixel.
    Local(Discriminator),
}

impl InpaintDiscriminator {
    /// Creates the discriminator of `recipe`, whose mode is inpaint.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let (discriminator, channels) = (&recipe.discriminator, recipe.data.output_channels);
        if discriminator.arch == DiscriminatorArch::Context {
            let side = recipe.discriminator_side();
            let network = ContextDiscriminator::new(init, discriminator, side, channels);
            return Self::Context(network);
        }
        Self::Local(Discriminator::new(init, discriminator, channels))
    }

    /// Maps `[batch, channels, height, width]` to logits, `[batch, 1, height', width']`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Context(network) => network.forward(input, mode),
            Self::Local(network) => network.forward(input, mode),
        }
    }
}

impl Critic for InpaintDiscriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        match self {
            Self::Context(network) => network.features(input, mode),
            Self::Local(network) => network.features(input, mode),
        }
    }

    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Context(network) => network.input_gradient(input, mode),
            Self::Local(network) => network.input_gradient(input, mode),
        }
    }
}

impl Network for InpaintDiscriminator {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or(path, |(_, rest)| rest);
        match self {
            Self::Context(network) => network.layer_name(path),
            Self::Local(network) => network.layer_name(path),
        }
    }
}
