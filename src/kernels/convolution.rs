//! Two-dimensional convolution and transposed convolution.

use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};

#[cfg(feature = "flex")]
use super::convolution_backend::{Convolutions, has_convolutions, is_weight};
use super::convolution_shape::{ConvolutionShape, TransposedConvolutionShape};
use super::precision::Precision;
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// Converts the weight of a convolution, transposed or not, to the type and layout that it computes with at this precision, so
/// that inference need not convert it each time. The result carries no gradient, and is good for such a convolution alone.
pub fn prepack_weight<const D: usize>(
    weight: Tensor<D>,
    is_transposed: bool,
    precision: Precision,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if precision != Precision::F32 && has_convolutions(&weight) {
        let prepacked = Dispatch::prepack_weight(weight.into_dispatch(), is_transposed, precision);
        return Tensor::from_dispatch(prepacked);
    }
    weight
}

/// Convolution (cross-correlation, as in every deep learning library).
///
/// `input` is `[batch, in, height, width]`, `weight` `[out, in, kernel, kernel]`, `bias` `[out]`; the result is
/// `[batch, out, (height + 2 * padding - kernel) / stride + 1, ...]`, of the precision of the computation.
pub fn convolution(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: ConvolutionShape,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_convolutions(&input) && is_weight(&weight) {
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
/// `[batch, out, (height - 1) * stride + kernel - 2 * padding + output_padding, ...]`, of the precision of the
/// computation.
pub fn transposed_convolution(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: TransposedConvolutionShape,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_convolutions(&input) && is_weight(&weight) {
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
