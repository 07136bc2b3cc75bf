//! Convolution and transposed convolution with LibTorch's own gradients.

use burn::backend::libtorch::LibTorch;
use burn::backend::tensor::FloatTensor;
use burn::tensor::DType;
use tch::{Kind, Tensor};

use super::shim;
use crate::kernels::backend::{ConvolutionGradients, ConvolutionKept};
use crate::kernels::{ConvolutionShape, Precision, TransposedConvolutionShape};

type Primitive = FloatTensor<LibTorch>;

/// What is common to both convolutions.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    stride: i64,
    padding: i64,
    output_padding: i64,
    transposed: bool,
    precision: Precision,
}

impl From<ConvolutionShape> for Shape {
    fn from(shape: ConvolutionShape) -> Self {
        Self {
            stride: shape.stride as i64,
            padding: shape.padding as i64,
            output_padding: 0,
            transposed: false,
            precision: shape.precision,
        }
    }
}

impl From<TransposedConvolutionShape> for Shape {
    fn from(shape: TransposedConvolutionShape) -> Self {
        Self {
            stride: shape.stride as i64,
            padding: shape.padding as i64,
            output_padding: shape.output_padding as i64,
            transposed: true,
            precision: shape.precision,
        }
    }
}

/// The tensor in the type and layout that a convolution of this precision takes.
pub(super) fn prepared(tensor: &Tensor, precision: Precision) -> Tensor {
    match precision {
        Precision::F32 => tensor.to_kind(Kind::Float),
        Precision::Bf16 => shim::to_bfloat16(tensor),
    }
}

/// The convolution; `bias` is empty where there is none. The output has the type that was calculated with.
pub(super) fn convolution(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    shape: impl Into<Shape>,
) -> Primitive {
    let shape = shape.into();
    let [input, weight] = [input, weight].map(|tensor| prepared(tensor, shape.precision));
    let bias = (bias.numel() > 0).then(|| prepared(bias, shape.precision));
    Primitive::new(input.convolution(
        &weight,
        bias,
        [shape.stride; 2],
        [shape.padding; 2],
        [1; 2],
        shape.transposed,
        [shape.output_padding; 2],
        1,
    ))
}

/// The gradients that are asked for, each of the type of what it is the gradient of: weight and bias are 32-bit.
pub(super) fn gradients(
    gradient: &Tensor,
    kept: &ConvolutionKept<Primitive>,
    shape: impl Into<Shape>,
) -> ConvolutionGradients<Primitive> {
    let shape = shape.into();
    let shim_shape = shim::Convolution {
        input_dims: kept.input_dims.map(|side| side as i64),
        weight_dims: kept.weight_dims.map(|side| side as i64),
        stride: shape.stride,
        padding: shape.padding,
        output_padding: shape.output_padding,
        transposed: shape.transposed,
        bias: kept.bias,
    };
    let gradient = prepared(gradient, shape.precision);
    let [input, weight] =
        [&kept.input, &kept.weight].map(|tensor| tensor.as_ref().map(|tensor| &tensor.tensor));
    let [input, weight, bias] = shim::convolution_gradients(&gradient, input, weight, &shim_shape);
    let input = input.map(|input| match kept.input_type {
        DType::BF16 => input,
        _ => shim::to_float(&input),
    });
    let [weight, bias] = [weight, bias].map(|tensor| tensor.map(|tensor| shim::to_float(&tensor)));
    [input, weight, bias].map(|gradient| gradient.map(Primitive::new))
}
