//! The passes over a picture, and what is kept between them.

use super::graph::Graph;

/// Multiplications that are worth keeping one value for.
const WORTH_KEEPING: f64 = 1000.0;

/// What is computed when.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) passes: Vec<PlannedPass>,
    /// For each node that is kept, where and for how long.
    pub(super) kept: Vec<Option<Kept>>,
}

/// One way down the picture.
#[derive(Debug)]
pub(super) struct PlannedPass {
    /// The node whose rows are asked for.
    pub(super) target: usize,
    /// The normalisation that gets the statistics of the target; none in the last pass, whose target is the output.
    pub(super) norm: Option<usize>,
    /// The nodes whose rows are computed, in their order.
    pub(super) computed: Vec<usize>,
    /// The nodes whose rows were kept and are read.
    pub(super) read: Vec<usize>,
}

/// How a node's features are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// Nodes with the same place follow on each other, row by row.
    pub(super) place: usize,
    /// The pass that computes them.
    pub(super) first: usize,
    /// The last pass that reads them.
    pub(super) last: usize,
}

impl Plan {
    pub(super) fn new(graph: &Graph) -> Self {
        let output = graph.nodes.len() - 1;
        let norms = (0..graph.nodes.len()).filter(|&node| graph.needs_statistics(node));
        let targets: Vec<(usize, Option<usize>)> = norms
            .map(|norm| (graph.nodes[norm].inputs[0], Some(norm)))
            .chain([(output, None)])
            .collect();

        let worth = worth_keeping(graph);
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; graph.nodes.len()];
        let mut passes = Vec::with_capacity(targets.len());
        for (number, (target, norm)) in targets.into_iter().enumerate() {
            let complete = |node: usize| spans[node].is_some();
            let (computed, read) = visited(graph, target, complete);
            for &node in computed.iter().filter(|&&node| worth[node]) {
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
        let mut kept: Vec<Option<Kept>> = spans
            .into_iter()
            .enumerate()
            .map(|(place, span)| {
                let (first, last) = span?;
                // What no later pass reads need not be kept.
                (first < last).then_some(Kept { place, first, last })
            })
            .collect();
        for node in 0..graph.nodes.len() {
            if let Some(place) = taken_over(graph, &passes, &kept, node)
                && let Some(kept) = &mut kept[node]
            {
                kept.place = place;
            }
        }
        Self { passes, kept }
    }

    /// The last pass in which something at `place` is needed.
    pub(super) fn end_of(&self, place: usize) -> usize {
        let all = self.kept.iter().flatten();
        let ends = all.filter(|kept| kept.place == place).map(|kept| kept.last);
        ends.max().unwrap_or(0)
    }
}

/// The nodes that are computed for `target`, in their order, and those that are complete and are read.
fn visited(
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

/// Convolutions whose output would cost more to compute again than to keep, and sums of what is kept.
fn worth_keeping(graph: &Graph) -> Vec<bool> {
    let count = graph.nodes.len();
    let (mut worth, mut work) = (vec![false; count], vec![0.0; count]);
    for (index, node) in graph.nodes.iter().enumerate() {
        let inputs = node.inputs.iter();
        let own = node.work(graph);
        work[index] = own + inputs.map(|&input| work[input]).sum::<f64>();
        worth[index] = if node.inputs.len() == 2 && node.operation.is_sum() {
            // Otherwise all that has ever been added would have to be kept.
            node.inputs
                .iter()
                .any(|&input| worth[origin(graph, &worth, input)])
        } else {
            own > 0.0 && work[index] > WORTH_KEEPING * node.values() as f64
        };
        if worth[index] {
            work[index] = 0.0;
        }
    }
    worth
}

/// The node that a row of pointwise layers starts from.
fn origin(graph: &Graph, kept: &[bool], mut node: usize) -> usize {
    while graph.nodes[node].operation.is_pointwise() && !kept[node] {
        node = graph.nodes[node].inputs[0];
    }
    node
}

/// The place that the sum `node` can take over from its first operand, whose rows nothing else needs any more when they have
/// been added.
fn taken_over(
    graph: &Graph,
    passes: &[PlannedPass],
    kept: &[Option<Kept>],
    node: usize,
) -> Option<usize> {
    let first = kept[node]?.first;
    if !graph.nodes[node].operation.is_sum() {
        return None;
    }
    let is_kept: Vec<bool> = kept.iter().map(Option::is_some).collect();
    let operand = origin(graph, &is_kept, graph.nodes[node].inputs[0]);
    let given_up = kept[operand]?;
    let pass = &passes[first];
    if given_up.last != first || given_up.first == first || pass.target == operand {
        return None;
    }
    let mut derived = vec![false; graph.nodes.len()];
    derived[operand] = true;
    for &other in &pass.computed {
        let takes = graph.nodes[other].inputs.iter();
        if other == node || !takes.clone().any(|&input| derived[input]) {
            continue;
        }
        if !graph.nodes[other].operation.is_pointwise() || is_kept[other] || other == pass.target {
            return None;
        }
        derived[other] = true;
    }
    Some(given_up.place)
}
