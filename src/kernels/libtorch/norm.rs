//! Batch and instance normalisation with LibTorch's own gradients.
#![expect(unsafe_code, reason = "threads write parts of one tensor")]

use tch::{Device, Kind, Tensor};

use super::host::{alloc_filled, numbers};
use super::shim;
use super::workers::LibTorchWorkers;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::norm::Groups;

/// Output, mean and biased variance of a batch normalisation with the statistics of `input`.
pub(super) fn batch_norm(
    input: &Tensor,
    scale: Option<&Tensor>,
    shift: Option<&Tensor>,
    epsilon: f64,
) -> [Tensor; 3] {
    let none: Option<&Tensor> = None;
    let (output, mean, inverse_deviation) =
        dense(input).native_batch_norm(scale, shift, none, none, true, 0.0, epsilon);
    let variance = inverse_deviation.square().reciprocal() - epsilon;
    [output, mean, variance]
}

/// Orders the elements of the tensor, as LibTorch's fast paths need them; bfloat16 may have its channels last.
fn dense(input: &Tensor) -> Tensor {
    if input.kind() == Kind::BFloat16 {
        input.shallow_clone()
    } else {
        input.contiguous()
    }
}

/// Gradients of [`batch_norm`] with respect to input and, if there is a `scale`, scale and shift.
pub(super) fn batch_norm_gradients(
    gradient: &Tensor,
    input: &Tensor,
    scale: Option<&Tensor>,
    mean: &Tensor,
    variance: &Tensor,
    epsilon: f64,
) -> [Option<Tensor>; 3] {
    let inverse_deviation = (variance + epsilon).rsqrt();
    let statistics = [mean, &inverse_deviation];
    shim::batch_norm_gradients(gradient, &dense(input), scale, statistics, epsilon)
}

/// Mean and biased variance of each channel.
pub(super) fn channel_statistics(input: &Tensor) -> [Tensor; 2] {
    let input = input.to_kind(Kind::Float);
    let (variance, mean) = input.var_mean_correction(&[0_i64, 2, 3][..], 0, false);
    [mean, variance]
}

/// A factor and an offset for each channel.
pub(super) fn scale_channels(input: &Tensor, factor: &Tensor, offset: &Tensor) -> Tensor {
    let per_channel = |values: &Tensor| values.view([1, -1, 1, 1]).to_kind(input.kind());
    input * per_channel(factor) + per_channel(offset)
}

/// Each picture's channels as channels of one picture: their batch normalisation is the instance normalisation.
fn single(input: &Tensor) -> Tensor {
    let [batch, channels, height, width] = dims(input);
    if batch == 1 {
        return input.shallow_clone();
    }
    input.reshape([1, batch * channels, height, width])
}

/// The shape of a tensor of four dimensions.
pub(super) fn dims(tensor: &Tensor) -> [i64; 4] {
    let (batch, channels, height, width) = tensor
        .size4()
        .expect("pictures have four dimensions: `kernels` takes no others");
    [batch, channels, height, width]
}

/// Output, mean and biased variance of an instance normalisation.
pub(super) fn instance_norm(input: &Tensor, epsilon: f64) -> [Tensor; 3] {
    let [output, mean, variance] = batch_norm(&single(input), None, None, epsilon);
    [output.reshape(dims(input)), mean, variance]
}

/// The output of an instance normalisation without gradients: in 32 bits on the CPU with the kernel of `flex`, which takes half
/// the time. Training needs LibTorch's own statistics: with those of this kernel the losses of a CycleGAN's second step differ
/// from PyTorch's by 7e-5 instead of 3e-7.
pub(super) fn instance_norm_alone(input: &Tensor, epsilon: f64) -> Tensor {
    if (input.kind(), input.device()) != (Kind::Float, Device::Cpu) {
        let [output, ..] = instance_norm(input, epsilon);
        return output;
    }
    let input = input.contiguous();
    let dims = dims(&input).map(|side| side as usize);
    alloc_filled(dims, |output| {
        let (input, output) = (numbers(&input), DisjointSlices::new(output));
        let groups = Groups::instance(dims);
        let task = groups.normalizing(input, None, epsilon);
        // SAFETY: nobody else holds the output.
        unsafe { groups.map_into(input, input, LibTorchWorkers, output, task) };
    })
}

/// Gradient of [`instance_norm`] with respect to its input.
pub(super) fn instance_norm_gradient(
    gradient: &Tensor,
    input: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    epsilon: f64,
) -> Tensor {
    let (gradient, single_input) = (single(gradient), single(input));
    let [gradient, ..] =
        batch_norm_gradients(&gradient, &single_input, None, mean, variance, epsilon);
    gradient
        .expect("the input's gradient is always calculated")
        .reshape(dims(input))
}
