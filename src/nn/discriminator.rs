//! The discriminators that recipes offer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::input_gradient::Critic;
use super::patch_gan::{PatchGan, PixelGan};
use super::reference_batch::ReferenceBatch;
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::{DiscriminatorArch, DiscriminatorRecipe};

/// A discriminator of the architecture that a recipe names.
#[derive(Module, Debug)]
pub enum Discriminator {
    /// PatchGAN.
    Patch(PatchGan),
    /// PixelGAN.
    Pixel(PixelGan),
}

impl Discriminator {
    /// Creates the discriminator of `recipe` for pictures with `input` channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        match recipe.arch {
            // pix2pixHD has its own network for several sizes.
            DiscriminatorArch::Patch | DiscriminatorArch::Multiscale => {
                Self::Patch(PatchGan::new(init, recipe, input))
            }
            DiscriminatorArch::Pixel => Self::Pixel(PixelGan::new(init, recipe, input)),
            other => unreachable!("\"{}\" is made by its mode, not here", other.name()),
        }
    }

    /// Maps `[batch, in, height, width]` to one logit per patch, `[batch, 1, height', width']`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Patch(patch) => patch.forward(input, mode),
            Self::Pixel(pixel) => pixel.forward(input, mode),
        }
    }
}

impl Critic for Discriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        vec![match self {
            Self::Patch(patch) => patch.features(input, mode),
            Self::Pixel(pixel) => pixel.features(input, mode),
        }]
    }

    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Patch(patch) => patch.input_gradient(input, mode),
            Self::Pixel(pixel) => pixel.input_gradient(input, mode),
        }
    }
}

impl Network for Discriminator {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or(path, |(_, rest)| rest);
        match self {
            Self::Patch(patch) => patch.layer_name(path),
            Self::Pixel(pixel) => pixel.layer_name(path),
        }
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        match self {
            Self::Patch(patch) => patch.set_reference(batch),
            Self::Pixel(pixel) => pixel.set_reference(batch),
        }
    }

    fn settle_reference(&self) {
        match self {
            Self::Patch(patch) => patch.settle_reference(),
            Self::Pixel(pixel) => pixel.settle_reference(),
        }
    }
}
