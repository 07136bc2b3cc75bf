//! The kernels that a backend can implement, and whether a tensor's backend does.
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
use burn::tensor::{DType, Tensor, TensorData};

use super::{AdamStep, ConvolutionShape, Exchange, Precision, TransposedConvolutionShape};

/// The kernels as operations on a backend's own tensors, with the shapes of the public functions of the same names.
///
/// A missing `bias` has length 0, since an operation of an extension has a fixed number of tensors.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
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

    /// Converts the weight of a convolution to the type and layout that it computes with; carries no gradient.
    fn prepack_weight(weight: FloatTensor<Self>, precision: Precision) -> FloatTensor<Self>;

    /// Makes a tensor of `data` on the device of `like`, which shares the memory of a mapped file if the device can.
    fn from_mapped(like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self>;

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

/// What a convolution, transposed or not, saves for its gradients.
#[derive(Debug, Clone)]
pub(crate) struct ConvolutionSaved<T> {
    /// Saved if the gradient of the weight is requested.
    pub(crate) input: Option<T>,
    /// Saved if the gradient of the input is requested.
    pub(crate) weight: Option<T>,
    /// Whether the gradient of the bias is requested.
    pub(crate) bias: bool,
    /// Shape of the input.
    pub(crate) input_dims: [usize; 4],
    /// Type of the input, and so of its gradient, before it was converted.
    #[cfg_attr(
        not(feature = "libtorch"),
        expect(dead_code, reason = "Flex has one type alone")
    )]
    pub(crate) input_type: DType,
    /// Shape of the weight.
    pub(crate) weight_dims: [usize; 4],
}

/// The requested gradients of a convolution with respect to input, weight and bias.
pub(crate) type ConvolutionGradients<T> = [Option<T>; 3];

/// Gradients of the kernels, for automatic differentiation.
pub(crate) trait KernelGradients: Kernels {
    /// Converts input and weight to the form that this convolution takes, so that what is saved for the gradients need not be
    /// converted again.
    fn convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> [FloatTensor<Self>; 2];

    /// The same for a transposed convolution.
    fn transposed_convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> [FloatTensor<Self>; 2];

    /// Gradients of a convolution, from the gradient of its output.
    fn convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: ConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>>;

    /// Gradients of a transposed convolution, from the gradient of its output.
    fn transposed_convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: TransposedConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>>;

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
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => false,
    }
}
