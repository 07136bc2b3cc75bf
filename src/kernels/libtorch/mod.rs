//! The kernels for LibTorch, on its CPU and GPU devices.
//!
//! They are LibTorch's own operations, with two kinds of convolutions in 32 bits on the CPU as exceptions: those of few pixels are
//! one matrix product (`im2col`), and those of 3 x 3 go through the Winograd transforms of `flex` on LibTorch's threads
//! (`winograd`). So does instance norm if no gradient is requested. `shim.cpp` calls the operations that the `tch` crate does not
//! offer; `start` sets what LibTorch needs once. `process_group` is its engine for several processes,
//! `nccl` that for their GPUs.

#![expect(
    deprecated,
    reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
)]

mod convolution;
mod host;
mod im2col;
#[cfg(target_os = "linux")]
mod nccl;
mod norm;
mod own_convolution;
#[cfg(target_os = "linux")]
mod process_group;
mod shape;
mod shim;
mod start;
mod winograd;
mod workers;

#[cfg(target_os = "linux")]
pub use nccl::{GpuGroup, Nccl};
#[cfg(target_os = "linux")]
pub use process_group::{GroupOptions, ProcessGroup};
pub use start::{gpu_count, missing_gpu, set_threads, start};

use std::sync::Arc;

use burn::backend::libtorch::LibTorch;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{AllocationProperty, DType, TensorData};
use tch::{Device, Tensor};

use shape::Shape;

use super::backend::{KernelGradients, Kernels};
use super::convolution_backend::{
    ConvolutionGradients, ConvolutionSaved, Convolutions, GradientsOfConvolutions,
};
use super::{
    AdamStep, ConvolutionShape, Exchange, Precision, TransposedConvolutionShape, joint_norm_passes,
};

type Primitive = FloatTensor<LibTorch>;

fn three(tensors: [Tensor; 3]) -> (Primitive, Primitive, Primitive) {
    let [first, second, third] = tensors.map(Primitive::new);
    (first, second, third)
}

impl Convolutions for LibTorch {
    fn convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> FloatTensor<Self> {
        convolution::convolution(&input.tensor, &weight.tensor, &bias.tensor, shape)
    }

    fn transposed_convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> FloatTensor<Self> {
        convolution::convolution(&input.tensor, &weight.tensor, &bias.tensor, shape)
    }

    fn prepack_weight(
        weight: FloatTensor<Self>,
        _is_transposed: bool,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let prepacked = shape::prepared(&weight.tensor, precision);
        Primitive::from_existing(prepacked, weight.storage)
    }

    fn from_mapped(like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self> {
        let device = like.tensor.device();
        let (bytes, shape, dtype) = data.into_parts();
        if (device, dtype) == (Device::Cpu, DType::F32)
            && bytes.property() == AllocationProperty::File
        {
            return Primitive::new(shim::borrowed(bytes, &shape));
        }
        let data = TensorData::from_bytes(bytes, shape, dtype);
        Self::float_from_data(data, &device.into())
    }
}

impl GradientsOfConvolutions for LibTorch {
    fn convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> [FloatTensor<Self>; 2] {
        operands(input, weight, shape)
    }

    fn transposed_convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> [FloatTensor<Self>; 2] {
        operands(input, weight, shape)
    }

    fn convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: ConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>> {
        convolution::gradients(&gradient.tensor, &saved, shape)
    }

    fn transposed_convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: TransposedConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>> {
        convolution::gradients(&gradient.tensor, &saved, shape)
    }
}

impl Kernels for LibTorch {
    fn instance_norm(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        Primitive::new(norm::instance_norm_alone(&input.tensor, epsilon))
    }

    fn instance_norm_with_statistics(
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        three(norm::instance_norm(&input.tensor, epsilon))
    }

    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (scale, shift) = (&scale.tensor, &shift.tensor);
        three(norm::batch_norm(
            &input.tensor,
            Some(scale),
            Some(shift),
            epsilon,
        ))
    }

    fn joint_batch_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
        exchange: Arc<dyn Exchange>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        joint_norm_passes::normalise::<Self>(input, scale, shift, epsilon, &exchange)
    }

    fn channel_statistics(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [mean, variance] = norm::channel_statistics(&input.tensor).map(Primitive::new);
        (mean, variance)
    }

    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (factor, offset) = (&factor.tensor, &offset.tensor);
        Primitive::new(norm::scale_channels(&input.tensor, factor, offset))
    }

    fn leaky_relu(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        input.unary_ops(
            |mut tensor| {
                shim::leaky_relu_in_place(&mut tensor, slope);
                tensor
            },
            |tensor| shim::leaky_relu(tensor, slope),
        )
    }

    fn reflection_pad(input: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        Primitive::new(input.tensor.reflection_pad2d([width as i64; 4]))
    }

    /// In place if nobody else holds the tensors.
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [mut parameter, mut first, mut second] = [parameter, first, second].map(owned);
        shim::adam(
            &mut parameter.tensor,
            &gradient.tensor,
            &mut first.tensor,
            &mut second.tensor,
            step,
        );
        (parameter, first, second)
    }
}

impl KernelGradients for LibTorch {
    fn leaky_relu_gradient(
        gradient: FloatTensor<Self>,
        output: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self> {
        let gradient = gradient.tensor.to_kind(output.tensor.kind());
        let gradient = output.tensor.leaky_relu_backward(&gradient, slope, true);
        Primitive::new(gradient)
    }

    fn reflection_pad_gradient(gradient: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        Primitive::new(shim::reflection_gradient(&gradient.tensor, width))
    }

    fn instance_norm_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        [mean, variance]: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> FloatTensor<Self> {
        Primitive::new(norm::instance_norm_gradient(
            &gradient.tensor,
            &input.tensor,
            &mean.tensor,
            &variance.tensor,
            epsilon,
        ))
    }

    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        [mean, variance]: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3] {
        norm::batch_norm_gradients(
            &gradient.tensor,
            &input.tensor,
            Some(&scale.tensor),
            &mean.tensor,
            &variance.tensor,
            epsilon,
        )
        .map(|gradient| {
            Primitive::new(gradient.expect("all three are calculated where there is a scale"))
        })
    }
}

fn operands(input: Primitive, weight: Primitive, shape: impl Into<Shape>) -> [Primitive; 2] {
    let [prepared_input, prepared_weight] =
        convolution::operands(&input.tensor, &weight.tensor, shape);
    [
        Primitive::from_existing(prepared_input, input.storage),
        Primitive::from_existing(prepared_weight, weight.storage),
    ]
}

/// Returns the tensor itself if its elements may be changed, else a copy.
fn owned(tensor: Primitive) -> Primitive {
    if tensor.can_mut() && tensor.tensor.is_contiguous() {
        return tensor;
    }
    Primitive::new(tensor.tensor.contiguous().copy())
}
