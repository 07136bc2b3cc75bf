//! The generator that a recipe names.

use burn::module::Module;
use burn::tensor::Tensor;

use super::behaviour::Behaviour;
use super::initialise::Initialise;
use super::resnet::ResnetGenerator;
use super::tensors::Network;
use super::unet::Unet;
use crate::config::{GeneratorArch, GeneratorRecipe};

/// A generator of one of the architectures that recipes offer.
#[derive(Module, Debug)]
pub enum Generator {
    /// U-Net.
    Unet(Unet),
    /// ResNet generator.
    Resnet(ResnetGenerator),
}

impl Generator {
    /// Height and width that every generator can take: smaller ones leave nothing to mirror at its inner sizes.
    pub const SMALLEST_SIDE: usize = 8;

    /// The generator of `recipe` from `input` to `output` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        input: usize,
        output: usize,
    ) -> Self {
        let blocks = match recipe.arch {
            GeneratorArch::Resnet6Blocks => 6,
            GeneratorArch::Resnet9Blocks => 9,
            GeneratorArch::Context | GeneratorArch::ContextBottleneck => {
                unreachable!("context encoders are of mode inpaint, which makes them itself")
            }
            // The name of a U-Net is the size that its downsamplings bring to one pixel.
            arch => {
                let downsamplings = arch.size_multiple().ilog2() as usize;
                return Self::Unet(Unet::new(initialise, recipe, downsamplings, input, output));
            }
        };
        Self::Resnet(ResnetGenerator::new(
            initialise, recipe, blocks, input, output,
        ))
    }

    /// `[batch, in, height, width]` in [-1, 1] to `[batch, out, height, width]` in [-1, 1]; height and width are
    /// multiples of [`GeneratorArch::size_multiple`] and at least [`Generator::SMALLEST_SIDE`].
    pub fn forward(&self, input: Tensor<4>, behaviour: Behaviour) -> Tensor<4> {
        match self {
            Self::Unet(unet) => unet.forward(input, behaviour),
            Self::Resnet(resnet) => resnet.forward(input, behaviour),
        }
    }
}

impl Network for Generator {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or(path, |(_, rest)| rest);
        match self {
            Self::Unet(unet) => unet.layer_name(path),
            Self::Resnet(resnet) => resnet.layer_name(path),
        }
    }
}
