//! Weights to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use std::array::from_fn;

use super::lines::{Lines, Transform, across, lines};
use super::transform::{POINTS, TAPS, WriteWeightGradient};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::ROWS;
use crate::kernels::workers::Workers;

/// Transforms weights `[outputs, inputs, TAPS, TAPS]` to `[products, panels, terms, inputs, ROWS]`, where a panel has the weights of
/// [`ROWS`] outputs, and `place` returns product and term of a point, `terms` of them for each product.
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
) -> Scratch {
    let (rows, depth) = if opposite {
        (inputs, outputs)
    } else {
        (outputs, inputs)
    };
    let panels = rows.div_ceil(ROWS);
    let length = depth * ROWS;
    let mut matrices = Scratch::new(POINTS * POINTS * panels * length);
    let parts = DisjointSlices::new(&mut matrices);
    workers.for_each(panels, |panel| {
        let first = panel * ROWS;
        let count = ROWS.min(rows - first);
        let mut taps = Scratch::new(TAPS * TAPS * length);
        let mut half = Scratch::new(TAPS * POINTS * length);
        let kernel = |index: usize| &weight[index * TAPS * TAPS..][..TAPS * TAPS];
        for index in 0..depth {
            let mut columns = [[[0.0; ROWS]; TAPS]; TAPS];
            let columns = columns.as_flattened_mut();
            for row in 0..count {
                let kernel = if opposite {
                    kernel(index * inputs + first + row)
                } else {
                    kernel((first + row) * inputs + index)
                };
                for (column, &weight) in columns.iter_mut().zip(kernel) {
                    column[row] = weight;
                }
            }
            if opposite {
                columns.reverse();
            }
            for (tap, column) in columns.iter().enumerate() {
                taps[tap * length + index * ROWS..][..ROWS].copy_from_slice(column);
            }
        }
        for (column, half) in half.chunks_exact_mut(POINTS * length).enumerate() {
            let taps = from_fn(|row| &taps[(row * TAPS + column) * length..]);
            across(T::default(), Lines::one(length), taps, lines(half, length));
        }
        for row in 0..POINTS {
            let points = from_fn(|column| &half[(column * POINTS + row) * length..]);
            let targets = from_fn(|column| {
                let [product, term] = place(row * POINTS + column);
                let start = ((product * panels + panel) * terms + term) * length;
                // SAFETY: no other task has this panel.
                unsafe { parts.slice(start..start + length) }
            });
            across(T::default(), Lines::one(length), points, targets);
        }
    });
    matrices
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
