//! The kernels that a backend may bring itself, and the choice between them and ordinary tensor operations.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, DispatchDevice, backend_extension};
use burn::tensor::{DType, Tensor};

use super::{AdamStep, ConvolutionShape, TransposedConvolutionShape};

/// The kernels as operations on a backend's own tensors; the shapes are those of the functions of the same names.
///
/// `bias` has length 0 where there is none, since an operation of an extension has a fixed number of tensors.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Kernels: Backend {
    fn convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> FloatTensor<Self>;

    fn transposed_convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> FloatTensor<Self>;

    fn normalize_instance(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self>;

    /// Returns output, mean and biased variance; the last two carry no gradient.
    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Returns mean and biased variance, which carry no gradient.
    fn channel_statistics(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// `factor * input + offset`, with one factor and one offset for each channel.
    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The leaky ReLU.
    fn leaky(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self>;

    /// Returns the new parameter, the new first moment and the new second moment.
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Gradients of the kernels, which their implementation for automatic differentiation calls.
pub(crate) trait KernelGradients: Kernels {
    /// Gradient of a convolution with respect to its input, whose height and width are `input_size`.
    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        input_size: [usize; 2],
        shape: ConvolutionShape,
    ) -> FloatTensor<Self>;

    /// Gradient of a convolution with respect to its weight, whose last two dimensions are `kernel_size`.
    fn convolution_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kernel_size: [usize; 2],
        shape: ConvolutionShape,
    ) -> FloatTensor<Self>;

    /// Sum of `gradient`, `[batch, channels, height, width]`, over all but the channels.
    fn bias_gradient(gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Gradient of a leaky ReLU with respect to its input.
    fn leaky_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self>;

    /// Gradient of an instance normalisation with respect to its input.
    fn normalize_instance_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// Gradients of a batch normalisation with respect to input, scale and shift.
    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Whether all of these tensors can go through [`Kernels`]: they lie on Flex and hold `f32`.
///
/// Calling the extension for any other backend would panic, so every call is preceded by this question.
pub(crate) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device().inner();
    matches!(device.as_dispatch(), DispatchDevice::Flex(_)) && tensor.dtype() == DType::F32
}
