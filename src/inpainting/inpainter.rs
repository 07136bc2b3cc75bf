//! The network that fills holes.

use burn::module::Module;
use burn::tensor::Tensor;

use super::context_encoder::ContextEncoder;
use super::continuation::continued;
use crate::config::{HoleFill, Recipe};
use crate::nn::{ForwardMode, Generator, Network, WeightInit};

/// A network that predicts what is in the holes of a picture.
#[derive(Module, Debug)]
pub enum Inpainter {
    /// A context encoder: sees the picture with one colour in its holes.
    Context(ContextEncoder),
    /// A generator of the other modes, U-Net or ResNet: sees the mask as one more channel.
    WithMask(Generator),
    /// Such a generator that also sees a smooth continuation in the holes, and adds to it.
    Continuing(Continuing),
}

/// A generator and what it continues with.
#[derive(Module, Debug)]
pub struct Continuing {
    network: Generator,
    /// Halvings of the picture for the continuation.
    #[module(skip)]
    levels: usize,
}

impl Inpainter {
    /// Creates the network of `recipe`, whose mode is inpaint.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let (generator, channels) = (&recipe.generator, recipe.data.input_channels);
        if generator.arch.is_context_encoder() {
            let (side, output) = (recipe.data.crop_size, recipe.discriminator_side());
            let network = ContextEncoder::new(init, generator, side, output, channels);
            return Self::Context(network);
        }
        let network = Generator::new(init, generator, channels + 1, channels);
        match generator.hole_fill {
            HoleFill::Mean => Self::WithMask(network),
            HoleFill::Smooth => Self::Continuing(Continuing {
                network,
                levels: generator.size_multiple().ilog2() as usize,
            }),
        }
    }

    /// Predicts the content of the holes in `picture`, `[batch, channels, side, side]` in [-1, 1], where `mask`,
    /// `[batch, 1, side, side]`, is 1: the whole picture, or its middle if the recipe says so.
    pub fn forward(&self, picture: Tensor<4>, mask: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Context(network) => network.forward(picture, mode),
            Self::WithMask(network) => network.forward(Tensor::cat(vec![picture, mask], 1), mode),
            Self::Continuing(Continuing { network, levels }) => {
                let smooth = continued(picture, mask.clone(), *levels);
                let input = Tensor::cat(vec![smooth.clone(), mask], 1);
                (network.forward(input, mode) + smooth).clamp(-1.0, 1.0)
            }
        }
    }
}

impl Network for Inpainter {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or(path, |(_, rest)| rest);
        match self {
            Self::Context(network) => network.layer_name(path),
            Self::WithMask(network) => network.layer_name(path),
            Self::Continuing(Continuing { network, .. }) => {
                network.layer_name(path.split_once('.').map_or(path, |(_, rest)| rest))
            }
        }
    }
}
