//! Weights to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use std::array::from_fn;
use std::ops::Range;

use super::kernels::Kernels;
use super::lines::{Lines, Transform, across, lines};
use super::transform::{POINTS, TAPS, WriteWeightGradient};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::ROWS;
use crate::kernels::workers::Workers;

/// Most weights of a row that are multiplied at a time: their points of three segments fit into a core's first cache.
const CHUNK: usize = 128;

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

/// The number of terms of each product, and product and term of each point of the weights.
pub(super) type Places<'a> = (usize, &'a (dyn Fn(usize) -> [usize; 2] + Sync));

/// Transforms all `kernels` to panels of [`ROWS`] rows with a depth of `[terms, depth]`, and returns how they lie.
pub(super) fn transform_weights<
    T: Transform<TAPS, POINTS> + Default,
    const TAPS: usize,
    const POINTS: usize,
>(
    kernels: &Kernels<'_>,
    workers: impl Workers,
    (terms, place): Places<'_>,
) -> (Scratch, WeightLayout) {
    let depth = kernels.depth();
    let layout = WeightLayout {
        panels: kernels.rows().div_ceil(ROWS),
        depth: terms * depth,
    };
    // Parts of the depth that lie in one chunk for every term.
    let part = |start: usize| {
        let ends = (0..terms).map(|term| CHUNK - (term * depth + start) % CHUNK);
        start..depth.min(start + ends.min().unwrap_or(CHUNK))
    };
    let mut matrices = Scratch::new(layout.length(POINTS * POINTS / terms));
    let slices = DisjointSlices::new(&mut matrices);
    workers.for_each(layout.panels, |panel| {
        let mut next = part(0);
        while !next.is_empty() {
            let length = next.len() * ROWS;
            transform_panel::<T, TAPS, POINTS>(kernels, panel, next.clone(), |point| {
                let [product, term] = place(point);
                let start = layout.start(product, panel, term * depth + next.start);
                // SAFETY: no other task has this panel.
                unsafe { slices.slice(start..start + length) }
            });
            next = part(next.end);
        }
    });
    (matrices, layout)
}

/// Transforms the kernels of a panel of rows and a part of the depth, and writes each point, `[part, ROWS]`, to its `target`.
pub(super) fn transform_panel<
    'a,
    T: Transform<TAPS, POINTS> + Default,
    const TAPS: usize,
    const POINTS: usize,
>(
    kernels: &Kernels<'_>,
    panel: usize,
    part: Range<usize>,
    target: impl Fn(usize) -> &'a mut [f32],
) {
    let length = part.len() * ROWS;
    let mut taps = Scratch::new(TAPS * TAPS * length);
    let mut half = Scratch::new(TAPS * POINTS * length);
    kernels.gather::<TAPS>(panel, part, &mut taps);
    for column in 0..TAPS {
        let taps = from_fn(|row| &taps[(row * TAPS + column) * length..]);
        let half = &mut half[column * POINTS * length..];
        across(T::default(), Lines::one(length), taps, lines(half, length));
    }
    for row in 0..POINTS {
        let points = from_fn(|column| &half[(column * POINTS + row) * length..]);
        let targets = from_fn(|column| target(row * POINTS + column));
        across(T::default(), Lines::one(length), points, targets);
    }
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
