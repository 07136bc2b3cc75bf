//! The kernels that a backend may bring itself, and the choice between them and ordinary tensor operations.
#![cfg_attr(
    feature = "libtorch",
    expect(
        deprecated,
        reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
    )
)]

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, DispatchDevice, backend_extension};
use burn::tensor::{DType, Tensor, TensorData};

use super::{AdamStep, ConvolutionShape, Precision, TransposedConvolutionShape};

/// The kernels as operations on a backend's own tensors; the shapes are those of the functions of the same names.
///
/// `bias` has length 0 where there is none, since an operation of an extension has a fixed number of tensors.
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

    /// The output of [`instance_norm_with_statistics`](Self::instance_norm_with_statistics) alone, where nobody asks for
    /// gradients.
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

    /// The weight of a convolution in the type and layout that it is calculated with; carries no gradient.
    fn prepack_weight(weight: FloatTensor<Self>, precision: Precision) -> FloatTensor<Self>;

    /// A tensor of these numbers on the device of `like`, in the memory in which they are where the device can use it.
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

/// What a convolution, transposed or not, keeps for its gradients.
#[derive(Debug, Clone)]
pub(crate) struct ConvolutionSaved<T> {
    /// Kept where the gradient of the weight is asked for.
    pub(crate) input: Option<T>,
    /// Kept where the gradient of the input is asked for.
    pub(crate) weight: Option<T>,
    /// Whether the gradient of the bias is asked for.
    pub(crate) bias: bool,
    /// Shape of the input.
    pub(crate) input_dims: [usize; 4],
    /// Type of the input, and so of its gradient, before it was prepared.
    #[cfg_attr(
        not(feature = "libtorch"),
        expect(dead_code, reason = "Flex has one type alone")
    )]
    pub(crate) input_type: DType,
    /// Shape of the weight.
    pub(crate) weight_dims: [usize; 4],
}

/// Gradients with respect to input, weight and bias of a convolution, as far as they are asked for.
pub(crate) type ConvolutionGradients<T> = [Option<T>; 3];

/// Gradients of the kernels, which their implementation for automatic differentiation calls.
pub(crate) trait KernelGradients: Kernels {
    /// Input and weight in the form in which this convolution takes them, so that what is kept for the gradients need not be
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

    /// The gradients of a convolution, from the gradient of its output.
    fn convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: ConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>>;

    /// The gradients of a transposed convolution, from the gradient of its output.
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

/// Whether this tensor can go through [`Kernels`]: it lies on a device that brings them and holds numbers that it takes.
///
/// Calling the extension for any other backend would panic, so every call is preceded by this question.
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
