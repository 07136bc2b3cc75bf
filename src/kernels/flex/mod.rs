//! The kernels for Flex, Burn's CPU backend in Rust.
//!
//! Results are the same to the last bit with any number of threads: work is divided by shape alone, and partial sums are added
//! in a fixed order.

mod activation;
mod adam;
#[cfg(target_arch = "x86_64")]
mod bfloat16;
mod col2im;
mod convolution;
mod direct;
pub(super) mod disjoint_slices;
mod forward;
pub(super) mod geometry;
mod im2col;
mod im2row;
mod input_gradient;
mod matrix_product;
pub(super) mod norm;
#[cfg(target_arch = "x86_64")]
mod packed;
mod panels;
mod prefetch;
mod products;
mod reflection;
mod rounding;
#[cfg(target_arch = "x86_64")]
mod row_convolution;
mod rows;
mod scratch;
mod sums;
mod tanh;
mod tile;
mod values;
mod weight_gradient;
pub(super) mod winograd;

use std::sync::Arc;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;

#[cfg(target_arch = "x86_64")]
pub(super) use bfloat16::has_products_of_bfloat16;
#[cfg(target_arch = "x86_64")]
pub(super) use row_convolution::convolution_of_rows;
pub(super) use rows::fuse_rows;
pub(super) use tanh::tanh;
pub(super) use values::is_plain;

use super::backend::{KernelGradients, Kernels};
use super::convolution_backend::{
    ConvolutionGradients, ConvolutionSaved, Convolutions, GradientsOfConvolutions,
};
use super::{
    AdamStep, ConvolutionShape, Exchange, Precision, TransposedConvolutionShape, joint_norm_passes,
};

impl Convolutions for Flex {
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

    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(unused_variables, reason = "weights are used as they are")
    )]
    fn prepack_weight(
        weight: FloatTensor<Self>,
        is_transposed: bool,
        precision: Precision,
    ) -> FloatTensor<Self> {
        #[cfg(target_arch = "x86_64")]
        if precision == Precision::Bf16 && bfloat16::is_always_applicable() {
            return packed::pack(&weight, is_transposed);
        }
        weight
    }

    fn from_mapped(_like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self> {
        FloatTensor::<Self>::from_data(data)
    }
}

impl GradientsOfConvolutions for Flex {
    /// What convolutions in bfloat16 take is rounded where it is packed.
    fn convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        _shape: ConvolutionShape,
    ) -> [FloatTensor<Self>; 2] {
        [input, weight]
    }

    fn transposed_convolution_operands(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        _shape: TransposedConvolutionShape,
    ) -> [FloatTensor<Self>; 2] {
        [input, weight]
    }

    fn convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: ConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>> {
        convolution::gradients(&gradient, &saved, shape)
    }

    fn transposed_convolution_gradients(
        gradient: FloatTensor<Self>,
        saved: ConvolutionSaved<FloatTensor<Self>>,
        shape: TransposedConvolutionShape,
    ) -> ConvolutionGradients<FloatTensor<Self>> {
        convolution::transposed_gradients(&gradient, &saved, shape)
    }
}

impl Kernels for Flex {
    fn instance_norm(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        let (output, _, _) = Self::instance_norm_with_statistics(input, epsilon);
        output
    }

    fn instance_norm_with_statistics(
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        norm::instance_norm(&input, epsilon)
    }

    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        norm::batch_norm(&input, &scale, &shift, epsilon)
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
        norm::channel_statistics(&input)
    }

    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        norm::scale_channels(&input, &factor, &offset)
    }

    fn leaky_relu(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        activation::leaky_relu(input, slope)
    }

    fn reflection_pad(input: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        reflection::reflection_pad(&input, width)
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
    fn leaky_relu_gradient(
        gradient: FloatTensor<Self>,
        output: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self> {
        activation::leaky_relu_gradient(&gradient, &output, slope)
    }

    fn reflection_pad_gradient(gradient: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        reflection::reflection_pad_gradient(&gradient, width)
    }

    fn instance_norm_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm::instance_gradient(&gradient, &input, &statistics, epsilon)
    }

    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3] {
        norm::batch_gradients(&gradient, &input, &scale, &statistics, epsilon)
    }
}
