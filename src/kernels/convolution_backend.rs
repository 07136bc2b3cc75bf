//! The convolutions that a backend can implement, and whether a tensor's backend does.
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

use super::{ConvolutionShape, Precision, TransposedConvolutionShape};

/// Convolutions as operations on a backend's own tensors, with the shapes of the public functions of the same names.
///
/// A missing `bias` has length 0, since an operation of an extension has a fixed number of tensors.
#[backend_extension(Flex, LibTorch: cfg(feature = "libtorch"), Autodiff)]
pub(crate) trait Convolutions: Backend {
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

    /// Converts the weight of a convolution to the type and layout that it computes with; carries no gradient.
    fn prepack_weight(
        weight: FloatTensor<Self>,
        is_transposed: bool,
        precision: Precision,
    ) -> FloatTensor<Self>;

    /// Makes a tensor of `data` on the device of `like`, which shares the memory of a mapped file if the device can.
    fn from_mapped(like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self>;
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

/// Gradients of [`Convolutions`], for automatic differentiation.
pub(crate) trait GradientsOfConvolutions: Convolutions {
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
}

/// Whether [`Convolutions`] take this tensor: its backend implements them for numbers of its type.
///
/// The extension panics on any other backend, so every call is preceded by this check.
pub(crate) fn has_convolutions<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device().inner();
    match device.as_dispatch() {
        DispatchDevice::Flex(_) => tensor.dtype() == DType::F32,
        #[cfg(feature = "libtorch")]
        DispatchDevice::LibTorch(_) => matches!(tensor.dtype(), DType::F32 | DType::BF16),
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => false,
    }
}

/// Whether [`Convolutions`] take this tensor as weight: Flex has prepacked ones of another type.
pub(crate) fn is_weight<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device().inner();
    let is_flex = matches!(device.as_dispatch(), DispatchDevice::Flex(_));
    has_convolutions(tensor) || is_flex && tensor.dtype() == DType::BF16
}
