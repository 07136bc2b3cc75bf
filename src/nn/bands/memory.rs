//! What a whole pass takes.

use super::graph::Graph;
use super::operation::Operation;
use crate::nn::behaviour::{Behaviour, NormStats};
use crate::nn::generator::Generator;

/// Bytes of the features that exist at one time in a whole forward pass of `generator` for a picture of `dims` (channels,
/// height, width).
pub fn forward_memory(generator: &Generator, dims: [usize; 3]) -> u64 {
    let graph = Graph::new(
        generator,
        dims,
        Behaviour::inference(NormStats::Batch, false),
    );
    let mut last_use = vec![graph.nodes.len(); graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for &input in &node.inputs {
            last_use[input] = index;
        }
    }
    let (mut live, mut most) = (0, 0);
    for (index, node) in graph.nodes.iter().enumerate() {
        let taken = node.inputs.iter().map(|&input| graph.nodes[input].values());
        let copied = match node.operation {
            // With its border.
            Operation::Convolution(_) => taken.sum(),
            _ => 0,
        };
        live += node.values();
        most = most.max(live + copied);
        for &input in &node.inputs {
            if last_use[input] == index {
                live -= graph.nodes[input].values();
            }
        }
    }
    (most * size_of::<f32>()) as u64
}
