//! One pass down a picture, in which each layer follows its inputs row by row.

use std::collections::VecDeque;
use std::ops::Range;

use burn::tensor::Tensor;

use super::feature_store::FeatureStore;
use super::graph::Graph;
use super::operation::Operation;
use super::plan::LiveRange;
use super::schedule::PlannedPass;
use super::tensor_rows::TensorRows;
use crate::kernels::{ChannelScaling, ChannelStatistics, Merge, RowSource, copy_rows, fuse_rows};

/// Runs the layers of one pass.
pub(super) struct PassRunner<'a, 'n> {
    graph: &'a Graph<'n>,
    target: usize,
    /// The nodes that are materialized in this pass, in order.
    order: Vec<(usize, Origin)>,
    /// Whether each node is fused into its consumers.
    fused: Vec<bool>,
    /// The scalings of the normalisations in this pass.
    scalings: Vec<Option<ChannelScaling>>,
    /// The materialized nodes that each computed node depends on.
    producers: Vec<Vec<usize>>,
    /// The inverse of `producers`.
    consumers: Vec<Vec<usize>>,
    layers: Vec<Layer>,
}

/// Where the rows of a node come from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Picture,
    /// From a store; `is_last` if no later pass reads it.
    Read {
        slot: usize,
        is_last: bool,
    },
    /// From its inputs, and then stored in `slot`, if any.
    Computed {
        slot: Option<usize>,
    },
}

/// The progress of a layer.
#[derive(Debug, Default)]
struct Layer {
    /// Rows computed or read so far.
    done: usize,
    /// The last of these rows that other layers still need, in pieces, each with the index of its first row.
    pieces: VecDeque<(usize, Tensor<4>)>,
}

impl<'a, 'n> PassRunner<'a, 'n> {
    /// Prepares pass `number`; `statistics` holds those of all its normalisations that need them.
    pub(super) fn new(
        graph: &'a Graph<'n>,
        pass: &'a PlannedPass,
        number: usize,
        live_ranges: &[Option<LiveRange>],
        statistics: &[Option<ChannelStatistics>],
    ) -> Self {
        let count = graph.nodes.len();
        let fused = graph.fused();
        let mut order = vec![(0, Origin::Picture)];
        order.extend(pass.read.iter().map(|&node| {
            let LiveRange {
                slot, last_pass, ..
            } = live_ranges[node].expect("what a pass reads was stored");
            let is_last = last_pass == number;
            (node, Origin::Read { slot, is_last })
        }));
        let computed = pass.computed.iter().filter(|&&node| !fused[node]);
        order.extend(computed.map(|&node| {
            let slot = live_ranges[node].map(|range| range.slot);
            (node, Origin::Computed { slot })
        }));
        order.sort_unstable_by_key(|(node, _)| *node);
        let (mut producers, mut consumers) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for &(node, origin) in &order {
            if let Origin::Computed { .. } = origin {
                let inputs = graph.nodes[node].inputs.iter();
                let all = inputs.flat_map(|&input| graph.producers(&fused, input));
                producers[node] = all.collect();
                for &source in &producers[node] {
                    consumers[source].push(node);
                }
            }
        }
        let mut scalings = vec![None; count];
        for &node in &pass.computed {
            if let Operation::Norm(norm) = graph.nodes[node].operation {
                scalings[node] = norm.scaling(statistics[node].as_ref());
            }
        }
        Self {
            graph,
            target: pass.target,
            order,
            fused,
            scalings,
            producers,
            consumers,
            layers: graph.nodes.iter().map(|_| Layer::default()).collect(),
        }
    }

    /// Advances to row `end` of the target; returns the new rows, in pieces `[1, channels, rows, width]`.
    pub(super) fn advance<R: TensorRows>(
        &mut self,
        end: usize,
        stores: &mut [Option<FeatureStore>],
        rows: &mut R,
    ) -> Result<Vec<Tensor<4>>, R::Error> {
        let ends = self.ends(end);
        let mut new_pieces = Vec::new();
        for (node, origin) in self.order.clone() {
            let next = self.layers[node].done..ends[node];
            if next.is_empty() {
                continue;
            }
            let pieces = match origin {
                Origin::Picture => vec![rows.read(next.clone())?],
                Origin::Read { slot, is_last } => {
                    let store = stores[slot].as_mut();
                    let store = store.expect("what is read was kept by an earlier pass");
                    store.read(next.clone(), is_last, rows.device())?
                }
                Origin::Computed { slot } => {
                    let computed = self.compute(node, next.clone());
                    let store = slot.and_then(|slot| stores[slot].as_mut());
                    vec![match store {
                        Some(store) => store.write(next.start, computed)?,
                        None => computed,
                    }]
                }
            };
            if node == self.target {
                new_pieces.clone_from(&pieces);
            }
            self.append(node, pieces);
            self.release(node);
            for index in 0..self.producers[node].len() {
                self.release(self.producers[node][index]);
            }
        }
        Ok(new_pieces)
    }

