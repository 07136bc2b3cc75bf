//! The passes over a picture, and what is kept between them.

use super::graph::Graph;

/// What it costs to write one value or to read it again, in the multiplications that take as long: where features are kept in
/// a file, and where they are kept in memory.
///
/// On a Xeon with AVX-512 a core does about 80 thousand million multiplications of convolutions in a second, or moves 320 million
/// values to or from a file that the system holds in memory.
pub(super) const IN_FILE: f64 = 250.0;
pub(super) const IN_MEMORY: f64 = 10.0;

/// What it costs to compute a value, beside its multiplications, in the same unit.
const VALUE: f64 = 20.0;

/// What is computed when.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) passes: Vec<PlannedPass>,
    /// For each node that is kept, where and for how long.
    pub(super) live_ranges: Vec<Option<LiveRange>>,
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
pub(super) struct LiveRange {
    /// Nodes with the same place follow on each other, row by row.
    pub(super) slot: usize,
    /// The pass that computes them.
    pub(super) first_pass: usize,
    /// The last pass that reads them.
    pub(super) last_pass: usize,
}

impl Plan {
    /// The plan that costs least, if features that are kept cost so much for each value and access.
    pub(super) fn new(graph: &Graph, access: f64) -> Self {
        let mut keep: Vec<bool> = graph
            .nodes
            .iter()
            .map(|node| node.multiply_adds(graph) > 0.0)
            .collect();
        let candidates: Vec<usize> = (0..keep.len()).filter(|&node| keep[node]).collect();
        let mut best = Schedule::new(graph, &keep);
        let mut least = best.cost(graph, access);
        // From all that could be kept, one at a time is left out or taken in again while that makes it less.
        let mut is_changing = true;
        while is_changing {
            is_changing = false;
            for &node in &candidates {
                keep[node] = !keep[node];
                let other = Schedule::new(graph, &keep);
                let cost = other.cost(graph, access);
                if cost < least {
                    (best, least, is_changing) = (other, cost, true);
                } else {
                    keep[node] = !keep[node];
                }
            }
        }
        let Schedule { passes, spans } = best;
        let mut live_ranges: Vec<Option<LiveRange>> = spans
            .into_iter()
            .enumerate()
            .map(|(slot, span)| {
                let (first_pass, last_pass) = span?;
                // What no later pass reads need not be kept.
                (first_pass < last_pass).then_some(LiveRange {
                    slot,
                    first_pass,
                    last_pass,
                })
            })
            .collect();
        for node in 0..graph.nodes.len() {
            if let Some(slot) = reused_slot(graph, &passes, &live_ranges, node)
                && let Some(range) = &mut live_ranges[node]
            {
                range.slot = slot;
            }
        }
        Self {
            passes,
            live_ranges,
        }
    }

    /// Bytes of stored features in the pass that stores most.
    pub(super) fn peak_bytes(&self, graph: &Graph) -> u64 {
        let values = |pass: usize| {
            let mut slots = vec![0; graph.nodes.len()];
            for range in self.live_ranges.iter().flatten() {
                if (range.first_pass..=range.last_pass).contains(&pass) {
                    slots[range.slot] = graph.nodes[range.slot].values() as u64;
                }
            }
            slots.iter().sum::<u64>()
        };
        let peak = (0..self.passes.len()).map(values).max();
        size_of::<f32>() as u64 * peak.unwrap_or(0)
    }

    /// The last pass that uses `slot`.
    pub(super) fn last_use(&self, slot: usize) -> usize {
        let ranges = self.live_ranges.iter().flatten();
        let uses = ranges.filter(|range| range.slot == slot);
        uses.map(|range| range.last_pass).max().unwrap_or(0)
    }
}

impl PlannedPass {
    /// What it costs to compute, in multiplications.
    pub(super) fn cost(&self, graph: &Graph) -> f64 {
        let nodes = self.computed.iter().map(|&node| &graph.nodes[node]);
        nodes
            .map(|node| node.multiply_adds(graph) + VALUE * node.values() as f64)
            .sum()
    }
}

