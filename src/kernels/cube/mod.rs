//! The kernels for GPUs of any maker, written with CubeCL: what would be chains of ten and more operations, each with a pass over
//! memory, is one kernel or two.
//!
//! Convolutions are Burn's own there.

mod activation;
mod adam;
mod launch;
mod normalization;
mod reflection;
mod statistics;

use std::sync::Arc;

use burn::backend::Cube;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;

use super::backend::{KernelGradients, Kernels};
use super::{AdamStep, Exchange, joint_norm_passes};
use launch::dims;
use statistics::Groups;

impl Kernels for Cube {
    fn instance_norm(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        let (output, _, _) = Self::instance_norm_with_statistics(input, epsilon);
        output
    }

    fn instance_norm_with_statistics(
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let groups = Groups::instances(dims(&input));
        let [mean, variance] = statistics::statistics(input.clone(), groups);
        let statistics = [mean.clone(), variance.clone()];
        let output = normalization::normalize(input, statistics, None, groups, epsilon);
        (output, mean, variance)
    }

    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let groups = Groups::channels(dims(&input));
        let [mean, variance] = statistics::statistics(input.clone(), groups);
        let statistics = [mean.clone(), variance.clone()];
        let scaling = Some([scale, shift]);
        let output = normalization::normalize(input, statistics, scaling, groups, epsilon);
        (output, mean, variance)
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
        let groups = Groups::channels(dims(&input));
        let [mean, variance] = statistics::statistics(input, groups);
        (mean, variance)
    }

    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [_, channels, _, _] = dims(&input);
        let per_channel = |tensor| Self::float_reshape(tensor, [1, channels, 1, 1].into());
        Self::float_add(
            Self::float_mul(input, per_channel(factor)),
            per_channel(offset),
        )
    }

    fn leaky_relu(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        activation::leaky_relu(input, slope)
    }

    fn reflection_pad(input: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        reflection::reflection_pad(input, width)
    }

    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        adam::adam([parameter, gradient, first, second], step)
    }
}

impl KernelGradients for Cube {
    fn leaky_relu_gradient(
        gradient: FloatTensor<Self>,
        output: FloatTensor<Self>,
        slope: f64,
    ) -> FloatTensor<Self> {
        activation::leaky_relu_gradient(gradient, output, slope)
    }

    fn reflection_pad_gradient(gradient: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        reflection::reflection_pad_gradient(gradient, width)
    }

    fn instance_norm_gradient(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let groups = Groups::instances(dims(&input));
        let operands = [gradient, input];
        let [gradient, _, _] =
            normalization::gradients(operands, statistics, None, groups, epsilon);
        gradient
    }

    fn batch_norm_gradients(
        gradient: FloatTensor<Self>,
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        statistics: [FloatTensor<Self>; 2],
        epsilon: f64,
    ) -> [FloatTensor<Self>; 3] {
        let groups = Groups::channels(dims(&input));
        let operands = [gradient, input];
        normalization::gradients(operands, statistics, Some(scale), groups, epsilon)
    }
}
