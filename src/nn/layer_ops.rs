//! What a forward pass does at each layer of a generator, apart from the order of the layers.

use burn::tensor::Tensor;

use super::activation::Activation;
use super::convolution::{Convolution, Upsampling};
use super::downsample::downsample;
use super::dropout::dropout;
use super::forward_mode::ForwardMode;
use super::norm::Norm;

/// A forward pass. Generators say which layers follow on which; a pass computes each at once, or notes them down to compute
/// them in bands.
pub trait LayerOps<'n> {
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

    /// [`downsample`].
    fn downsample(&mut self, input: Self::Features) -> Self::Features;

    /// The sum.
    fn sum(&mut self, left: Self::Features, right: Self::Features) -> Self::Features;

    /// The channels of one after those of the other.
    fn concatenation(&mut self, first: Self::Features, second: Self::Features) -> Self::Features;
}

/// The pass that computes each layer at once.
#[derive(Debug)]
pub(super) struct Eager {
    pub(super) mode: ForwardMode,
}

impl LayerOps<'_> for Eager {
    type Features = Tensor<4>;

    fn convolution(&mut self, layer: &Convolution, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input)
    }

    fn upsampling(&mut self, layer: &Upsampling, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input)
    }

    fn norm(&mut self, layer: &Norm, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input, self.mode)
    }

    fn dropout(&mut self, input: Tensor<4>) -> Tensor<4> {
        dropout(input, self.mode)
    }

    fn activation(&mut self, function: Activation, input: Tensor<4>) -> Tensor<4> {
        function.forward(input)
    }

    fn downsample(&mut self, input: Tensor<4>) -> Tensor<4> {
        downsample(input)
    }

    fn sum(&mut self, left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
        left + right
    }

    fn concatenation(&mut self, first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
        Tensor::cat(vec![first, second], 1)
    }
}
