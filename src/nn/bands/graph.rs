//! The layers of a generator for a picture of one size.

use super::operation::Operation;
use crate::nn::behaviour::Behaviour;
use crate::nn::convolution::{Convolution, Upsampling};
use crate::nn::generator::Generator;
use crate::nn::norm::Norm;
use crate::nn::pass::{Activation, Pass};

/// Layers noted down in the order in which they can be computed.
#[derive(Debug)]
pub(super) struct Graph<'n> {
    pub(super) nodes: Vec<Node<'n>>,
    pub(super) behaviour: Behaviour,
}

/// One layer and its place.
#[derive(Debug)]
pub(super) struct Node<'n> {
    pub(super) operation: Operation<'n>,
    /// The nodes that it takes, all of them before it.
    pub(super) inputs: Vec<usize>,
    /// Channels, height and width of what it gives.
    pub(super) dims: [usize; 3],
}

impl Node<'_> {
    pub(super) fn height(&self) -> usize {
        self.dims[1]
    }

    /// Multiplications for a picture.
    pub(super) fn work(&self, graph: &Graph) -> f64 {
        let input = self.inputs.first().map(|&input| graph.nodes[input].dims);
        input.map_or(0.0, |input| self.operation.work(input, self.dims))
    }

    /// Values of a whole picture's features.
    pub(super) fn values(&self) -> usize {
        self.dims.iter().product()
    }
}

impl<'n> Graph<'n> {
    /// The layers of `generator` for a picture of `dims` (channels, height, width).
    pub(super) fn new(generator: &'n Generator, dims: [usize; 3], behaviour: Behaviour) -> Self {
        let picture = Node {
            operation: Operation::Picture,
            inputs: Vec::new(),
            dims,
        };
        let mut graph = Self {
            nodes: vec![picture],
            behaviour,
        };
        let output = generator.through(&mut graph, 0);
        debug_assert_eq!(output, graph.nodes.len() - 1, "the picture comes last");
        graph
    }

    /// Whether a node is a normalisation that takes its statistics from all of its input.
    pub(super) fn needs_statistics(&self, node: usize) -> bool {
        match self.nodes[node].operation {
            Operation::Norm(norm) => norm.needs_statistics(self.behaviour),
            _ => false,
        }
    }

    fn add(&mut self, operation: Operation<'n>, inputs: Vec<usize>) -> usize {
        let taken = inputs.iter().map(|&input| self.nodes[input].dims);
        let dims = operation.output(&taken.collect::<Vec<_>>());
        self.nodes.push(Node {
            operation,
            inputs,
            dims,
        });
        self.nodes.len() - 1
    }
}

impl<'n> Pass<'n> for Graph<'n> {
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

    /// In bands nothing is dropped: [`forward_in_bands`](super::forward_in_bands) is for passes without dropout.
    fn dropout(&mut self, input: usize) -> usize {
        input
    }

    fn activation(&mut self, function: Activation, input: usize) -> usize {
        self.add(Operation::Activation(function), vec![input])
    }

    fn half_size(&mut self, input: usize) -> usize {
        self.add(Operation::HalfSize, vec![input])
    }

    fn sum(&mut self, left: usize, right: usize) -> usize {
        self.add(Operation::Sum, vec![left, right])
    }

    fn concatenation(&mut self, first: usize, second: usize) -> usize {
        self.add(Operation::Concatenation, vec![first, second])
    }
}
