//! One pass down a picture: each layer follows its inputs row by row.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use super::graph::Graph;
use super::plan::{Kept, PlannedPass};
use super::run::Rows;
use super::store::{Store, StoreError};
use crate::kernels::ChannelStatistics;

/// The layers of one pass on their way down.
pub(super) struct Streams<'a, 'n> {
    graph: &'a Graph<'n>,
    pass: &'a PlannedPass,
    /// For each node that this pass computes and keeps, and each that it reads, its place among the stores.
    places: Vec<Option<usize>>,
    /// For each node the nodes of this pass that take it.
    takers: Vec<Vec<usize>>,
    layers: Vec<Layer>,
}

/// How far a layer has come.
#[derive(Debug, Default)]
struct Layer {
    /// Rows that are computed.
    done: usize,
    /// The last of them, as far as another layer of the pass still needs them.
    tail: Option<Tensor<4>>,
}

impl<'a, 'n> Streams<'a, 'n> {
    pub(super) fn new(
        graph: &'a Graph<'n>,
        pass: &'a PlannedPass,
        number: usize,
        kept: &[Option<Kept>],
    ) -> Self {
        let mut takers = vec![Vec::new(); graph.nodes.len()];
        for &node in &pass.computed {
            for &input in &graph.nodes[node].inputs {
                takers[input].push(node);
            }
        }
        let now = |kept: &Kept| {
            (kept.first..=kept.last)
                .contains(&number)
                .then_some(kept.place)
        };
        Self {
            graph,
            pass,
            places: kept
                .iter()
                .map(|kept| kept.as_ref().and_then(now))
                .collect(),
            takers,
            layers: graph.nodes.iter().map(|_| Layer::default()).collect(),
        }
    }

    /// The next rows of the target, up to `end`: `[1, channels, rows, width]`. `statistics` has those of all normalisations of
    /// this pass that need them.
    pub(super) fn advance<R: Rows>(
        &mut self,
        end: usize,
        stores: &mut [Option<Store>],
        statistics: &[Option<ChannelStatistics>],
        rows: &mut R,
    ) -> Result<Tensor<4>, R::Error> {
        let ends = self.ends(end);
        let mut last = None;
        for &node in &self.pass.computed {
            let computed = self.layers[node].done..ends[node];
            if computed.is_empty() {
                continue;
            }
            let inputs = self.graph.nodes[node].inputs.clone();
            let under = inputs.iter().map(|&input| {
                let rows_under = self.rows_under(node, computed.clone(), input);
                self.rows_of(input, rows_under, stores, rows)
            });
            let under = under.collect::<Result<Vec<_>, R::Error>>()?;
            let height = self.graph.nodes[inputs[0]].height();
            let operation = &self.graph.nodes[node].operation;
            let features =
                operation.forward(under, computed.clone(), height, statistics[node].as_ref());
            if let Some(store) = self.places[node].and_then(|place| stores[place].as_mut()) {
                write(store, computed.start, features.clone())?;
            }
            self.append(node, features.clone());
            for input in inputs {
                self.release(input);
            }
            last = (node == self.pass.target).then_some(features);
        }
        if let Some(features) = last {
            return Ok(features);
        }
        // The target was kept by an earlier pass.
        let target = &mut self.layers[self.pass.target];
        let next = target.done..end;
        target.done = end;
        self.rows_of(self.pass.target, next, stores, rows)
    }

    /// How far each layer must come for the target to come to `end`.
    fn ends(&self, end: usize) -> Vec<usize> {
        let nodes = &self.graph.nodes;
        let mut ends = vec![0; nodes.len()];
        ends[self.pass.target] = end;
        let is_last = end == nodes[self.pass.target].height();
        for &node in self.pass.computed.iter().rev() {
            if is_last && self.places[node].is_some() {
                ends[node] = nodes[node].height();
            }
            let computed = self.layers[node].done..ends[node];
            if computed.is_empty() {
                continue;
            }
            for &input in &nodes[node].inputs {
                let under = self.rows_under(node, computed.clone(), input);
                ends[input] = ends[input].max(under.end);
            }
        }
        ends
    }

    fn rows_under(&self, node: usize, rows: Range<usize>, input: usize) -> Range<usize> {
        let nodes = &self.graph.nodes;
        nodes[node]
            .operation
            .rows_under(rows, nodes[input].height())
    }

    /// These rows of a node: of the picture, of its stream, or of its store.
    fn rows_of<R: Rows>(
        &self,
        node: usize,
        wanted: Range<usize>,
        stores: &mut [Option<Store>],
        rows: &mut R,
    ) -> Result<Tensor<4>, R::Error> {
        if node == 0 {
            return rows.read(wanted);
        }
        let layer = &self.layers[node];
        if let Some(tail) = &layer.tail {
            let first = layer.done - tail.dims()[2];
            return Ok(tail.clone().narrow(2, wanted.start - first, wanted.len()));
        }
        let store = self.places[node].and_then(|place| stores[place].as_mut());
        let store = store.expect("what a pass does not compute was kept by an earlier one");
        let [channels, _, width] = self.graph.nodes[node].dims;
        let dims = [1, channels, wanted.len(), width];
        let values = store.read(wanted)?;
        Ok(Tensor::from_data(
            TensorData::new(values, dims),
            rows.device(),
        ))
    }

    /// Adds rows to a node's stream.
    fn append(&mut self, node: usize, features: Tensor<4>) {
        let first = self.first_needed(node);
        let layer = &mut self.layers[node];
        let count = features.dims()[2];
        let tail = layer.tail.take().map(|tail| {
            let rows = tail.dims()[2];
            let passed = first.saturating_sub(layer.done - rows).min(rows);
            (tail, passed, rows - passed)
        });
        layer.done += count;
        layer.tail = Some(match tail {
            Some((tail, passed, rest)) if rest > 0 => {
                Tensor::cat(vec![tail.narrow(2, passed, rest), features], 2)
            }
            _ => features,
        });
    }

    /// Forgets the stream of a node of which nothing is needed any more.
    fn release(&mut self, node: usize) {
        if self.first_needed(node) >= self.layers[node].done {
            self.layers[node].tail = None;
        }
    }

    /// The first row of a node that layers of this pass still take.
    fn first_needed(&self, node: usize) -> usize {
        let nodes = &self.graph.nodes;
        let needed = self.takers[node].iter().map(|&taker| {
            let next = self.layers[taker].done;
            if next == nodes[taker].height() {
                return nodes[node].height();
            }
            self.rows_under(taker, next..next + 1, node).start
        });
        needed.min().unwrap_or(nodes[node].height())
    }
}

fn write(store: &mut Store, start: usize, features: Tensor<4>) -> Result<(), StoreError> {
    let data = features.into_data();
    let values = data
        .as_slice::<f32>()
        .expect("networks compute in 32 bits, and tensors are read in order");
    store.write(start, values)
}