    /// The row to which each layer must advance for the target to reach `end`.
    fn ends(&self, end: usize) -> Vec<usize> {
        let nodes = &self.graph.nodes;
        let mut ends = vec![0; nodes.len()];
        ends[self.target] = end;
        let is_last = end == nodes[self.target].height();
        for &(node, origin) in self.order.iter().rev() {
            if is_last && matches!(origin, Origin::Computed { slot: Some(_) }) {
                ends[node] = nodes[node].height();
            }
            let next = self.layers[node].done..ends[node];
            if next.is_empty() {
                continue;
            }
            for &source in &self.producers[node] {
                let under = self.input_rows(node, next.clone(), source);
                ends[source] = ends[source].max(under.end);
            }
        }
        ends
    }

    /// The rows of one of its producers that `rows` of a node depend on. Fused nodes between them keep the rows of the producer.
    fn input_rows(&self, node: usize, rows: Range<usize>, source: usize) -> Range<usize> {
        let nodes = &self.graph.nodes;
        let height = nodes[source].height();
        nodes[node].operation.input_rows(rows, height)
    }

    /// Computes rows of a node from those of its producers.
    fn compute(&self, index: usize, rows: Range<usize>) -> Tensor<4> {
        let node = &self.graph.nodes[index];
        let height = self.graph.nodes[node.inputs[0]].height();
        let under = node.operation.input_rows(rows.clone(), height);
        let mut merge = node.operation.merge();
        let mut inputs = Vec::new();
        for &input in &node.inputs {
            let sources = self.row_sources(input, under.clone());
            if sources.len() > 1 {
                merge = Merge::Concatenation;
            }
            inputs.extend(sources);
        }
        self.apply_fused(index, &mut inputs);
        let mut padding = node.operation.row_padding(&rows, height);
        if merge == Merge::Sum && inputs.len() > 1 {
            let sum = fuse_rows(&inputs, merge, std::mem::take(&mut padding));
            inputs = vec![RowSource::plain(vec![sum])];
        }
        node.operation.forward(&inputs, padding, rows, height)
    }

    /// The sources of rows of a node: its own pieces, or those that it is fused from.
    fn row_sources(&self, node: usize, rows: Range<usize>) -> Vec<RowSource> {
        if !self.fused[node] {
            return vec![RowSource::plain(self.pieces(node, rows))];
        }
        let inputs = self.graph.nodes[node].inputs.iter();
        let sources = inputs.flat_map(|&input| self.row_sources(input, rows.clone()));
        let mut sources: Vec<_> = sources.collect();
        self.apply_fused(node, &mut sources);
        sources
    }

    /// Adds the scaling or slope of a fused node to the sources of its input.
    fn apply_fused(&self, node: usize, sources: &mut [RowSource]) {
        for source in sources {
            if let Some(scaling) = &self.scalings[node] {
                source.scaling = Some(scaling.clone());
            }
            if let Some(slope) = self.graph.nodes[node].operation.slope() {
                source.slope = Some(slope);
            }
        }
    }

    /// Pieces of rows that a node holds.
    fn pieces(&self, node: usize, rows: Range<usize>) -> Vec<Tensor<4>> {
        let mut parts = Vec::new();
        for (first, piece) in &self.layers[node].pieces {
            let part = rows.start.max(*first)..rows.end.min(first + piece.dims()[2]);
            if !part.is_empty() {
                parts.push(piece.clone().narrow(2, part.start - first, part.len()));
            }
        }
        parts
    }

    fn append(&mut self, node: usize, pieces: Vec<Tensor<4>>) {
        let layer = &mut self.layers[node];
        for piece in pieces {
            let first = layer.done;
            layer.done += piece.dims()[2];
            layer.pieces.push_back((first, piece));
        }
    }

    /// Drops the rows of a node that are no longer needed.
    fn release(&mut self, node: usize) {
        let needed = self.first_needed(node);
        let pieces = &mut self.layers[node].pieces;
        while let Some((first, piece)) = pieces.front_mut() {
            let rows = piece.dims()[2];
            if *first + rows <= needed {
                pieces.pop_front();
                continue;
            }
            // Copies a few rows, so that the rest of their piece can be freed.
            let rest = *first + rows - needed;
            if needed > *first && 4 * rest <= rows {
                *piece = copy_rows(piece.clone().narrow(2, rows - rest, rest));
                *first = needed;
            }
            break;
        }
    }

    /// The first row of a node that layers of this pass still need.
    fn first_needed(&self, node: usize) -> usize {
        let nodes = &self.graph.nodes;
        let needed = self.consumers[node].iter().map(|&consumer| {
            let next = self.layers[consumer].done;
            if next == nodes[consumer].height() {
                return nodes[node].height();
            }
            self.input_rows(consumer, next..next + 1, node).start
        });
        needed.min().unwrap_or(nodes[node].height())
    }
}
