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

/// What can be done to rows that are read: first a scaling, then a leaky ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Made,
    Scaled,
    Active,
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

    /// For each node whether its rows exist nowhere, but are made out of those of its inputs on the way into the layers that
    /// take them.
    pub(super) fn passing(&self) -> Vec<bool> {
        let count = self.nodes.len();
        let (mut forms, mut passing) = (vec![Form::Made; count], vec![false; count]);
        for (index, node) in self.nodes.iter().enumerate() {
            let is_leaky = node.operation.slope().is_some();
            for &input in &node.inputs {
                let must_exist = match node.operation {
                    Operation::Norm(_) => true,
                    Operation::Activation(_) => is_leaky && forms[input] == Form::Active,
                    // It adds one source for each input.
                    Operation::Sum => self.sources(&passing, input).len() > 1,
                    _ => false,
                };
                if must_exist {
                    (forms[input], passing[input]) = (Form::Made, false);
                }
            }
            let most = node.inputs.iter().map(|&input| forms[input]).max();
            forms[index] = match node.operation {
                Operation::Norm(_) => Form::Scaled,
                Operation::Activation(_) if is_leaky => Form::Active,
                Operation::Concatenation => {
                    most.map_or(Form::Scaled, |most| most.max(Form::Scaled))
                }
                _ => Form::Made,
            };
            passing[index] = forms[index] != Form::Made && index + 1 < count;
        }
        passing
    }

    /// The nodes that exist out of which rows of `node` are made.
    pub(super) fn sources(&self, passing: &[bool], node: usize) -> Vec<usize> {
        if !passing[node] {
            return vec![node];
        }
        let inputs = self.nodes[node].inputs.iter();
        inputs
            .flat_map(|&input| self.sources(passing, input))
            .collect()
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

    fn blur_downsample(&mut self, input: usize) -> usize {
        self.add(Operation::BlurDownsample, vec![input])
    }

    fn sum(&mut self, left: usize, right: usize) -> usize {
        self.add(Operation::Sum, vec![left, right])
    }

    fn concatenation(&mut self, first: usize, second: usize) -> usize {
        self.add(Operation::Concatenation, vec![first, second])
    }
}