/// The passes for one choice of what is kept.
struct Schedule {
    passes: Vec<PlannedPass>,
    /// For each node that is kept, the pass that computes it and the last one that reads it.
    spans: Vec<Option<(usize, usize)>>,
}

impl Schedule {
    fn new(graph: &Graph, keep: &[bool]) -> Self {
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

    /// What it costs, in multiplications.
    fn cost(&self, graph: &Graph, access: f64) -> f64 {
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

/// The nodes that are computed for `target`, in their order, and those that are complete and are read.
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

/// What is kept, and the sums of it: otherwise all that has ever been added would have to be kept.
fn with_sums(graph: &Graph, keep: &[bool]) -> Vec<bool> {
    let mut keep = keep.to_vec();
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.operation.is_sum() {
            let mut inputs = node.inputs.iter();
            keep[index] = inputs.any(|&input| keep[origin(graph, &keep, input)]);
        }
    }
    keep
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
fn reused_slot(
    graph: &Graph,
    passes: &[PlannedPass],
    live_ranges: &[Option<LiveRange>],
    node: usize,
) -> Option<usize> {
    let first_pass = live_ranges[node]?.first_pass;
    if !graph.nodes[node].operation.is_sum() {
        return None;
    }
    let is_stored: Vec<bool> = live_ranges.iter().map(Option::is_some).collect();
    let operand = origin(graph, &is_stored, graph.nodes[node].inputs[0]);
    let released = live_ranges[operand]?;
    let pass = &passes[first_pass];
    if released.last_pass != first_pass
        || released.first_pass == first_pass
        || pass.target == operand
    {
        return None;
    }
    let mut derived = vec![false; graph.nodes.len()];
    derived[operand] = true;
    for &other in &pass.computed {
        let takes = graph.nodes[other].inputs.iter();
        if other == node || !takes.clone().any(|&input| derived[input]) {
            continue;
        }
        if !graph.nodes[other].operation.is_pointwise() || is_stored[other] || other == pass.target
        {
            return None;
        }
        derived[other] = true;
    }
    Some(released.slot)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::config::{GeneratorArch, GeneratorRecipe, InitKind, Mode, Recipe};
    use crate::nn::forward_mode::{ForwardMode, NormStats};
    use crate::nn::generator::Generator;
    use crate::nn::weight_init::WeightInit;

    /// What a pass in bands multiplies for each multiplication of a whole one, and the most that it keeps, in GiB.
    fn share_and_kept(arch: GeneratorArch, channels: usize, side: usize) -> (f64, f64) {
        let recipe = GeneratorRecipe {
            arch,
            channels,
            ..Recipe::defaults(Mode::Pix2pixhd).generator
        };
        let mut init = WeightInit::new(InitKind::Normal, 0.02, 0, 0, &Device::flex());
        let generator = Generator::new(&mut init, &recipe, 3, 3);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let graph = Graph::new(&generator, [3, side, side], mode);
        let plan = Plan::new(&graph, IN_FILE);
        let all = plan.passes.iter().flat_map(|pass| &pass.computed);
        let planned: f64 = all
            .map(|&node| graph.nodes[node].multiply_adds(&graph))
            .sum();
        let whole: f64 = graph
            .nodes
            .iter()
            .map(|node| node.multiply_adds(&graph))
            .sum();
        let kept = plan.peak_bytes(&graph) as f64 / f64::from(1 << 30);
        (planned / whole, kept)
    }

    #[test]
    fn bands_multiply_little_more_than_a_whole_pass() {
        let (share, kept) = share_and_kept(GeneratorArch::Resnet9Blocks, 64, 8192);
        assert!((1.0..1.1).contains(&share), "{share}");
        assert!(kept < 18.0, "{kept} GiB");
        for (arch, channels) in [
            (GeneratorArch::Global, 16),
            (GeneratorArch::Local, 16),
            (GeneratorArch::Unet256, 32),
        ] {
            let (share, _) = share_and_kept(arch, channels, 2048);
            assert!((1.0..1.2).contains(&share), "{arch:?}: {share}");
        }
    }
}
