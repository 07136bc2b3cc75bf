//! The kernels under automatic differentiation, for every backend that brings their gradients.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use super::backend::{KernelGradients, Kernels};
use super::{AdamStep, ConvolutionShape, TransposedConvolutionShape};

/// What the gradients of a convolution need. A tensor is kept only where the gradient that needs it is asked for.
#[derive(Debug, Clone)]
struct ConvolutionState<T, S> {
    /// Kept for the gradient of the weight.
    input: Option<T>,
    /// Kept for the gradient of the input.
    weight: Option<T>,
    /// Height and width of the input.
    input_size: [usize; 2],
    /// Height and width of the kernel.
    kernel_size: [usize; 2],
    shape: S,
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
        let [input_node, weight_node, bias_node] = ops.parents;
        let state = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        if let (Some(node), Some(weight)) = (input_node, state.weight) {
            let gradient = B::convolution_input_gradient(
                gradient.clone(),
                weight,
                state.input_size,
                state.shape,
            );
            grads.register::<B>(node.id, gradient);
        }
        if let (Some(node), Some(input)) = (weight_node, state.input) {
            let gradient = B::convolution_weight_gradient(
                input,
                gradient.clone(),
                state.kernel_size,
                state.shape,
            );
            grads.register::<B>(node.id, gradient);
        }
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, B::bias_gradient(gradient));
        }
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
        let [input_node, weight_node, bias_node] = ops.parents;
        let state = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        // The transposed convolution is the input gradient of this convolution, so that its own gradients are the
        // convolution itself and the weight gradient with the roles of input and gradient exchanged.
        let shape = ConvolutionShape {
            stride: state.shape.stride,
            padding: state.shape.padding,
        };
        if let (Some(node), Some(weight)) = (input_node, state.weight) {
            let none = B::float_empty([0].into(), &gradient.device(), gradient.dtype().into());
            let gradient = B::convolution(gradient.clone(), weight, none, shape);
            grads.register::<B>(node.id, gradient);
        }
        if let (Some(node), Some(input)) = (weight_node, state.input) {
            let gradient =
                B::convolution_weight_gradient(gradient.clone(), input, state.kernel_size, shape);
            grads.register::<B>(node.id, gradient);
        }
        if let Some(node) = bias_node {
            grads.register::<B>(node.id, B::bias_gradient(gradient));
        }
    }
}

#[derive(Debug)]
struct InstanceNormBackward;

impl<B: KernelGradients> Backward<B, 1> for InstanceNormBackward {
    /// Input and epsilon.
    type State = (FloatTensor<B>, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, epsilon) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            let gradient = B::normalize_instance_gradient(gradient, input, epsilon);
            grads.register::<B>(node.id, gradient);
        }
    }
}

#[derive(Debug)]
struct LeakyBackward;

impl<B: KernelGradients> Backward<B, 1> for LeakyBackward {
    /// Input and slope.
    type State = (FloatTensor<B>, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, slope) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        if let [Some(node)] = ops.parents {
            grads.register::<B>(node.id, B::leaky_gradient(gradient, input, slope));
        }
    }
}

#[derive(Debug)]
struct BatchNormBackward;

impl<B: KernelGradients> Backward<B, 3> for BatchNormBackward {
    /// Input, scale and epsilon.
    type State = (FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, scale, epsilon) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let (input, scale, shift) = B::batch_norm_gradients(gradient, input, scale, epsilon);
        for (node, gradient) in ops.parents.into_iter().zip([input, scale, shift]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

/// The last two dimensions of a tensor of four.
fn size<T: TensorMetadata>(tensor: &T) -> [usize; 2] {
    let shape = tensor.shape();
    [shape[2], shape[3]]
}

/// A convolution of input, weight and bias, with its shape.
type Operation<T, S> = fn(T, T, T, S) -> T;

/// Runs `forward`, one of the two convolutions, and records `backward` where a gradient will be asked for.
fn recorded<B, C, S, K>(
    backward: K,
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
    let state = ConvolutionState {
        input: weight.is_tracked().then(|| input.primitive().clone()),
        weight: input.is_tracked().then(|| weight.primitive().clone()),
        input_size: size(&input),
        kernel_size: size(&weight),
        shape,
    };
    let (input, input_node) = input.into_parts();
    let (weight, weight_node) = weight.into_parts();
    let (bias, bias_node) = bias.into_parts();
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
        recorded::<B, C, _, _>(ConvolutionBackward, B::convolution, inputs, shape)
    }

    fn transposed_convolution(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        shape: TransposedConvolutionShape,
    ) -> FloatTensor<Self> {
        let inputs = [input, weight, bias];
        let backward = TransposedConvolutionBackward;
        recorded::<B, C, _, _>(backward, B::transposed_convolution, inputs, shape)
    }

    fn normalize_instance(input: FloatTensor<Self>, epsilon: f64) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(InstanceNormBackward, [node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let output = B::normalize_instance(input.clone(), epsilon);
                prepared.finish((input, epsilon), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::normalize_instance(input, epsilon)),
        }
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
            OpsKind::Tracked(prepared) => prepared.finish((input, scale, epsilon), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        (
            output,
            FloatTensor::<Self>::new(mean),
            FloatTensor::<Self>::new(variance),
        )
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
        // Made of operations that have gradients themselves.
        let channels = factor.shape()[0];
        let per_channel = |tensor| Self::float_reshape(tensor, [1, channels, 1, 1].into());
        Self::float_add(
            Self::float_mul(input, per_channel(factor)),
            per_channel(offset),
        )
    }

    fn leaky(input: FloatTensor<Self>, slope: f64) -> FloatTensor<Self> {
        let (input, node) = input.into_parts();
        let prepared = Backward::<B, 1>::prepare::<C>(LeakyBackward, [node]);
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let output = B::leaky(input.clone(), slope);
                prepared.finish((input, slope), output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::leaky(input, slope)),
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
