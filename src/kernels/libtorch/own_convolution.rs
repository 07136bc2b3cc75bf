//! Convolutions that this program computes itself because LibTorch is slower.

use tch::Tensor;

/// A convolution, transposed or not, that this program computes itself in 32 bits.
pub(super) trait OwnConvolution {
    /// The output, plus `bias` if there is one.
    fn forward(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor;

    /// The gradient with respect to the input.
    fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Tensor;

    /// The gradient with respect to the weight.
    fn weight_gradient(&self, gradient: &Tensor, input: &Tensor) -> Tensor;
}
