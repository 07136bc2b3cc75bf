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
use super::halving::global_sum;
use super::minibatch_deviation::{minibatch_deviation, minibatch_deviation_gradient};
use super::reference_batch::{ReferenceBatch, ReferenceStatistics};
use super::tensors::Network;
use crate::kernels::{leaky_relu, relu};

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

/// What layers have made of an input, and the way back through them.
pub struct Trace<'n> {
    output: Tensor<4>,
    steps: Vec<Step<'n>>,
}

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
    let trace = Trace::with_reference(layers, input, mode, reference);
    // Of the logits themselves only the number matters.
    let [batch, _, height, width] = trace.output.dims();
    let logits = [batch, 1, last.output_side(height), last.output_side(width)];
    let ones = Tensor::ones(logits, &trace.output.device().inner());
    let gradient = last.input_gradient(ones, last.weight_in_use(mode), [height, width]);
    trace.input_gradient(gradient)
}

impl<'n> Trace<'n> {
    /// Before all layers.
    pub fn new(input: Tensor<4>) -> Self {
        Self {
            output: input,
            steps: Vec::new(),
        }
    }

    /// What has come out of the layers so far.
    pub fn output(&self) -> Tensor<4> {
        self.output.clone()
    }

    /// The gradient with respect to the input, from that of the output. Gradients flow through it to the parameters.
    pub fn input_gradient(self, gradient: Tensor<4>) -> Tensor<4> {
        let back = |gradient, step: Step<'n>| step(gradient);
        self.steps.into_iter().rev().fold(gradient, back)
    }

    /// After something else that has made `output` of the output so far, and whose way back is `step`.
    pub fn then(
        mut self,
        output: Tensor<4>,
        step: impl FnOnce(Tensor<4>) -> Tensor<4> + 'n,
    ) -> Self {
        self.output = output;
        self.steps.push(Box::new(step));
        self
    }

    /// After these layers, without a reference batch.
    pub fn through(self, layers: &[DiscriminatorLayer<'n>], mode: ForwardMode) -> Self {
        self.through_with(layers, mode, ReferenceStatistics::Absent)
    }

    /// Takes `input` through these layers.
    fn with_reference(
        layers: &[DiscriminatorLayer<'n>],
        input: Tensor<4>,
        mode: ForwardMode,
        reference: &ReferenceBatch,
    ) -> Self {
        let statistics = reference_statistics(layers, mode, reference);
        Self::new(input).through_with(layers, mode, statistics)
    }

    fn through_with(
        self,
        layers: &[DiscriminatorLayer<'n>],
        mode: ForwardMode,
        mut statistics: ReferenceStatistics,
    ) -> Self {
        let next = |trace: Self, &layer: &DiscriminatorLayer<'n>| {
            trace.after(layer, mode, &mut statistics)
        };
        layers.iter().fold(self, next)
    }

    fn after(
        self,
        layer: DiscriminatorLayer<'n>,
        mode: ForwardMode,
        statistics: &mut ReferenceStatistics,
    ) -> Self {
        let features = self.output();
        let [batch, channels, height, width] = features.dims();
        let size = [height, width];
        match layer {
            DiscriminatorLayer::Convolution(layer) => {
                let weight = layer.weight_in_use(mode);
                let output = layer.forward_with(features, weight.clone());
                self.then(output, move |gradient| {
                    layer.input_gradient(gradient, weight, size)
                })
            }
            DiscriminatorLayer::Equalised(layer) => {
                let weight = layer.weight_in_use();
                let output = layer.forward_with(features, weight.clone());
                self.then(output, move |gradient| {
                    layer.input_gradient(gradient, weight)
                })
            }
            DiscriminatorLayer::Norm(layer) => {
                let (output, trace) = statistics.traced(layer, features);
                self.then(output, move |gradient| {
                    layer.input_gradient(gradient, trace)
                })
            }
            DiscriminatorLayer::LeakyRelu => {
                let output = leaky_relu(features.clone(), LEAKY_SLOPE);
                self.then(output, move |gradient| {
                    gradient * leaky_relu_slopes(features, LEAKY_SLOPE)
                })
            }
            DiscriminatorLayer::Relu => {
                let output = relu(features.clone());
                self.then(output, move |gradient| {
                    gradient * leaky_relu_slopes(features, 0.0)
                })
            }
            DiscriminatorLayer::MinibatchDeviation => {
                let output = minibatch_deviation(features.clone());
                self.then(output, move |gradient| {
                    minibatch_deviation_gradient(gradient, features)
                })
            }
            DiscriminatorLayer::MinibatchDiscrimination(layer) => {
                let weight = layer.weight_in_use(mode);
                let output = layer.forward_with(features.clone(), weight.clone());
                self.then(output, move |gradient| {
                    layer.input_gradient(gradient, features, weight)
                })
            }
            DiscriminatorLayer::BlurDownsample => self
                .then(blur_downsample(features), move |gradient| {
                    blur_downsample_gradient(gradient, size)
                }),
            DiscriminatorLayer::Halve(halving) => self
                .then(halving.forward(features), move |gradient| {
                    halving.gradient(gradient)
                }),
            DiscriminatorLayer::GlobalSum => self.then(global_sum(features), move |gradient| {
                gradient.expand([batch, channels, height, width])
            }),
        }
    }
}
