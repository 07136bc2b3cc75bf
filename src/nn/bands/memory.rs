//! Memory of a whole forward pass.

use super::graph::Graph;
use crate::nn::forward_mode::{ForwardMode, NormStats};
use crate::nn::generator::Generator;

/// Bytes allocated per byte of features: freed features leave gaps that larger ones do not fit into.
const GAPS: f64 = 1.95;

/// Bytes of scratch that convolutions take on all threads together, beside a copy of their weights.
const SCRATCH: f64 = (48 << 20) as f64;

/// Upper bound of the bytes that a whole forward pass of `generator` takes for a picture of `dims` (channels, height, width),
/// beside the weights. Measured on Flex: see `tests/it/forward_memory.rs`.
pub fn forward_memory(generator: &Generator, dims: [usize; 3]) -> u64 {
    let graph = Graph::new(
        generator,
        dims,
        ForwardMode::inference(NormStats::Batch, false),
    );
    let mut last_use = vec![graph.nodes.len(); graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for &input in &node.inputs {
            last_use[input] = index;
        }
    }
    let (mut live, mut peak, mut weights) = (0, 0, 0);
    for (index, node) in graph.nodes.iter().enumerate() {
        // The input of a layer lives until the layer is done, or only until it has been copied with its padding.
        let mut released = node.inputs.clone();
        released.retain(|&input| last_use[input] == index);
        released.dedup();
        let released: usize = released
            .iter()
            .map(|&input| graph.nodes[input].values())
            .sum();
        let copy_len = node
            .operation
            .copy_len(graph.nodes[*node.inputs.first().unwrap_or(&0)].dims);
        peak = peak.max(live + copy_len);
        let beside = if copy_len > 0 {
            live - released + copy_len
        } else {
            live
        };
        peak = peak.max(beside + node.values());
        live = live - released + node.values();
        weights = weights.max(node.operation.weights());
    }
    let floats = |count: usize| (count * size_of::<f32>()) as f64;
    (GAPS * floats(peak) + 2.0 * floats(weights) + SCRATCH) as u64
}
