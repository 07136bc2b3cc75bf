//! The gradient of a discriminator with respect to its input, as a function that can be differentiated.
//!
//! Gradient penalties are losses of this gradient, so that their own gradients are of second order. Automatic differentiation
//! is of first order here: the backward pass to the input is therefore written as ordinary operations on the weights and the
//! features, each layer's beside its forward pass, and differentiated once.

use burn::tensor::Tensor;

use super::activation::{LEAKY_SLOPE, leaky_relu_slopes};
use super::blur::{blur_downsample, blur_downsample_gradient};
use super::discriminator_layer::{DiscriminatorLayer, reference_statistics};
use super::forward_mode::ForwardMode;
use super::minibatch_deviation::{minibatch_deviation, minibatch_deviation_gradient};
use super::reference_batch::ReferenceBatch;
use super::tensors::Network;
use crate::kernels::leaky_relu;

/// What losses ask of a discriminator besides its logits: what its layers make of a picture, and a differentiable input gradient.
pub trait Critic: Network {
    /// Maps `[batch, in, height, width]` to the outputs of all activations at every size, the full size first:
    /// `[batch, channels, height', width']`, and at the end of each size the logits.
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>>;

    /// The gradient of the sum of all logits with respect to `input`, `[batch, channels, height, width]`: the same shape.
    /// Gradients flow through it to the parameters, and none to `input`.
    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4>;
}

/// Takes the gradient behind a layer to the gradient before it.
type Step<'n> = Box<dyn FnOnce(Tensor<4>) -> Tensor<4> + 'n>;

/// [`Critic::input_gradient`] of a discriminator with these `layers`, the last of which is a convolution.
pub fn input_gradient(
    layers: &[DiscriminatorLayer<'_>],
    input: Tensor<4>,
    mode: ForwardMode,
    reference: &ReferenceBatch,
) -> Tensor<4> {
    let Some((&DiscriminatorLayer::Convolution(last), layers)) = layers.split_last() else {
        unreachable!("the last layer of a discriminator is a convolution")
    };
    input_gradient_before(layers, input, mode, reference, |features| {
        // Of the logits themselves only the number matters.
        let [batch, _, height, width] = features.dims();
        let logits = [batch, 1, last.output_side(height), last.output_side(width)];
        let ones = Tensor::ones(logits, &features.device().inner());
        last.input_gradient(ones, last.weight_in_use(mode), [height, width])
    })
}

/// The gradient with respect to the input of these `layers` of something that comes after them: `behind` makes of their output the
/// gradient with respect to it.
pub fn input_gradient_before<'n>(
    layers: &[DiscriminatorLayer<'n>],
    input: Tensor<4>,
    mode: ForwardMode,
    reference: &ReferenceBatch,
    behind: impl FnOnce(Tensor<4>) -> Tensor<4>,
) -> Tensor<4> {
    let mut statistics = reference_statistics(layers, mode, reference);
    let mut features = input;
    let mut steps: Vec<Step<'n>> = Vec::with_capacity(layers.len());
    for &layer in layers {
        let [_, _, height, width] = features.dims();
        let size = [height, width];
        match layer {
            DiscriminatorLayer::Convolution(layer) => {
                let weight = layer.weight_in_use(mode);
                features = layer.forward_with(features, weight.clone());
                steps.push(Box::new(move |gradient| {
                    layer.input_gradient(gradient, weight, size)
                }));
            }
            DiscriminatorLayer::Norm(layer) => {
                let (output, trace) = statistics.traced(layer, features);
                features = output;
                steps.push(Box::new(move |gradient| {
                    layer.input_gradient(gradient, trace)
                }));
            }
            DiscriminatorLayer::LeakyRelu => {
                let slopes = leaky_relu_slopes(features.clone());
                features = leaky_relu(features, LEAKY_SLOPE);
                steps.push(Box::new(move |gradient| gradient * slopes));
            }
            DiscriminatorLayer::MinibatchDeviation => {
                let before = features.clone();
                features = minibatch_deviation(features);
                steps.push(Box::new(move |gradient| {
                    minibatch_deviation_gradient(gradient, before)
                }));
            }
            DiscriminatorLayer::MinibatchDiscrimination(layer) => {
                let (weight, before) = (layer.weight_in_use(mode), features.clone());
                features = layer.forward_with(features, weight.clone());
                steps.push(Box::new(move |gradient| {
                    layer.input_gradient(gradient, before, weight)
                }));
            }
            DiscriminatorLayer::BlurDownsample => {
                features = blur_downsample(features);
                steps.push(Box::new(move |gradient| {
                    blur_downsample_gradient(gradient, size)
                }));
            }
        }
    }
    let back = |gradient, step: Step<'n>| step(gradient);
    steps.into_iter().rev().fold(behind(features), back)
}
