//! Two-dimensional convolution and transposed convolution.

use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

use super::Precision;
#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// Stride and zero padding of a convolution, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// Step between neighbouring outputs, in input pixels.
    pub stride: usize,
    /// Rows and columns of zeros put around the input.
    pub padding: usize,
    /// What is calculated with, where the device can.
    pub precision: Precision,
}

/// Stride, padding and output padding of a transposed convolution, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposedConvolutionShape {
    /// Step between the places where neighbouring inputs are added, in output pixels.
    pub stride: usize,
    /// Rows and columns cut off from each side of the full output.
    pub padding: usize,
    /// Rows and columns added at the bottom and the right of the output.
    pub output_padding: usize,
    /// What is calculated with, where the device can.
    pub precision: Precision,
}

/// The weight of a convolution, or a transposed one, in the type and layout that it is calculated with at this precision: for
/// networks that are applied many times, which then need not convert it each time. It carries no gradient.
pub fn prepack_weight<const D: usize>(weight: Tensor<D>, precision: Precision) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if precision != Precision::F32 && has_kernels(&weight) {
        return Tensor::from_dispatch(Dispatch::prepack_weight(weight.into_dispatch(), precision));
    }
    weight
}

/// Convolution (cross-correlation, as in every deep learning library).
///
/// `input` is `[batch, in, height, width]`, `weight` `[out, in, kernel, kernel]`, `bias` `[out]`; the result is
/// `[batch, out, (height + 2 * padding - kernel) / stride + 1, ...]`, of the precision that was calculated with.
pub fn convolution(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: ConvolutionShape,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && has_kernels(&weight) {
        let bias = bias.unwrap_or_else(|| Tensor::empty([0], &weight.device()));
        return Tensor::from_dispatch(Dispatch::convolution(
            input.into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
            shape,
        ));
    }
    let options = ConvOptions::new([shape.stride; 2], [shape.padding; 2], [1; 2], 1);
    conv2d(input, weight, bias, options)
}

/// Transposed convolution: the gradient of a convolution with respect to its input.
///
/// `input` is `[batch, in, height, width]`, `weight` `[in, out, kernel, kernel]`, `bias` `[out]`; the result is
/// `[batch, out, (height - 1) * stride + kernel - 2 * padding + output_padding, ...]`, of the precision that was
/// calculated with.
pub fn transposed_convolution(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: TransposedConvolutionShape,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && has_kernels(&weight) {
        let bias = bias.unwrap_or_else(|| Tensor::empty([0], &weight.device()));
        return Tensor::from_dispatch(Dispatch::transposed_convolution(
            input.into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
            shape,
        ));
    }
    let options = ConvTransposeOptions::new(
        [shape.stride; 2],
        [shape.padding; 2],
        [shape.output_padding; 2],
        [1; 2],
        1,
    );
    conv_transpose2d(input, weight, bias, options)
}
