//! Activation functions of generators.

use burn::tensor::Tensor;

use super::convolution::full_precision;
use crate::kernels::{leaky_relu, relu, tanh};

/// Slope of the leaky ReLU in the encoder of the U-Net.
pub(crate) const LEAKY_SLOPE: f64 = 0.2;

/// The slope of a leaky ReLU with this slope for negative values at each of `features`, its input. Constant almost everywhere: carries
/// no gradient.
pub(crate) fn leaky_relu_slopes(features: Tensor<4>, slope: f64) -> Tensor<4> {
    let features = features.inner();
    let slopes = Tensor::full(features.dims(), slope, &features.device());
    slopes.mask_fill(features.greater_elem(0.0), 1.0)
}

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
    /// The slope for negative values, if the function is a ReLU or leaky ReLU.
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
            // The last layer of a network: pictures and losses are computed in 32 bits.
            Self::Tanh => tanh(full_precision(input)),
        }
    }
}
