//! The cheapest choice of features to store between the passes.

use super::graph::Graph;
use super::schedule::{PlannedPass, Schedule};

/// Cost of writing or reading one stored value, in multiplications that take as long, in a file and in memory.
///
/// A core of a Xeon with AVX-512 does about 80 billion multiplications of convolutions per second, or moves 320 million values
/// to or from a file in the page cache.
pub(super) const IN_FILE: f64 = 250.0;
pub(super) const IN_MEMORY: f64 = 10.0;

/// The passes, and which features are stored between them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) passes: Vec<PlannedPass>,
    /// Slot and lifetime of each stored node.
    pub(super) live_ranges: Vec<Option<LiveRange>>,
}

/// Where and for how long a node's features are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LiveRange {
    /// Nodes with the same slot replace each other row by row.
    pub(super) slot: usize,
    /// The pass that computes them.
    pub(super) first_pass: usize,
    /// The last pass that reads them.
    pub(super) last_pass: usize,
}

impl Plan {
    /// Finds the cheapest plan if each access to a stored value costs `access`.
    pub(super) fn new(graph: &Graph, access: f64) -> Self {
        let mut keep: Vec<bool> = graph
            .nodes
            .iter()
            .map(|node| node.multiply_adds(graph) > 0.0)
            .collect();
        let candidates: Vec<usize> = (0..keep.len()).filter(|&node| keep[node]).collect();
        let mut best = Schedule::new(graph, &keep);
        let mut least = best.cost(graph, access);
        // Greedy descent: store everything, then toggle single nodes while the cost drops.
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
                // What no later pass reads need not be stored.
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

/// The slot that the sum `node` can reuse: that of its first operand, if nothing else needs its rows once they are added.
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
    let operand = graph.pointwise_origin(&is_stored, graph.nodes[node].inputs[0]);
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
