//! The kernels but convolutions under automatic differentiation, for every backend that implements their gradients.

use std::sync::Arc;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};

use super::backend::{KernelGradients, Kernels};
use super::{AdamStep, Exchange, joint_norm_passes};

/// Registers the gradients that were requested.
pub(super) fn register<B: Backend, const N: usize>(
    parents: [Option<NodeId>; N],
    gradients: [Option<FloatTensor<B>>; N],
    grads: &mut Gradients,
) {
    for (parent, gradient) in parents.into_iter().zip(gradients) {
        if let (Some(parent), Some(gradient)) = (parent, gradient) {
            grads.register::<B>(parent, gradient);
        }
    }
}

#[derive(Debug)]
struct InstanceNormBackward;

impl<B: KernelGradients> Backward<B, 1> for InstanceNormBackward {
    /// Input, statistics and epsilon.
    type State = (FloatTensor<B>, [FloatTensor<B>; 2], f64);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, statistics, epsilon) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradient = B::instance_norm_gradient(gradient, input, statistics, epsilon);
        register::<B, 1>(
            ops.parents.map(|node| node.map(|node| node.id)),
            [Some(gradient)],
            grads,
        );
    }
}

#[derive(Debug)]
struct LeakyReluBackward;

impl<B: KernelGradients> Backward<B, 1> for LeakyReluBackward {
    /// Output and slope.
    type State = (FloatTensor<B>, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (output, slope) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradient = B::leaky_relu_gradient(gradient, output, slope);
        register::<B, 1>(
            ops.parents.map(|node| node.map(|node| node.id)),
            [Some(gradient)],
            grads,
        );
    }
}

#[derive(Debug)]
struct ReflectionPadBackward;

impl<B: KernelGradients> Backward<B, 1> for ReflectionPadBackward {
    /// Rows and columns on each side.
    type State = usize;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = grads.consume::<B>(&ops.node);
        let gradient = B::reflection_pad_gradient(gradient, ops.state);
        register::<B, 1>(
            ops.parents.map(|node| node.map(|node| node.id)),
            [Some(gradient)],
            grads,
        );
    }
}

#[derive(Debug)]
struct BatchNormBackward;

impl<B: KernelGradients> Backward<B, 3> for BatchNormBackward {
    /// Input, scale, statistics and epsilon.
    type State = (FloatTensor<B>, FloatTensor<B>, [FloatTensor<B>; 2], f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, scale, statistics, epsilon) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::batch_norm_gradients(gradient, input, scale, statistics, epsilon);
        register::<B, 3>(
            ops.parents.map(|node| node.map(|node| node.id)),
            gradients.map(Some),
            grads,
        );
    }
}

impl<B: KernelGradients, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn instance_norm(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        let (output, _, _) = Self::instance_norm_with_statistics(input, epsilon);
        output
    }

    fn instance_norm_with_statistics(
        input: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(InstanceNormBackward, [node]);
        let (output, mean, variance) = B::instance_norm_with_statistics(input.clone(), epsilon);
        let output = match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let statistics = [mean.clone(), variance.clone()];
                prepared.finish((input, statistics, epsilon), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        (
            output,
            FloatTensor::<Self>::new(mean),
            FloatTensor::<Self>::new(variance),
        )
    }

    fn batch_norm_with_statistics(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (input, input_node) = input.into_parts();
        let (scale, scale_node) = scale.into_parts();
        let (shift, shift_node) = shift.into_parts();
        let prepared =
            Backward::<B, 3>::prepare::<C>(BatchNormBackward, [input_node, scale_node, shift_node]);
        let (output, mean, variance) =
            B::batch_norm_with_statistics(input.clone(), scale.clone(), shift, epsilon);
        let output = match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let statistics = [mean.clone(), variance.clone()];
                prepared.finish((input, scale, statistics, epsilon), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        (
            output,
            FloatTensor::<Self>::new(mean),
            FloatTensor::<Self>::new(variance),
        )
    }

    fn joint_batch_norm(
        input: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        epsilon: f64,
        exchange: Arc<dyn Exchange>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        joint_norm_passes::normalise_recorded::<B, C>(input, scale, shift, epsilon, exchange)
    }

    fn channel_statistics(input: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (mean, variance) = B::channel_statistics(input.into_primitive());
        (
            FloatTensor::<Self>::new(mean),
            FloatTensor::<Self>::new(variance),
        )
    }

    fn scale_channels(
        input: FloatTensor<Self>,
        factor: FloatTensor<Self>,
        offset: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        // These operations have gradients themselves.
        let channels = factor.shape()[0];
        let per_channel = |tensor| Self::float_reshape(tensor, [1, channels, 1, 1].into());
        Self::float_add(
            Self::float_mul(input, per_channel(factor)),
            per_channel(offset),
        )
    }

    fn leaky_relu(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(LeakyReluBackward, [node]);
        let output = <B as Kernels>::leaky_relu(input, slope);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((output.clone(), slope), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn reflection_pad(input: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(ReflectionPadBackward, [node]);
        let output = B::reflection_pad(input, width);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(width, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (parameter, first, second) = B::adam(
            parameter.into_primitive(),
            gradient.into_primitive(),
            first.into_primitive(),
            second.into_primitive(),
            step,
        );
        (
            FloatTensor::<Self>::new(parameter),
            FloatTensor::<Self>::new(first),
            FloatTensor::<Self>::new(second),
        )
    }
}
