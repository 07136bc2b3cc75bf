//! Convolutions of 3 x 3 with fewer multiplications, on the processor: LibTorch has none.
//!
//! Measured: a training step of two ResNet generators takes an eighth less time than with LibTorch's own convolutions.
#![expect(unsafe_code, reason = "reads the memory of tensors")]

use tch::{Device, Kind, Tensor};

use super::convolution::Shape;
use crate::kernels::flex::geometry::Geometry;
use crate::kernels::flex::winograd;
use crate::kernels::workers::Workers;
use crate::kernels::{ConvolutionShape, Precision};

/// A convolution of the kind, of numbers in memory that can be read from here.
pub(super) struct Winograd(Geometry);

impl Winograd {
    /// Nothing where the transforms do not help.
    pub(super) fn new(
        device: Device,
        input_dims: [i64; 4],
        weight_dims: [i64; 4],
        shape: Shape,
    ) -> Option<Self> {
        let possible =
            device == Device::Cpu && !shape.transposed && shape.precision == Precision::F32;
        if !possible {
            return None;
        }
        let side = |side: i64| side as usize;
        let shape = ConvolutionShape {
            stride: shape.stride as usize,
            padding: shape.padding as usize,
            precision: shape.precision,
        };
        let geometry = Geometry::new(input_dims.map(side), weight_dims.map(side), shape);
        winograd::suits(&geometry).then_some(Self(geometry))
    }

    /// The convolution plus `bias`, where there is one.
    pub(super) fn forward(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let Geometry {
            batch,
            outputs,
            output_height,
            output_width,
            ..
        } = self.0;
        let [input, weight] = [input, weight].map(Tensor::contiguous);
        let bias = bias.map(Tensor::contiguous);
        let bias = bias.as_ref().map_or(&[][..], numbers);
        filled([batch, outputs, output_height, output_width], |output| {
            let (input, weight) = (numbers(&input), numbers(&weight));
            winograd::convolution(&self.0, input, weight, bias, Workers::LibTorch, output);
        })
    }

    /// The gradient with respect to the input.
    pub(super) fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Tensor {
        let Geometry {
            batch,
            inputs,
            input_height,
            input_width,
            ..
        } = self.0;
        let [gradient, weight] = [gradient, weight].map(Tensor::contiguous);
        filled([batch, inputs, input_height, input_width], |input| {
            let (gradient, weight) = (numbers(&gradient), numbers(&weight));
            winograd::input_gradient(&self.0, gradient, weight, &[], Workers::LibTorch, input);
        })
    }

    /// The gradient with respect to the weight.
    pub(super) fn weight_gradient(&self, gradient: &Tensor, input: &Tensor) -> Tensor {
        let Geometry {
            inputs,
            outputs,
            kernel_height,
            kernel_width,
            ..
        } = self.0;
        let [gradient, input] = [gradient, input].map(Tensor::contiguous);
        filled([outputs, inputs, kernel_height, kernel_width], |weight| {
            let (input, gradient) = (numbers(&input), numbers(&gradient));
            winograd::weight_gradient(&self.0, input, gradient, Workers::LibTorch, weight);
        })
    }
}

/// The numbers of a tensor whose elements lie in order.
fn numbers(tensor: &Tensor) -> &[f32] {
    check(tensor);
    // SAFETY: the tensor has this many elements of this type from this place on, which nobody changes while it is borrowed:
    // operations in place are done on tensors that nobody else holds.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// A tensor whose numbers `fill` writes, all of them, without having read one.
fn filled(dims: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Tensor {
    let dims = dims.map(|side| side as i64);
    let tensor = Tensor::empty(dims, (Kind::Float, Device::Cpu));
    check(&tensor);
    // SAFETY: the tensor has this many elements of this type from this place on, and nobody else holds it. LibTorch has
    // allocated them, so that they hold numbers, whichever.
    fill(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) });
    tensor
}

fn check(tensor: &Tensor) {
    assert!(
        tensor.is_contiguous() && tensor.kind() == Kind::Float && tensor.device() == Device::Cpu,
        "only numbers of 32 bits that lie in order in the processor's memory can be reached"
    );
}
