//! The operations that generators are made of, computed at once or recorded.

use burn::tensor::Tensor;

use super::activation::Activation;
use super::blur::blur_downsample;
use super::convolution::Convolution;
use super::downsample::downsample;
use super::dropout::dropout;
use super::forward_mode::ForwardMode;
use super::norm::Norm;
use super::upsampling::Upsampling;

/// The operations of a generator's layers. Generators define the order of their layers; an implementation computes each layer
/// at once, or records it to compute the whole in bands.
pub trait LayerOps<'n> {
    /// The features between two layers.
    type Features: Clone;

    /// A convolution.
    fn convolution(&mut self, layer: &'n Convolution, input: Self::Features) -> Self::Features;

    /// Doubles height and width.
    fn upsampling(&mut self, layer: &'n Upsampling, input: Self::Features) -> Self::Features;

    /// A normalisation.
    fn norm(&mut self, layer: &'n Norm, input: Self::Features) -> Self::Features;

    /// Dropout, if the forward mode asks for it.
    fn dropout(&mut self, input: Self::Features) -> Self::Features;

    /// An activation function.
    fn activation(&mut self, function: Activation, input: Self::Features) -> Self::Features;

    /// [`downsample`].
    fn downsample(&mut self, input: Self::Features) -> Self::Features;

    /// [`blur_downsample`].
    fn blur_downsample(&mut self, input: Self::Features) -> Self::Features;

    /// Adds two features of one shape.
    fn sum(&mut self, left: Self::Features, right: Self::Features) -> Self::Features;

    /// Joins the channels of both.
    fn concatenation(&mut self, first: Self::Features, second: Self::Features) -> Self::Features;
}

/// Computes each layer at once.
#[derive(Debug)]
pub(super) struct Eager<'m> {
    pub(super) mode: ForwardMode<'m>,
}

impl LayerOps<'_> for Eager<'_> {
    type Features = Tensor<4>;

    fn convolution(&mut self, layer: &Convolution, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input, self.mode)
    }

    fn upsampling(&mut self, layer: &Upsampling, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input, self.mode)
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
