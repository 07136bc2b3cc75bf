//! The kernels for Flex, Burn's processor backend in Rust.
//!
//! All results are the same to the last bit however many threads there are: work is cut by shape alone, and sums that
//! cross a cut are added in a fixed order.

mod activation;
mod adam;
mod columns;
mod convolution;
mod forward;
mod geometry;
mod input_gradient;
mod matrix_product;
mod norm;
mod parts;
mod patches;
mod scatter;
mod scratch;
mod sums;
mod values;
mod weight_gradient;
mod winograd;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;

use super::backend::{KernelGradients, Kernels};
use super::{AdamStep, ConvolutionShape, TransposedConvolutionShape};

impl Kernels for Flex {
    fn convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> FloatTensor<Self> {
        convolution::convolution(&input, &weight, &bias, shape)
    }

    fn transposed_convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> FloatTensor<Self> {
        convolution::transposed_convolution(&input, &weight, &bias, shape)
    }

    fn normalize_instance(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        norm::normalize_instance(&input, epsilon)
    }

    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        norm::batch_norm(&input, &scale, &shift, epsilon)
    }

    fn channel_statistics(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        norm::channel_statistics(&input)
    }

    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        norm::scale_channels(&input, &factor, &offset)
    }

    fn leaky(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        activation::leaky_relu(&input, slope)
    }

    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        adam::adam(parameter, &gradient, first, second, step)
    }
}

impl KernelGradients for Flex {
    fn convolution_input_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        input_size: [usize; 2],
        shape: ConvolutionShape,
    ) -> FloatTensor<Self> {
        convolution::input_gradient(&gradient, &weight, input_size, shape)
    }

    fn convolution_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kernel_size: [usize; 2],
        shape: ConvolutionShape,
    ) -> FloatTensor<Self> {
        weight_gradient::weight_gradient(&input, &gradient, kernel_size, shape)
    }

    fn bias_gradient(gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        weight_gradient::bias_gradient(&gradient)
    }

    fn leaky_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self> {
        activation::leaky_gradient(&gradient, &input, slope)
    }

    fn normalize_instance_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm::instance_gradient(&gradient, &input, epsilon)
    }

    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        norm::batch_gradients(&gradient, &input, &scale, epsilon)
    }
}
