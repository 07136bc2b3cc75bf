//! The operations that generators are made of, computed at once or recorded.

use burn::tensor::Tensor;

use super::activation::Activation;
use super::blur::blur_downsample;
use super::convolution::Convolution;
use super::downsample::downsample;
use super::dropout::dropout;
use super::forward_mode::ForwardMode;
use super::latent_code::code_at_half;
use super::norm::Norm;
use super::pixel_shuffle::pixel_shuffle;
use super::prelu::Prelu;
use super::reference_batch::{ReferenceBatch, ReferenceStatistics};
use super::upsampling::{Upsampling, doubled};

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

    /// A leaky ReLU with a slope that is learnt.
    fn prelu(&mut self, layer: &'n Prelu, input: Self::Features) -> Self::Features;

    /// [`pixel_shuffle`].
    fn pixel_shuffle(&mut self, input: Self::Features, factor: usize) -> Self::Features;

    /// [`doubled`].
    fn double(&mut self, input: Self::Features) -> Self::Features;

    /// [`downsample`].
    fn downsample(&mut self, input: Self::Features) -> Self::Features;

    /// [`blur_downsample`].
    fn blur_downsample(&mut self, input: Self::Features) -> Self::Features;

    /// The planes of a latent code of this `length` at half the height and width of `input`, whose last channels they are.
    fn code_at_half(&mut self, input: Self::Features, length: usize) -> Self::Features;

    /// Adds two features of one shape.
    fn sum(&mut self, left: Self::Features, right: Self::Features) -> Self::Features;

    /// Joins the channels of both.
    fn concatenation(&mut self, first: Self::Features, second: Self::Features) -> Self::Features;
}

/// Computes each layer at once.
#[derive(Debug)]
pub(super) struct Eager<'m> {
    mode: ForwardMode<'m>,
    statistics: ReferenceStatistics,
}

impl<'m> Eager<'m> {
    /// Passes of a network without a reference batch.
    pub(super) fn new(mode: ForwardMode<'m>) -> Self {
        Self {
            mode,
            statistics: ReferenceStatistics::Absent,
        }
    }

    /// A pass of a network with `reference`, which `pass` takes through the layers first.
    pub(super) fn with_reference(
        mode: ForwardMode<'m>,
        reference: &ReferenceBatch,
        pass: impl FnOnce(&mut Self, Tensor<4>),
    ) -> Self {
        let statistics = reference.statistics(|batch, statistics| {
            let mode = ReferenceBatch::own_mode(mode);
            let mut own = Self { mode, statistics };
            pass(&mut own, batch);
            own.statistics
        });
        Self { mode, statistics }
    }

    /// Takes `reference` by `pass` through the layers of a network whose norms keep its statistics.
    pub(super) fn settle(reference: &ReferenceBatch, pass: impl FnOnce(&mut Eager<'_>, Tensor<4>)) {
        reference.settle(|batch, statistics, mode| pass(&mut Eager { mode, statistics }, batch));
    }
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
        self.statistics.forward(layer, input, self.mode)
    }

    fn dropout(&mut self, input: Tensor<4>) -> Tensor<4> {
        dropout(input, self.mode)
    }

    fn activation(&mut self, function: Activation, input: Tensor<4>) -> Tensor<4> {
        function.forward(input)
    }

    fn prelu(&mut self, layer: &Prelu, input: Tensor<4>) -> Tensor<4> {
        layer.forward(input)
    }

    fn pixel_shuffle(&mut self, input: Tensor<4>, factor: usize) -> Tensor<4> {
        pixel_shuffle(input, factor)
    }

    fn double(&mut self, input: Tensor<4>) -> Tensor<4> {
        doubled(input)
    }

    fn downsample(&mut self, input: Tensor<4>) -> Tensor<4> {
        downsample(input)
    }

    fn blur_downsample(&mut self, input: Tensor<4>) -> Tensor<4> {
        blur_downsample(input)
    }

    fn code_at_half(&mut self, input: Tensor<4>, length: usize) -> Tensor<4> {
        code_at_half(input, length)
    }

    fn sum(&mut self, left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
        left + right
    }

    fn concatenation(&mut self, first: Tensor<4>, second: Tensor<4>) -> Tensor<4> {
        Tensor::cat(vec![first, second], 1)
    }
}
