//! The shape of a convolution, transposed or not, and its operands.

use tch::{Kind, Tensor};

use super::shim;
use crate::kernels::{ConvolutionShape, Precision, TransposedConvolutionShape};

/// The shape of a convolution or a transposed convolution.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) stride: i64,
    pub(super) padding: i64,
    pub(super) output_padding: i64,
    pub(super) transposed: bool,
    pub(super) precision: Precision,
}

impl Shape {
    /// Height or width of the output for a height or width of the input.
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

/// Converts a tensor to the type and layout that a convolution of this precision takes.
pub(super) fn prepared(tensor: &Tensor, precision: Precision) -> Tensor {
    match precision {
        Precision::F32 => tensor.to_kind(Kind::Float),
        Precision::Bf16 => shim::to_bfloat16(tensor),
    }
}
