//! The discriminator that a recipe names.

use burn::module::Module;
use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::patch_gan::{PatchGan, PixelGan};
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::{DiscriminatorArch, DiscriminatorRecipe};

/// A discriminator of one of the architectures that recipes offer.
#[derive(Module, Debug)]
pub enum Discriminator {
    /// PatchGAN.
    Patch(PatchGan),
    /// PixelGAN.
    Pixel(PixelGan),
}

impl Discriminator {
    /// The discriminator of `recipe` for pictures with `input` channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        match recipe.arch {
            // Several sizes are judged by a network of its own (pix2pixHD).
            DiscriminatorArch::Patch | DiscriminatorArch::Multiscale => {
                Self::Patch(PatchGan::new(init, recipe, input))
            }
            DiscriminatorArch::Context => {
                unreachable!("the context discriminator is of mode inpaint, which makes it itself")
            }
            DiscriminatorArch::Pixel => Self::Pixel(PixelGan::new(init, recipe, input)),
        }
    }

    /// `[batch, in, height, width]` to logits, `[batch, 1, height', width']`: one for each patch.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Patch(patch) => patch.forward(input, mode),
            Self::Pixel(pixel) => pixel.forward(input, mode),
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
}
