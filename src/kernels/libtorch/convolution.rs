//! Convolution and transposed convolution with LibTorch's own gradients.

use burn::backend::libtorch::LibTorch;
use burn::backend::tensor::FloatTensor;
use burn::tensor::DType;
use tch::{Kind, Tensor};

use super::columns::Columns;
use super::norm::dims;
use super::shim;
use super::winograd::Winograd;
use crate::kernels::backend::{ConvolutionGradients, ConvolutionKept};
use crate::kernels::{ConvolutionShape, Precision, TransposedConvolutionShape};

type Primitive = FloatTensor<LibTorch>;

/// What is common to both convolutions.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) stride: i64,
    pub(super) padding: i64,
    pub(super) output_padding: i64,
    pub(super) transposed: bool,
    pub(super) precision: Precision,
}

impl Shape {
    /// Height or width of the output for that of the input.
    pub(super) fn output_side(&self, side: i64, kernel: i64) -> i64 {
        if self.transposed {
            (side - 1) * self.stride + kernel - 2 * self.padding + self.output_padding
        } else {
            (side + 2 * self.padding - kernel) / self.stride + 1
        }
    }
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

/// Input and weight in the types and layouts in which this convolution takes them, so that what is kept for the gradients
/// need not be converted again.
pub(super) fn operands(input: &Tensor, weight: &Tensor, shape: impl Into<Shape>) -> [Tensor; 2] {
    let shape = shape.into();
    match Columns::new(input.device(), dims(input), dims(weight), shape) {
        Some(_) => [prepared(input, Precision::F32), weight.shallow_clone()],
        None => [input, weight].map(|tensor| prepared(tensor, shape.precision)),
    }
}

/// The convolution; `bias` is empty where there is none. The output has the type of the precision.
pub(super) fn convolution(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    shape: impl Into<Shape>,
) -> Primitive {
    let shape = shape.into();
    let bias = (bias.numel() > 0).then_some(bias);
    if let Some(columns) = Columns::new(input.device(), dims(input), dims(weight), shape) {
        let mut output = columns.forward(input, weight);
        if let Some(bias) = bias {
            output += bias.to_kind(Kind::Float).view([1, -1, 1, 1]);
        }
        return Primitive::new(prepared(&output, shape.precision));
    }
    let [input, weight] = [input, weight].map(|tensor| prepared(tensor, shape.precision));
    if let Some(winograd) = Winograd::new(input.device(), dims(&input), dims(&weight), shape) {
        return Primitive::new(winograd.forward(&input, &weight, bias));
    }
    let bias = bias.map(|bias| prepared(bias, shape.precision));
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
    let input_dims = kept.input_dims.map(|side| side as i64);
    let weight_dims = kept.weight_dims.map(|side| side as i64);
    let [input, weight] =
        [&kept.input, &kept.weight].map(|tensor| tensor.as_ref().map(|tensor| &tensor.tensor));
    let bias_gradient =
        |gradient: &Tensor| gradient.sum_dim_intlist(&[0_i64, 2, 3][..], false, Kind::Float);
    let device = gradient.device();
    let [input, weight, bias] =
        if let Some(columns) = Columns::new(device, input_dims, weight_dims, shape) {
            let gradient = prepared(gradient, Precision::F32);
            [
                weight.map(|weight| columns.input_gradient(&gradient, weight)),
                input.map(|input| columns.weight_gradient(&gradient, input)),
                kept.bias.then(|| bias_gradient(&gradient)),
            ]
        } else if let Some(winograd) = Winograd::new(device, input_dims, weight_dims, shape) {
            let gradient = prepared(gradient, shape.precision);
            [
                weight.map(|weight| winograd.input_gradient(&gradient, weight)),
                input.map(|input| winograd.weight_gradient(&gradient, input)),
                kept.bias.then(|| bias_gradient(&gradient)),
            ]
        } else {
            let gradient = prepared(gradient, shape.precision);
            let shape = shim::Convolution {
                input_dims,
                weight_dims,
                stride: shape.stride,
                padding: shape.padding,
                output_padding: shape.output_padding,
                transposed: shape.transposed,
                bias: kept.bias,
            };
            shim::convolution_gradients(&gradient, input, weight, &shape)
        };
    let input = input.map(|input| match kept.input_type {
        DType::BF16 => prepared(&input, Precision::Bf16),
        _ => shim::to_float(&input),
    });
    let [weight, bias] = [weight, bias].map(|tensor| tensor.map(|tensor| shim::to_float(&tensor)));
    [input, weight, bias].map(|gradient| gradient.map(Primitive::new))
}
