//! The kernels but convolutions that a backend can implement, and whether a tensor's backend does.
#![cfg_attr(
    feature = "libtorch",
    expect(
        deprecated,
        reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
    )
)]

use std::sync::Arc;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, DispatchDevice, backend_extension};
use burn::tensor::{DType, Tensor};

use super::{AdamStep, Exchange};

/// The kernels but convolutions as operations on a backend's own tensors, with the shapes of the public functions of the same
/// names.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Cube: cfg(feature = "wgpu"), Autodiff)]
pub(crate) trait Kernels: Backend {
    /// The output of [`instance_norm_with_statistics`](Self::instance_norm_with_statistics) alone, if no gradients are
    /// requested.
    fn instance_norm(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self>;

    /// Returns output, mean and biased variance of each channel of each picture, `[batch * channels]`; the last two carry
    /// no gradient.
    fn instance_norm_with_statistics(
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Returns output, mean and biased variance; the last two carry no gradient.
    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Returns output, mean and unbiased variance over the samples of all processes; the last two carry no gradient.
    fn joint_batch_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
        exchange: Arc<dyn Exchange>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Returns mean and biased variance, which carry no gradient.
    fn channel_statistics(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// `factor * input + offset`, with one factor and one offset for each channel.
    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The leaky ReLU; the slope is not negative.
    fn leaky_relu(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self>;

    fn reflection_pad(input: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;

    /// Returns the new parameter, the new first moment and the new second moment.
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Gradients of [`Kernels`], for automatic differentiation.
pub(crate) trait KernelGradients: Kernels {
    /// Gradient of a leaky ReLU with respect to its input, from its output: both have the same sign.
    fn leaky_relu_gradient(
        gradient: FloatTensor<Self>,
        output: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self>;

    /// Gradient of a padding by reflection with respect to its input.
    fn reflection_pad_gradient(gradient: FloatTensor<Self>, width: usize) -> FloatTensor<Self>;

    /// Gradient of an instance normalisation with respect to its input.
    fn instance_norm_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// Gradients of a batch normalisation with respect to input, scale and shift.
    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3];
}

/// Whether [`Kernels`] take this tensor: its backend implements them for numbers of its type.
///
/// The extension panics on any other backend, so every call is preceded by this check.
pub(crate) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device().inner();
    match device.as_dispatch() {
        DispatchDevice::Flex(_) => tensor.dtype() == DType::F32,
        #[cfg(feature = "libtorch")]
        DispatchDevice::LibTorch(_) => matches!(tensor.dtype(), DType::F32 | DType::BF16),
        #[cfg(feature = "wgpu")]
        DispatchDevice::Cube(_) => tensor.dtype() == DType::F32,
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => false,
    }
}
