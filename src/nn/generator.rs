//! The generators that recipes offer.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::layer_ops::LayerOps;
use super::local_enhancer::LocalEnhancer;
use super::reference_batch::ReferenceBatch;
use super::resnet::{ResnetConfig, ResnetGenerator};
use super::srresnet::Srresnet;
use super::tensors::Network;
use super::unet::Unet;
use super::weight_init::WeightInit;
use crate::config::{GeneratorArch, GeneratorRecipe, NormKind, Upsample};
use crate::kernels::{Precision, prepack_weight};

/// A generator of the architecture that a recipe names.
#[derive(Module, Debug)]
pub enum Generator {
    /// U-Net.
    Unet(Unet),
    /// ResNet generator; the global generator of pix2pixHD is one.
    Resnet(ResnetGenerator),
    /// Global generator at a smaller size, with local enhancers.
    Local(LocalEnhancer),
    /// Generator of super-resolution.
    Srresnet(Srresnet),
}

/// Prepacks the weights of convolutions.
struct Prepack {
    precision: Precision,
    /// How features are enlarged.
    upsample: Upsample,
    /// Whether the layer that is visited is a transposed convolution.
    is_transposed: bool,
}

impl ModuleMapper for Prepack {
    fn enter_module(&mut self, _: &str, container: &str) {
        self.is_transposed = match container {
            "Struct:TransposedConvolution" => true,
            "Struct:Upsampling" => self.upsample == Upsample::Deconv,
            _ => false,
        };
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Scales and shifts of norms have one dimension and stay as they are.
        if D == 4 {
            param.map(|weight| prepack_weight(weight, self.is_transposed, self.precision))
        } else {
            param
        }
    }
}

impl Generator {
    /// Converts the weights of convolutions once to the type and layout of `precision`, the precision of the layers. The
    /// result is for inference only. Weights with a norm of their own stay, since they are divided by it.
    pub fn prepack_weights(self, recipe: &GeneratorRecipe, precision: Precision) -> Self {
        if recipe.norm == NormKind::Spectral {
            return self;
        }
        self.map(&mut Prepack {
            precision,
            upsample: recipe.upsample,
            is_transposed: false,
        })
    }

    /// Creates the generator of `recipe` from `input` to `output` channels. A [latent code](super::with_code) comes after the `input`.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        input: usize,
        output: usize,
    ) -> Self {
        let resnet = |init: &mut WeightInit, blocks| {
            Self::Resnet(ResnetGenerator::new(init, recipe, blocks, input, output))
        };
        match recipe.arch {
            GeneratorArch::Resnet6Blocks => resnet(init, 6),
            GeneratorArch::Resnet9Blocks => resnet(init, 9),
            GeneratorArch::Global => {
                let config = ResnetConfig {
                    downsamplings: recipe.downsamplings,
                    blocks: recipe.blocks,
                    bias: true,
                    output: Some(output),
                };
                Self::Resnet(ResnetGenerator::from_config(init, recipe, config, input))
            }
            GeneratorArch::Srresnet => Self::Srresnet(Srresnet::new(init, recipe, input, output)),
            GeneratorArch::Local => Self::Local(LocalEnhancer::new(init, recipe, input, output)),
            // A U-Net is named after the size that its downsamplings reduce to one pixel.
            GeneratorArch::Unet64
            | GeneratorArch::Unet128
            | GeneratorArch::Unet256
            | GeneratorArch::Unet512 => {
                let downsamplings = recipe.size_multiple().ilog2() as usize;
                Self::Unet(Unet::new(init, recipe, downsamplings, input, output))
            }
            other => unreachable!("\"{}\" is made by its mode, not here", other.name()),
        }
    }

    /// Maps `[batch, in, height, width]` to `[batch, out, scale * height, scale * width]`, both in [-1, 1], with the scale of the
    /// recipe. Height and width are multiples of [`GeneratorRecipe::size_multiple`] and at least [`GeneratorRecipe::min_size`].
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Unet(unet) => unet.forward(input, mode),
            Self::Resnet(resnet) => resnet.forward(input, mode),
            Self::Local(local) => local.forward(input, mode),
            Self::Srresnet(srresnet) => srresnet.forward(input, mode),
        }
    }

    /// Runs the layers in order on `ops`; sizes as for [`forward`](Self::forward).
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        match self {
            Self::Unet(unet) => unet.forward_with(ops, input),
            Self::Resnet(resnet) => resnet.forward_with(ops, input),
            Self::Local(local) => local.forward_with(ops, input),
            Self::Srresnet(srresnet) => srresnet.forward_with(ops, input),
        }
    }

    /// Freezes all but the last enhancer: no gradients are computed for the rest.
    pub fn with_frozen_base(self) -> Self {
        match self {
            Self::Local(local) => Self::Local(local.with_frozen_base()),
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
            Self::Srresnet(srresnet) => srresnet.layer_name(path),
        }
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        match self {
            Self::Unet(unet) => unet.set_reference(batch),
            Self::Resnet(resnet) => resnet.set_reference(batch),
            Self::Local(local) => local.set_reference(batch),
            Self::Srresnet(srresnet) => srresnet.set_reference(batch),
        }
    }

    fn settle_reference(&self) {
        match self {
            Self::Unet(unet) => unet.settle_reference(),
            Self::Resnet(resnet) => resnet.settle_reference(),
            Self::Local(local) => local.settle_reference(),
            Self::Srresnet(srresnet) => srresnet.settle_reference(),
        }
    }
}
