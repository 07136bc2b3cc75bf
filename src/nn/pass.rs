//! What a forward pass does at each layer of a generator, apart from the order of the layers.

use burn::tensor::Tensor;
use burn::tensor::activation::tanh;

use super::behaviour::Behaviour;
use super::blur::blur_downsample;
use super::convolution::{Convolution, Upsampling, full_precision};
use super::dropout::dropout;
use super::local_enhancer::half_size;
use super::norm::Norm;
use super::unet::LEAKY_SLOPE;
use crate::kernels::{leaky_relu, relu};

/// An activation function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// ReLU.
    Relu,
    /// Leaky ReLU with the slope of pix2pix.
    LeakyRelu,
    /// Hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The slope of what is negative, where the function is a ReLU or leaky ReLU.
    pub(super) fn slope(self) -> Option<f64> {
        match self {
            Self::Relu => Some(0.0),
            Self::LeakyRelu => Some(LEAKY_SLOPE),
            Self::Tanh => None,
        }
    }

    pub(super) fn forward(self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Relu => relu(input),
            Self::LeakyRelu => leaky_relu(input, LEAKY_SLOPE),
            // The last layer of a network: pictures and losses are calculated in 32 bits.
            Self::Tanh => tanh(full_precision(input)),
        }
    }
}

/// A forward pass. Generators say which layers follow on which; a pass computes each at once, or notes them down to compute
/// them in bands.
pub trait Pass<'n> {
    /// What lies between two layers.
    type Features: Clone;

    /// A convolution.
    fn convolution(&mut self, layer: &'n Convolution, input: Self::Features) -> Self::Features;

    /// A doubling of height and width.
    fn upsampling(&mut self, layer: &'n Upsampling, input: Self::Features) -> Self::Features;

    /// A normalisation.
    fn norm(&mut self, layer: &'n Norm, input: Self::Features) -> Self::Features;

    /// Dropout, where the pass drops.
    fn dropout(&mut self, input: Self::Features) -> Self::Features;

    /// An activation function.
    fn activation(&mut self, function: Activation, input: Self::Features) -> Self::Features;

    /// [`half_size`].
    fn half_size(&mut self, input: Self::Features) -> Self::Features;

    /// [`blur_downsample`].
    fn blur_downsample(&mut self, input: Self::Features) -> Self::Features;

    /// The sum.
    fn sum(&mut self, left: Self::Features, right: Self::Features) -> Self::Features;

    /// The channels of one after those of the other.
    fn concatenation(&mut self, first: Self::Features, second: Self::Features) -> Self::Features;
}

/// The pass that computes each layer at once.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) behaviour: Behaviour,
}

impl Pass<'_> for Whole {
    type Features = Tensor<4>;

    fn convolution(&mut self, layer: &Convolution, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input)
    }

    fn upsampling(&mut self, layer: &Upsampling, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input)
    }

    fn norm(&mut self, layer: &Norm, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input, self.behaviour)
    }

    fn dropout(&mut self, input: Tensor<4>) -> Tensor<4> {
        dropout(input, self.behaviour)
    }

    fn activation(&mut self, function: Activation, input: Tensor<4>) -> Tensor<4> {
        function.forward(input)
    }

    fn half_size(&mut self, input: Tensor<4>) -> Tensor<4> {
        half_size(input)
    }

    fn blur_downsample(&mut self, input: Tensor<4>) -> Tensor<4> {
        blur_downsample(input)
    }

    fn sum(&mut self, left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
        left + right
    }

    fn concatenation(&mut self, first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
        Tensor::cat(vec![first, second], 1)
    }
}
