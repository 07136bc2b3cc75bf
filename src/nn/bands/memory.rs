//! What a whole pass takes.

use super::graph::Graph;
use crate::nn::behaviour::{Behaviour, NormStats};
use crate::nn::generator::Generator;

/// Bytes taken for each byte of features: what is given back leaves gaps that larger features do not fit into.
const GAPS: f64 = 1.95;

/// Bytes that convolutions work with, of all threads together, beside a copy of their weights.
const SCRATCH: f64 = (48 << 20) as f64;

/// Bytes that a whole forward pass of `generator` takes at most for a picture of `dims` (channels, height, width), beside the
/// weights. Measured on Flex: see `tests/it/forward_memory.rs`.
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
    let (mut live, mut most, mut weights) = (0, 0, 0);
    for (index, node) in graph.nodes.iter().enumerate() {
        // What a layer takes lives as long as it works, or only until it has been copied with its border.
        let mut given_up = node.inputs.clone();
        given_up.retain(|&input| last_use[input] == index);
        given_up.dedup();
        let given_up: usize = given_up
            .iter()
            .map(|&input| graph.nodes[input].values())
            .sum();
        let copied = node
            .operation
            .copied(graph.nodes[*node.inputs.first().unwrap_or(&0)].dims);
        most = most.max(live + copied);
        let beside = if copied > 0 {
            live - given_up + copied
        } else {
            live
        };
        most = most.max(beside + node.values());
        live = live - given_up + node.values();
        weights = weights.max(node.operation.weights());
    }
    let floats = |count: usize| (count * size_of::<f32>()) as f64;
    (GAPS * floats(most) + 2.0 * floats(weights) + SCRATCH) as u64
}
