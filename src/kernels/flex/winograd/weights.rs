//! Weights to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use std::array::from_fn;
use std::ops::Range;

use super::lines::{Lines, Transform, across, lines};
use super::transform::{POINTS, TAPS, WriteWeightGradient};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::prefetch::prefetch;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::ROWS;
use crate::kernels::workers::Workers;

/// Most weights of a row that are multiplied at a time: their points of three segments fit into a core's first cache.
const CHUNK: usize = 128;

/// Weights between a request for them and their use, where they lie far apart.
const AHEAD: usize = 4;

/// Where transformed weights lie: `[products, chunks of depth, panels, chunk, ROWS]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightLayout {
    /// Panels of [`ROWS`] rows.
    pub(super) panels: usize,
    /// Weights of a row in each product.
    pub(super) depth: usize,
}

impl WeightLayout {
    /// Numbers of all weights of `products` products.
    fn length(self, products: usize) -> usize {
        products * self.panels * self.depth * ROWS
    }

    /// The chunks of the depth.
    pub(super) fn chunks(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.depth)
            .step_by(CHUNK)
            .map(move |start| start..self.depth.min(start + CHUNK))
    }

    /// Where the weights of a panel begin from a place of the depth to the end of its chunk.
    pub(super) fn start(self, product: usize, panel: usize, place: usize) -> usize {
        let chunk = place / CHUNK * CHUNK;
        let length = CHUNK.min(self.depth - chunk);
        let before = (product * self.depth + chunk) * self.panels + panel * length;
        (before + place - chunk) * ROWS
    }
}

/// Transforms weights `[outputs, inputs, TAPS, TAPS]` to those of panels of [`ROWS`] outputs with a depth of `[terms, inputs]`, and
/// returns how they lie. `place` returns product and term of a point, of which each product has `terms`.
///
/// If `opposite` is set, the taps are in the opposite order, and outputs and inputs are exchanged in the result.
pub(super) fn transform_weights<
    T: Transform<TAPS, POINTS> + Default,
    const TAPS: usize,
    const POINTS: usize,
>(
    weight: &[f32],
    [outputs, inputs]: [usize; 2],
    opposite: bool,
    workers: impl Workers,
    (terms, place): (usize, impl Fn(usize) -> [usize; 2] + Sync),
) -> (Scratch, WeightLayout) {
    let (rows, depth) = if opposite {
        (inputs, outputs)
    } else {
        (outputs, inputs)
    };
    let layout = WeightLayout {
        panels: rows.div_ceil(ROWS),
        depth: terms * depth,
    };
    // Parts of the depth that lie in one chunk for every term.
    let part = |start: usize| {
        let ends = (0..terms).map(|term| CHUNK - (term * depth + start) % CHUNK);
        start..depth.min(start + ends.min().unwrap_or(CHUNK))
    };
    let mut matrices = Scratch::new(layout.length(POINTS * POINTS / terms));
    let parts = DisjointSlices::new(&mut matrices);
    workers.for_each(layout.panels, |panel| {
        let first = panel * ROWS;
        let count = ROWS.min(rows - first);
        let mut taps = Scratch::new(TAPS * TAPS * CHUNK * ROWS);
        let mut half = Scratch::new(TAPS * POINTS * CHUNK * ROWS);
        let mut next = part(0);
        while !next.is_empty() {
            let length = next.len() * ROWS;
            for (number, index) in next.clone().enumerate() {
                let kernel = |row: usize| {
                    let kernel = if opposite {
                        index * inputs + first + row
                    } else {
                        (first + row) * inputs + index
                    };
                    &weight[kernel * TAPS * TAPS..][..TAPS * TAPS]
                };
                if opposite {
                    let start = ((index + AHEAD) * inputs + first) * TAPS * TAPS;
                    prefetch(weight, start, count * TAPS * TAPS);
                }
                let mut columns = [[[0.0; ROWS]; TAPS]; TAPS];
                let columns = columns.as_flattened_mut();
                for row in 0..count {
                    for (column, &weight) in columns.iter_mut().zip(kernel(row)) {
                        column[row] = weight;
                    }
                }
                if opposite {
                    columns.reverse();
                }
                for (tap, column) in columns.iter().enumerate() {
                    taps[tap * length + number * ROWS..][..ROWS].copy_from_slice(column);
                }
            }
            for column in 0..TAPS {
                let taps = from_fn(|row| &taps[(row * TAPS + column) * length..]);
                let half = &mut half[column * POINTS * length..];
                across(T::default(), Lines::one(length), taps, lines(half, length));
            }
            for row in 0..POINTS {
                let points = from_fn(|column| &half[(column * POINTS + row) * length..]);
                let targets = from_fn(|column| {
                    let [product, term] = place(row * POINTS + column);
                    let start = layout.start(product, panel, term * depth + next.start);
                    // SAFETY: no other task has this panel.
                    unsafe { parts.slice(start..start + length) }
                });
                across(T::default(), Lines::one(length), points, targets);
            }
            next = part(next.end);
        }
    });
    (matrices, layout)
}

/// Writes the gradients of the weights, `[outputs, inputs, 3, 3]`, from those of matrices `[points, outputs, inputs]`, to `weight`.
pub(super) fn gradient(
    matrices: &[f32],
    [outputs, inputs]: [usize; 2],
    workers: impl Workers,
    weight: &mut [f32],
) {
    let parts = DisjointSlices::new(weight);
    workers.for_each(outputs, |output| {
        let length = inputs * TAPS * TAPS;
        // SAFETY: no other task has this output channel.
        let weight = unsafe { parts.slice(output * length..(output + 1) * length) };
        let mut half = Scratch::new(POINTS * TAPS * inputs);
        let mut taps = Scratch::new(TAPS * inputs);
        for (column, half) in half.chunks_exact_mut(TAPS * inputs).enumerate() {
            let points = from_fn(|row| {
                let start = ((row * POINTS + column) * outputs + output) * inputs;
                &matrices[start..]
            });
            across(
                WriteWeightGradient,
                Lines::one(inputs),
                points,
                lines(half, inputs),
            );
        }
        for row in 0..TAPS {
            let points = from_fn(|column| &half[(column * TAPS + row) * inputs..]);
            across(
                WriteWeightGradient,
                Lines::one(inputs),
                points,
                lines(&mut taps, inputs),
            );
            for (column, line) in taps.chunks_exact(inputs).enumerate() {
                for (weights, &value) in weight.chunks_exact_mut(TAPS * TAPS).zip(line) {
                    weights[row * TAPS + column] = value;
                }
            }
        }
    });
}
