//! The generator that a recipe names.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

use super::behaviour::Behaviour;
use super::initialise::Initialise;
use super::local_enhancer::LocalEnhancer;
use super::pass::{Pass, Whole};
use super::resnet::{ResnetGenerator, ResnetShape};
use super::tensors::Network;
use super::unet::Unet;
use crate::config::{GeneratorArch, GeneratorRecipe};
use crate::kernels::{Precision, ready_weight};

/// A generator of one of the architectures that recipes offer.
#[derive(Module, Debug)]
pub enum Generator {
    /// U-Net.
    Unet(Unet),
    /// ResNet generator; the global generator of pix2pixHD is one.
    Resnet(ResnetGenerator),
    /// Global generator at a smaller size, with local enhancers.
    Local(LocalEnhancer),
}

/// Makes weights ready.
struct Ready(Precision);

impl ModuleMapper for Ready {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // The scales and shifts of norms, which stay as they are, have one dimension.
        if D == 4 {
            param.map(|weight| ready_weight(weight, self.0))
        } else {
            param
        }
    }
}

impl Generator {
    /// The same for applying alone, with the weights of its convolutions ready for `precision`, which is that of its layers.
    pub fn ready(self, precision: Precision) -> Self {
        self.map(&mut Ready(precision))
    }

    /// The generator of `recipe` from `input` to `output` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        input: usize,
        output: usize,
    ) -> Self {
        let resnet = |initialise: &mut Initialise, blocks| {
            Self::Resnet(ResnetGenerator::new(
                initialise, recipe, blocks, input, output,
            ))
        };
        match recipe.arch {
            GeneratorArch::Resnet6Blocks => resnet(initialise, 6),
            GeneratorArch::Resnet9Blocks => resnet(initialise, 9),
            GeneratorArch::Global => {
                let shape = ResnetShape {
                    downsamplings: recipe.downsamplings,
                    blocks: recipe.blocks,
                    bias: true,
                    output: Some(output),
                };
                Self::Resnet(ResnetGenerator::of_shape(initialise, recipe, shape, input))
            }
            GeneratorArch::Context | GeneratorArch::ContextBottleneck => {
                unreachable!("context encoders are of mode inpaint, which makes them itself")
            }
            GeneratorArch::Local => {
                Self::Local(LocalEnhancer::new(initialise, recipe, input, output))
            }
            // The name of a U-Net is the size that its downsamplings bring to one pixel.
            GeneratorArch::Unet64
            | GeneratorArch::Unet128
            | GeneratorArch::Unet256
            | GeneratorArch::Unet512 => {
                let downsamplings = recipe.size_multiple().ilog2() as usize;
                Self::Unet(Unet::new(initialise, recipe, downsamplings, input, output))
            }
        }
    }

    /// `[batch, in, height, width]` in [-1, 1] to `[batch, out, height, width]` in [-1, 1]; height and width are
    /// multiples of [`GeneratorRecipe::size_multiple`] and at least [`GeneratorRecipe::smallest_size`].
    pub fn forward(&self, input: Tensor<4>, behaviour: Behaviour) -> Tensor<4> {
        self.through(&mut Whole { behaviour }, input)
    }

    /// The layers in their order; sizes as for [`forward`](Self::forward).
    pub fn through<'n, P: Pass<'n>>(&'n self, pass: &mut P, input: P::Features) -> P::Features {
        match self {
            Self::Unet(unet) => unet.through(pass, input),
            Self::Resnet(resnet) => resnet.through(pass, input),
            Self::Local(local) => local.through(pass, input),
        }
    }

    /// The generator with all but its last enhancer fixed: no gradients are computed for the rest.
    pub fn with_fixed_base(self) -> Self {
        match self {
            Self::Local(local) => Self::Local(local.with_fixed_base()),
            other => other,
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
            Self::Local(local) => local.layer_name(path),
        }
    }
}
