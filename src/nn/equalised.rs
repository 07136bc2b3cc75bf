//! Convolutions with an equalised learning rate.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::weight_init::WeightInit;
use crate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, transposed_convolution,
};

/// A convolution of stride 1 whose weight begins as standard normal and is divided by the root of its inputs as it computes, so that an
/// optimiser that takes steps of one size, as Adam does, changes all layers at the same pace.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018, section 4.1.
#[derive(Module, Debug)]
pub struct EqualisedConvolution {
    /// `[out, in, kernel, kernel]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    scale: f64,
    #[module(skip)]
    pace: f64,
    #[module(skip)]
    padding: usize,
    #[module(skip)]
    precision: Precision,
}

/// Added to mean squares of features and squared lengths of filters in networks of such layers.
pub const SQUARES_EPSILON: f64 = 1e-8;

/// How a layer is scaled.
#[derive(Debug, Clone, Copy)]
pub struct Equalisation {
    /// By which outputs are multiplied: the root of 2 where a leaky ReLU follows, else 1.
    pub gain: f64,
    /// By which learning is slower than in other layers: 1, or less.
    pub pace: f64,
    /// The bias at the start, if there is one.
    pub bias: Option<f32>,
}

impl Equalisation {
    /// Of a layer before a leaky ReLU.
    pub const ACTIVATED: Self = Self {
        gain: std::f64::consts::SQRT_2,
        pace: 1.0,
        bias: Some(0.0),
    };

    /// The same in a mapping network, which learns a hundred times slower than others.
    pub const MAPPING: Self = Self {
        pace: 0.01,
        ..Self::ACTIVATED
    };

    /// Of a layer without an activation.
    pub const LINEAR: Self = Self {
        gain: 1.0,
        pace: 1.0,
        bias: Some(0.0),
    };

    /// By what the weight of a layer with so many values before each output is multiplied.
    pub fn scale(self, fan_in: usize) -> f64 {
        self.gain * self.pace / (fan_in as f64).sqrt()
    }
}

impl EqualisedConvolution {
    /// Creates a layer from `channels` inputs to so many outputs, with a padding of zeros.
    pub fn new(
        init: &mut WeightInit,
        [input, output]: [usize; 2],
        [kernel, padding]: [usize; 2],
        equalisation: Equalisation,
    ) -> Self {
        let Equalisation { pace, bias, .. } = equalisation;
        Self {
            weight: init.standard_normal([output, input, kernel, kernel], 1.0 / pace),
            bias: bias.map(|bias| init.constant(bias / pace as f32, output)),
            scale: equalisation.scale(input * kernel * kernel),
            pace,
            padding,
            precision: init.precision(),
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.forward_with(input, self.weight_in_use())
    }

    /// The weight as the layer computes with it.
    pub fn weight_in_use(&self) -> Tensor<4> {
        self.weight.val() * self.scale
    }

    /// [`forward`](Self::forward) with the [weight in use](Self::weight_in_use).
    pub(super) fn forward_with(&self, input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let shape = ConvolutionShape {
            stride: 1,
            padding: self.padding,
            precision: self.precision,
        };
        let bias = self.bias.as_ref().map(|bias| bias.val() * self.pace);
        convolution(input, weight, bias, shape)
    }

    /// The gradient of the output with respect to the input, from that of the output, with the
    /// [weight in use](Self::weight_in_use). Gradients flow through it to the weight.
    pub fn input_gradient(&self, gradient: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let shape = TransposedConvolutionShape {
            stride: 1,
            padding: self.padding,
            output_padding: 0,
            precision: self.precision,
        };
        transposed_convolution(gradient, weight, None, shape)
    }
}
