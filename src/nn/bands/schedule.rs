//! The passes over a picture for one choice of stored features, and their cost.

use super::graph::Graph;

/// Cost of computing one value, beside its multiplications, in multiplications.
const VALUE: f64 = 20.0;

/// One pass down the picture.
#[derive(Debug)]
pub(super) struct PlannedPass {
    /// The node whose rows the pass is for.
    pub(super) target: usize,
    /// The normalisation that needs the statistics of the target; `None` in the last pass, whose target is the output.
    pub(super) norm: Option<usize>,
    /// The nodes whose rows are computed, in order.
    pub(super) computed: Vec<usize>,
    /// The nodes whose stored rows are read.
    pub(super) read: Vec<usize>,
}

impl PlannedPass {
    /// Cost of the computation, in multiplications.
    pub(super) fn cost(&self, graph: &Graph) -> f64 {
        let nodes = self.computed.iter().map(|&node| &graph.nodes[node]);
        nodes
            .map(|node| node.multiply_adds(graph) + VALUE * node.values() as f64)
            .sum()
    }
}

/// The passes for one choice of stored nodes.
pub(super) struct Schedule {
    pub(super) passes: Vec<PlannedPass>,
    /// For each stored node, the pass that computes it and the last one that reads it.
    pub(super) spans: Vec<Option<(usize, usize)>>,
}

impl Schedule {
    pub(super) fn new(graph: &Graph, keep: &[bool]) -> Self {
        let output = graph.nodes.len() - 1;
        let norms = (0..graph.nodes.len()).filter(|&node| graph.needs_statistics(node));
        let targets = norms
            .map(|norm| (graph.nodes[norm].inputs[0], Some(norm)))
            .chain([(output, None)]);
        let keep = with_sums(graph, keep);
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; graph.nodes.len()];
        let mut passes = Vec::new();
        for (number, (target, norm)) in targets.enumerate() {
            let complete = |node: usize| spans[node].is_some();
            let (computed, read) = required_nodes(graph, target, complete);
            for &node in computed.iter().filter(|&&node| keep[node]) {
                spans[node] = Some((number, number));
            }
            for &node in &read {
                if let Some((_, last)) = &mut spans[node] {
                    *last = number;
                }
            }
            passes.push(PlannedPass {
                target,
                norm,
                computed,
                read,
            });
        }
        Self { passes, spans }
    }

    /// Cost of all passes, in multiplications, if each access to a stored value costs `access`.
    pub(super) fn cost(&self, graph: &Graph, access: f64) -> f64 {
        let written = self.spans.iter().enumerate().filter_map(|(node, span)| {
            let (first, last) = (*span)?;
            (first < last).then_some(node)
        });
        let read = self
            .passes
            .iter()
            .flat_map(|pass| pass.read.iter().copied());
        let accesses = written
            .chain(read)
            .map(|node| graph.nodes[node].values() as f64);
        let computed = self.passes.iter().map(|pass| pass.cost(graph));
        computed.sum::<f64>() + access * accesses.sum::<f64>()
    }
}

/// The nodes to compute for `target`, in order, and the complete ones to read.
fn required_nodes(
    graph: &Graph,
    target: usize,
    complete: impl Fn(usize) -> bool,
) -> (Vec<usize>, Vec<usize>) {
    let mut needed = vec![false; graph.nodes.len()];
    needed[target] = true;
    let (mut computed, mut read) = (Vec::new(), Vec::new());
    for node in (0..=target).rev().filter(|&node| node > 0) {
        if !needed[node] {
            continue;
        }
        if complete(node) {
            read.push(node);
            continue;
        }
        computed.push(node);
        for &input in &graph.nodes[node].inputs {
            needed[input] = true;
        }
    }
    computed.reverse();
    (computed, read)
}

/// Adds the sums of stored nodes to those that are `kept`: otherwise every term of a sum would have to be stored.
fn with_sums(graph: &Graph, keep: &[bool]) -> Vec<bool> {
    let mut keep = keep.to_vec();
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.operation.is_sum() {
            let mut inputs = node.inputs.iter();
            keep[index] = inputs.any(|&input| keep[graph.pointwise_origin(&keep, input)]);
        }
    }
    keep
}
