//! The kernels under automatic differentiation, for every backend that implements their gradients.

use std::fmt::Debug;
use std::sync::Arc;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};
use burn::tensor::TensorData;

use super::backend::{ConvolutionSaved, KernelGradients, Kernels};
use super::{
    AdamStep, ConvolutionShape, Exchange, Precision, TransposedConvolutionShape, joint_norm_passes,
};

/// What the gradients of a convolution need.
#[derive(Debug, Clone)]
struct ConvolutionState<T, S> {
    saved: ConvolutionSaved<T>,
    shape: S,
}

/// Registers the gradients that were requested.
fn register<B: Backend, const N: usize>(
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
struct ConvolutionBackward;

impl<B: KernelGradients> Backward<B, 3> for ConvolutionBackward {
    type State = ConvolutionState<FloatTensor<B>, ConvolutionShape>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let ConvolutionState { saved, shape } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::convolution_gradients(gradient, saved, shape);
        register::<B, 3>(
            ops.parents.map(|node| node.map(|node| node.id)),
            gradients,
            grads,
        );
    }
}

#[derive(Debug)]
struct TransposedConvolutionBackward;

impl<B: KernelGradients> Backward<B, 3> for TransposedConvolutionBackward {
    type State = ConvolutionState<FloatTensor<B>, TransposedConvolutionShape>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let ConvolutionState { saved, shape } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = B::transposed_convolution_gradients(gradient, saved, shape);
        register::<B, 3>(
            ops.parents.map(|node| node.map(|node| node.id)),
            gradients,
            grads,
        );
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

/// The shape of a tensor of four dimensions.
fn dims<T: TensorMetadata>(tensor: &T) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// A convolution of input, weight and bias, with its shape.
type Operation<T, S> = fn(T, T, T, S) -> T;

/// Converts the operands of such a convolution.
type Operands<T, S> = fn(T, T, S) -> [T; 2];

/// Runs `forward`, one of the two convolutions, and records `backward` if a gradient is requested.
fn recorded<B, C, S, K>(
    backward: K,
    operands: Operands<FloatTensor<B>, S>,
    forward: Operation<FloatTensor<B>, S>,
    [input, weight, bias]: [FloatTensor<Autodiff<B, C>>; 3],
    shape: S,
) -> FloatTensor<Autodiff<B, C>>
where
    B: KernelGradients,
    C: CheckpointStrategy,
    S: Copy + Debug + Send + 'static,
    K: Backward<B, 3, State = ConvolutionState<FloatTensor<B>, S>>,
{
    let (input_dims, weight_dims) = (dims(&input), dims(&weight));
    let input_type = input.dtype();
    let wanted = [input.is_tracked(), weight.is_tracked(), bias.is_tracked()];
    let (input, input_node) = input.into_parts();
    let (weight, weight_node) = weight.into_parts();
    let (bias, bias_node) = bias.into_parts();
    let [input, weight] = operands(input, weight, shape);
    let saved = ConvolutionSaved {
        input: wanted[1].then(|| input.clone()),
        weight: wanted[0].then(|| weight.clone()),
        bias: wanted[2],
        input_dims,
        input_type,
        weight_dims,
    };
    let state = ConvolutionState { saved, shape };
    let prepared = backward.prepare::<C>([input_node, weight_node, bias_node]);
    let output = forward(input, weight, bias, shape);
    match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(state, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

impl<B: KernelGradients, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: ConvolutionShape,
    ) -> FloatTensor<Self> {
        let inputs = [input, weight, bias];
        recorded::<B, C, _, _>(
            ConvolutionBackward,
            B::convolution_operands,
            B::convolution,
            inputs,
            shape,
        )
    }

    fn transposed_convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> FloatTensor<Self> {
        let inputs = [input, weight, bias];
        let backward = TransposedConvolutionBackward;
        recorded::<B, C, _, _>(
            backward,
            B::transposed_convolution_operands,
            B::transposed_convolution,
            inputs,
            shape,
        )
    }

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

    fn prepack_weight(weight: FloatTensor<Self>, precision: Precision) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::prepack_weight(weight.into_parts().0, precision))
    }

    fn from_mapped(like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::from_mapped(like.into_parts().0, data))
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
