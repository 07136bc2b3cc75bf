//! A convolution with fixed weights and a ReLU.

use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, TensorData};

use crate::kernels::{ConvolutionShape, Precision, convolution, relu};
use crate::nn::{NamedTensors, TensorError};

/// Kernel, stride and padding of a [`Unit`], each (rows, columns) where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnitShape {
    /// Rows and columns of the kernel.
    pub(super) kernel: [usize; 2],
    /// Step between neighbouring outputs.
    pub(super) stride: usize,
    /// Rows and columns of zeros put around the input.
    pub(super) padding: [usize; 2],
}

impl UnitShape {
    /// A square kernel.
    pub(super) const fn square(kernel: usize, stride: usize, padding: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride,
            padding: [padding; 2],
        }
    }
}

/// A convolution with fixed weights and a ReLU.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    weight: Tensor<4>,
    bias: Tensor<1>,
    shape: UnitShape,
}

impl Unit {
    /// With `weight` of `[out, in, rows, columns]` and `bias` of `[out]`.
    pub(super) fn new(
        weight: Vec<f32>,
        dims: [usize; 4],
        bias: Vec<f32>,
        shape: UnitShape,
        device: &Device,
    ) -> Self {
        let channels = bias.len();
        Self {
            weight: Tensor::from_data(TensorData::new(weight, dims), device),
            bias: Tensor::from_data(TensorData::new(bias, [channels]), device),
            shape,
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`.
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [rows, columns] = self.shape.padding;
        let (input, padding) = if rows == columns {
            (input, rows)
        } else {
            let borders = [(rows, rows), (columns, columns)];
            (input.pad(borders, PadMode::Constant(0.0)), 0)
        };
        let shape = ConvolutionShape {
            stride: self.shape.stride,
            padding,
            precision: Precision::F32,
        };
        let bias = Some(self.bias.clone());
        relu(convolution(input, self.weight.clone(), bias, shape))
    }
}

/// The values and dimensions of the tensor called `name`.
///
/// # Errors
/// There is none, or it has another number of dimensions.
pub(super) fn tensor<'a, const D: usize>(
    weights: &'a NamedTensors,
    name: &str,
) -> Result<(&'a [f32], [usize; D]), TensorError> {
    let data = weights
        .0
        .get(name)
        .ok_or_else(|| mismatch(format!("`{name}` is missing")))?;
    let sizes: Vec<usize> = data.shape().iter().copied().collect();
    let dims = <[usize; D]>::try_from(sizes.as_slice())
        .map_err(|_| mismatch(format!("`{name}` has {} dimensions, not {D}", sizes.len())))?;
    let values = data
        .as_slice::<f32>()
        .map_err(|_| mismatch(format!("`{name}` does not hold 32-bit numbers")))?;
    Ok((values, dims))
}

/// One problem with the tensors of a network.
pub(super) fn mismatch(problem: String) -> TensorError {
    TensorError::Mismatch {
        problems: vec![problem],
    }
}
