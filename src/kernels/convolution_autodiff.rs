//! Convolutions under automatic differentiation, for every backend that implements their gradients.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};
use burn::tensor::TensorData;

use super::autodiff::register;
use super::convolution_backend::{ConvolutionSaved, Convolutions, GradientsOfConvolutions};
use super::{ConvolutionShape, Precision, TransposedConvolutionShape};

/// What the gradients of a convolution need.
#[derive(Debug, Clone)]
struct ConvolutionState<T, S> {
    saved: ConvolutionSaved<T>,
    shape: S,
}

#[derive(Debug)]
struct ConvolutionBackward;

impl<B: GradientsOfConvolutions> Backward<B, 3> for ConvolutionBackward {
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

impl<B: GradientsOfConvolutions> Backward<B, 3> for TransposedConvolutionBackward {
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
    B: GradientsOfConvolutions,
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

impl<B: GradientsOfConvolutions, C: CheckpointStrategy> Convolutions for Autodiff<B, C> {
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

    fn prepack_weight(
        weight: FloatTensor<Self>,
        is_transposed: bool,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let weight = weight.into_parts().0;
        FloatTensor::<Self>::new(B::prepack_weight(weight, is_transposed, precision))
    }

    fn from_mapped(like: FloatTensor<Self>, data: TensorData) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::from_mapped(like.into_parts().0, data))
    }
}
