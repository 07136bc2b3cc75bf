//! Convolution and transposed convolution with LibTorch's own gradients.

use burn::backend::libtorch::LibTorch;
use burn::backend::tensor::FloatTensor;
use burn::tensor::DType;
use tch::{Device, Kind, Tensor};

use super::im2col::Im2colConvolution;
use super::norm::dims;
use super::own_convolution::OwnConvolution;
use super::shape::{Shape, prepared};
use super::shim;
use super::winograd::Winograd;
use crate::kernels::Precision;
use crate::kernels::convolution_backend::{ConvolutionGradients, ConvolutionSaved};

type Primitive = FloatTensor<LibTorch>;

/// This program's convolution of an input and a weight of these shapes, if it is faster than LibTorch's.
fn own(device: Device, dims: [[usize; 4]; 2], shape: Shape) -> Option<Box<dyn OwnConvolution>> {
    if device != Device::Cpu {
        return None;
    }
    if let Some(columns) = Im2colConvolution::new(dims, shape) {
        return Some(Box::new(columns));
    }
    let winograd = Winograd::new(dims, &shape)?;
    Some(Box::new(winograd))
}

/// As [`own`], for these tensors.
fn own_of(input: &Tensor, weight: &Tensor, shape: Shape) -> Option<Box<dyn OwnConvolution>> {
    let dims = [input, weight].map(|tensor| dims(tensor).map(|side| side as usize));
    own(input.device(), dims, shape)
}

/// Converts input and weight to the types and layouts that this convolution takes, so that what is saved for the gradients need
/// not be converted again.
pub(super) fn operands(input: &Tensor, weight: &Tensor, shape: impl Into<Shape>) -> [Tensor; 2] {
    let shape = shape.into();
    match own_of(input, weight, shape) {
        // A prepacked weight may be in bfloat16.
        Some(_) => [prepared(input, Precision::F32), weight.shallow_clone()],
        None => [input, weight].map(|tensor| prepared(tensor, shape.precision)),
    }
}

/// The convolution; `bias` may be empty. The output has the type of the precision.
pub(super) fn convolution(
    input: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    shape: impl Into<Shape>,
) -> Primitive {
    let shape = shape.into();
    let bias = (bias.numel() > 0).then_some(bias);
    let [input, weight] = operands(input, weight, shape);
    if let Some(own) = own_of(&input, &weight, shape) {
        let output = own.forward(&input, &weight, bias);
        return Primitive::new(prepared(&output, shape.precision));
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

/// The requested gradients, each of the type of its operand: weight and bias are 32-bit.
pub(super) fn gradients(
    gradient: &Tensor,
    saved: &ConvolutionSaved<Primitive>,
    shape: impl Into<Shape>,
) -> ConvolutionGradients<Primitive> {
    let shape = shape.into();
    let [input, weight] =
        [&saved.input, &saved.weight].map(|tensor| tensor.as_ref().map(|tensor| &tensor.tensor));
    let own = own(
        gradient.device(),
        [saved.input_dims, saved.weight_dims],
        shape,
    );
    let [input, weight, bias] = if let Some(own) = own {
        let gradient = prepared(gradient, Precision::F32);
        let sum = || gradient.sum_dim_intlist(&[0_i64, 2, 3][..], false, Kind::Float);
        [
            weight.map(|weight| own.input_gradient(&gradient, weight)),
            input.map(|input| own.weight_gradient(&gradient, input)),
            saved.bias.then(sum),
        ]
    } else {
        let gradient = prepared(gradient, shape.precision);
        let shape = shim::Convolution {
            input_dims: saved.input_dims.map(|side| side as i64),
            weight_dims: saved.weight_dims.map(|side| side as i64),
            stride: shape.stride,
            padding: shape.padding,
            output_padding: shape.output_padding,
            transposed: shape.transposed,
            bias: saved.bias,
        };
        shim::convolution_gradients(&gradient, input, weight, &shape)
    };
    let input = input.map(|input| match saved.input_type {
        DType::BF16 => prepared(&input, Precision::Bf16),
        _ => shim::to_float(&input),
    });
    let [weight, bias] = [weight, bias].map(|tensor| tensor.map(|tensor| shim::to_float(&tensor)));
    [input, weight, bias].map(|gradient| gradient.map(Primitive::new))
}
