//! The layers of a discriminator, in the order in which its forward pass and its input gradient go through them.

use burn::tensor::Tensor;

use super::activation::LEAKY_SLOPE;
use super::blur::blur_downsample;
use super::convolution::{Convolution, full_precision};
use super::equalised::EqualisedConvolution;
use super::forward_mode::ForwardMode;
use super::halving::{Halving, global_sum};
use super::minibatch_deviation::minibatch_deviation;
use super::minibatch_discrimination::MinibatchDiscrimination;
use super::norm::Norm;
use super::reference_batch::{ReferenceBatch, ReferenceStatistics};
use crate::kernels::{leaky_relu, relu};

/// A layer of a discriminator. The last one of each discriminator is a convolution, whose output is the logits.
#[derive(Debug, Clone, Copy)]
pub enum DiscriminatorLayer<'n> {
    /// A convolution with a padding of zeros.
    Convolution(&'n Convolution),
    /// A normalisation.
    Norm(&'n Norm),
    /// A convolution whose weight is scaled as it computes.
    Equalised(&'n EqualisedConvolution),
    /// Leaky ReLU.
    LeakyRelu,
    /// ReLU.
    Relu,
    /// [`blur_downsample`].
    BlurDownsample,
    /// The deviation over groups of pictures, one more channel.
    MinibatchDeviation,
    /// How like the others of its batch each picture is, one more channel for each kernel.
    MinibatchDiscrimination(&'n MinibatchDiscrimination),
    /// Half of height and width.
    Halve(Halving),
    /// The sum over all places.
    GlobalSum,
}

impl DiscriminatorLayer<'_> {
    /// Maps `[batch, channels, height, width]` to the features after the layer.
    fn forward(
        &self,
        input: Tensor<4>,
        mode: ForwardMode,
        statistics: &mut ReferenceStatistics,
    ) -> Tensor<4> {
        match self {
            Self::Convolution(layer) => layer.forward(input, mode),
            Self::Norm(layer) => statistics.forward(layer, input, mode),
            Self::Equalised(layer) => layer.forward(input),
            Self::LeakyRelu => leaky_relu(input, LEAKY_SLOPE),
            Self::Relu => relu(input),
            Self::BlurDownsample => blur_downsample(input),
            Self::MinibatchDeviation => minibatch_deviation(input),
            Self::MinibatchDiscrimination(layer) => layer.forward(input, mode),
            Self::Halve(halving) => halving.forward(input),
            Self::GlobalSum => global_sum(input),
        }
    }
}

/// The logits of a discriminator with these `layers` and this reference batch, `[batch, 1, height', width']`.
pub fn discriminator_logits(
    layers: &[DiscriminatorLayer<'_>],
    input: Tensor<4>,
    mode: ForwardMode,
    reference: &ReferenceBatch,
) -> Tensor<4> {
    let mut statistics = reference_statistics(layers, mode, reference);
    full_precision(through(layers, input, mode, &mut statistics))
}

/// Maps `[batch, channels, height, width]` to the features after these `layers`, without a reference batch.
pub fn discriminator_part(
    layers: &[DiscriminatorLayer<'_>],
    input: Tensor<4>,
    mode: ForwardMode,
) -> Tensor<4> {
    through(layers, input, mode, &mut ReferenceStatistics::Absent)
}

/// The statistics of the reference batch in these `layers`.
pub(super) fn reference_statistics(
    layers: &[DiscriminatorLayer<'_>],
    mode: ForwardMode,
    reference: &ReferenceBatch,
) -> ReferenceStatistics {
    reference.statistics(|batch, mut statistics| {
        let mode = ReferenceBatch::own_mode(mode);
        let _ = through(to_last_norm(layers), batch, mode, &mut statistics);
        statistics
    })
}

/// Lets the norms among `layers` keep the statistics of the reference batch.
pub(super) fn settle_reference(layers: &[DiscriminatorLayer<'_>], reference: &ReferenceBatch) {
    reference.settle(|batch, mut statistics, mode| {
        let _ = through(to_last_norm(layers), batch, mode, &mut statistics);
    });
}

fn through(
    layers: &[DiscriminatorLayer<'_>],
    input: Tensor<4>,
    mode: ForwardMode,
    statistics: &mut ReferenceStatistics,
) -> Tensor<4> {
    let next = |features, layer: &DiscriminatorLayer<'_>| layer.forward(features, mode, statistics);
    layers.iter().fold(input, next)
}

/// The layers up to the last norm.
fn to_last_norm<'l, 'n>(layers: &'l [DiscriminatorLayer<'n>]) -> &'l [DiscriminatorLayer<'n>] {
    let is_norm = |layer: &DiscriminatorLayer<'_>| matches!(layer, DiscriminatorLayer::Norm(_));
    let last = layers.iter().rposition(is_norm);
    &layers[..last.map_or(0, |last| last + 1)]
}

/// What comes out of each activation, and the logits at the end.
pub fn discriminator_features(
    layers: &[DiscriminatorLayer<'_>],
    input: Tensor<4>,
    mode: ForwardMode,
    reference: &ReferenceBatch,
) -> Vec<Tensor<4>> {
    let mut statistics = reference_statistics(layers, mode, reference);
    let mut results = Vec::new();
    let mut features = input;
    for layer in layers {
        features = layer.forward(features, mode, &mut statistics);
        if matches!(layer, DiscriminatorLayer::LeakyRelu) {
            results.push(full_precision(features.clone()));
        }
    }
    results.push(full_precision(features));
    results
}
