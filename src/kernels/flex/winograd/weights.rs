//! Weights to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use std::array::from_fn;

use super::lines::{Lines, across, lines};
use super::transform::{POINTS, ReadWeight, TAPS, WriteWeightGradient};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// Transforms weights `[outputs, inputs, 3, 3]` to matrices `[points, outputs, inputs]`, with the taps in the opposite order if
/// `opposite` is set.
pub(super) fn transform_weights(
    weight: &[f32],
    [outputs, inputs]: [usize; 2],
    opposite: bool,
    workers: impl Workers,
) -> Scratch {
    let mut matrices = Scratch::new(POINTS * POINTS * outputs * inputs);
    let parts = DisjointSlices::new(&mut matrices);
    workers.for_each(outputs, |output| {
        let weight = &weight[output * inputs * TAPS * TAPS..][..inputs * TAPS * TAPS];
        let mut taps = Scratch::new(TAPS * TAPS * inputs);
        let mut half = Scratch::new(TAPS * POINTS * inputs);
        for (tap, line) in taps.chunks_exact_mut(inputs).enumerate() {
            let tap = if opposite { TAPS * TAPS - 1 - tap } else { tap };
            for (value, weights) in line.iter_mut().zip(weight.chunks_exact(TAPS * TAPS)) {
                *value = weights[tap];
            }
        }
        for (column, half) in half.chunks_exact_mut(POINTS * inputs).enumerate() {
            let taps = from_fn(|row| &taps[(row * TAPS + column) * inputs..]);
            across(ReadWeight, Lines::one(inputs), taps, lines(half, inputs));
        }
        for row in 0..POINTS {
            let points = from_fn(|column| &half[(column * POINTS + row) * inputs..]);
            let targets = from_fn(|column| {
                let start = ((row * POINTS + column) * outputs + output) * inputs;
                // SAFETY: no other task has this output channel.
                unsafe { parts.slice(start..start + inputs) }
            });
            across(ReadWeight, Lines::one(inputs), points, targets);
        }
    });
    matrices
}

/// Writes the gradients of the weights, from those of the matrices of [`transform_weights`], to `weight`.
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
