//! Activation functions. At 0 the gradient is that of the negative side, as in PyTorch.

use burn::tensor::{Tensor, activation};

#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};
#[cfg(feature = "flex")]
use super::flex;
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// Leaky ReLU: `input` where it is positive, `slope * input` elsewhere.
///
/// Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.
pub fn leaky_relu(input: Tensor<4>, slope: f64) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) {
        return Tensor::from_dispatch(Dispatch::leaky_relu(input.into_dispatch(), slope));
    }
    activation::leaky_relu(input, slope)
}

/// ReLU: `input` where it is positive, 0 elsewhere.
pub fn relu(input: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) {
        return Tensor::from_dispatch(Dispatch::leaky_relu(input.into_dispatch(), 0.0));
    }
    activation::relu(input)
}

/// Hyperbolic tangent.
pub fn tanh(input: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(output) = flex::tanh(&input) {
        return output;
    }
    activation::tanh(input)
}
