//! The layers of a generator for a picture of one size.

use super::operation::Operation;
use crate::nn::activation::Activation;
use crate::nn::convolution::Convolution;
use crate::nn::forward_mode::ForwardMode;
use crate::nn::generator::Generator;
use crate::nn::layer_ops::LayerOps;
use crate::nn::norm::Norm;
use crate::nn::prelu::Prelu;
use crate::nn::upsampling::Upsampling;

/// Recorded layers, in an order in which they can be computed.
#[derive(Debug)]
pub(super) struct Graph<'n> {
    pub(super) nodes: Vec<Node<'n>>,
    pub(super) mode: ForwardMode<'n>,
}

/// One layer and its inputs.
#[derive(Debug)]
pub(super) struct Node<'n> {
    pub(super) operation: Operation<'n>,
    /// The nodes that it depends on, all of them before it.
    pub(super) inputs: Vec<usize>,
    /// Channels, height and width of its output.
    pub(super) dims: [usize; 3],
}

/// What is applied to rows of a node while its consumers read them: first a scaling, then a leaky ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum FusionState {
    Materialized,
    Scaled,
    Activated,
}

impl Node<'_> {
    pub(super) fn height(&self) -> usize {
        self.dims[1]
    }

    /// Multiplications for the whole picture.
    pub(super) fn multiply_adds(&self, graph: &Graph) -> f64 {
        let input = self.inputs.first().map(|&input| graph.nodes[input].dims);
        input.map_or(0.0, |input| self.operation.multiply_adds(input, self.dims))
    }

    /// Number of values in the features of the whole picture.
    pub(super) fn values(&self) -> usize {
        self.dims.iter().product()
    }
}

impl<'n> Graph<'n> {
    /// Records the layers of `generator` for a picture of `dims` (channels, height, width).
    pub(super) fn new(generator: &'n Generator, dims: [usize; 3], mode: ForwardMode<'n>) -> Self {
        let picture = Node {
            operation: Operation::Picture,
            inputs: Vec::new(),
            dims,
        };
        let mut graph = Self {
            nodes: vec![picture],
            mode,
        };
        let output = generator.forward_with(&mut graph, 0);
        debug_assert_eq!(output, graph.nodes.len() - 1, "the picture comes last");
        graph
    }

    /// Whether a node is a normalisation that needs the statistics of its whole input.
    pub(super) fn needs_statistics(&self, node: usize) -> bool {
        match self.nodes[node].operation {
            Operation::Norm(norm) => norm.needs_statistics(self.mode),
            _ => false,
        }
    }

    /// For each node, whether it is fused into its consumers and never materialized.
    pub(super) fn fused(&self) -> Vec<bool> {
        let count = self.nodes.len();
        let (mut states, mut fused) = (vec![FusionState::Materialized; count], vec![false; count]);
        for (index, node) in self.nodes.iter().enumerate() {
            let is_leaky = node.operation.slope().is_some();
            for &input in &node.inputs {
                let must_exist = match node.operation {
                    Operation::Norm(_) => true,
                    Operation::Activation(_) => is_leaky && states[input] == FusionState::Activated,
                    // A sum has one source per input.
                    Operation::Sum => self.producers(&fused, input).len() > 1,
                    _ => false,
                };
                if must_exist {
                    (states[input], fused[input]) = (FusionState::Materialized, false);
                }
            }
            let state = node.inputs.iter().map(|&input| states[input]).max();
            states[index] = match node.operation {
                Operation::Norm(_) => FusionState::Scaled,
                Operation::Activation(_) if is_leaky => FusionState::Activated,
                Operation::Concatenation => {
                    state.map_or(FusionState::Scaled, |state| state.max(FusionState::Scaled))
                }
                _ => FusionState::Materialized,
            };
            fused[index] = states[index] != FusionState::Materialized && index + 1 < count;
        }
        fused
    }

    /// The materialized nodes that rows of `node` are computed from.
    pub(super) fn producers(&self, fused: &[bool], node: usize) -> Vec<usize> {
        if !fused[node] {
            return vec![node];
        }
        let inputs = self.nodes[node].inputs.iter();
        inputs
            .flat_map(|&input| self.producers(fused, input))
            .collect()
    }

    /// The node in front of a chain of pointwise layers that are not `stored` and end at `node`.
    pub(super) fn pointwise_origin(&self, stored: &[bool], mut node: usize) -> usize {
        while self.nodes[node].operation.is_pointwise() && !stored[node] {
            node = self.nodes[node].inputs[0];
        }
        node
    }

    fn add(&mut self, operation: Operation<'n>, inputs: Vec<usize>) -> usize {
        let input_dims = inputs.iter().map(|&input| self.nodes[input].dims);
        let dims = operation.output(&input_dims.collect::<Vec<_>>());
        self.nodes.push(Node {
            operation,
            inputs,
            dims,
        });
        self.nodes.len() - 1
    }
}

impl<'n> LayerOps<'n> for Graph<'n> {
    type Features = usize;

    fn convolution(&mut self, layer: &'n Convolution, input: usize) -> usize {
        self.add(Operation::Convolution(layer), vec![input])
    }

    fn upsampling(&mut self, layer: &'n Upsampling, input: usize) -> usize {
        self.add(Operation::Upsampling(layer), vec![input])
    }

    fn norm(&mut self, layer: &'n Norm, input: usize) -> usize {
        self.add(Operation::Norm(layer), vec![input])
    }

    /// Does nothing: [`forward_in_bands`](super::forward_in_bands) is for passes without dropout.
    fn dropout(&mut self, input: usize) -> usize {
        input
    }

    fn activation(&mut self, function: Activation, input: usize) -> usize {
        self.add(Operation::Activation(function), vec![input])
    }

    fn prelu(&mut self, layer: &'n Prelu, input: usize) -> usize {
        self.add(Operation::Prelu(layer), vec![input])
    }

    fn pixel_shuffle(&mut self, input: usize, factor: usize) -> usize {
        self.add(Operation::PixelShuffle(factor), vec![input])
    }

    fn double(&mut self, input: usize) -> usize {
        self.add(Operation::Double, vec![input])
    }

    fn downsample(&mut self, input: usize) -> usize {
        self.add(Operation::Downsample, vec![input])
    }

    fn blur_downsample(&mut self, input: usize) -> usize {
        self.add(Operation::BlurDownsample, vec![input])
    }

    fn code_at_half(&mut self, input: usize, length: usize) -> usize {
        self.add(Operation::CodeAtHalf(length), vec![input])
    }

    fn sum(&mut self, left: usize, right: usize) -> usize {
        self.add(Operation::Sum, vec![left, right])
    }

    fn concatenation(&mut self, first: usize, second: usize) -> usize {
        self.add(Operation::Concatenation, vec![first, second])
    }
}
