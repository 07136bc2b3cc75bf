//! Weights at the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use super::lines::combine;
use super::transform::{POINTS, TAPS, WEIGHT, WEIGHT_GRADIENT};
use crate::kernels::flex::parts::Parts;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// Weights `[outputs, inputs, 3, 3]` as matrices `[points, outputs, inputs]`.
pub(super) fn transformed(
    weight: &[f32],
    outputs: usize,
    inputs: usize,
    workers: Workers,
) -> Scratch {
    let mut matrices = Scratch::new(POINTS * POINTS * outputs * inputs);
    let parts = Parts::new(&mut matrices);
    workers.for_each(outputs, |output| {
        let weight = &weight[output * inputs * TAPS * TAPS..][..inputs * TAPS * TAPS];
        let mut lines = Scratch::new(TAPS * TAPS * inputs);
        let mut half = Scratch::new(POINTS * TAPS * inputs);
        for (tap, line) in lines.chunks_exact_mut(inputs).enumerate() {
            for (value, weights) in line.iter_mut().zip(weight.chunks_exact(TAPS * TAPS)) {
                *value = weights[tap];
            }
        }
        for (index, line) in half.chunks_exact_mut(inputs).enumerate() {
            let (point, column) = (index / TAPS, index % TAPS);
            combine(line, &WEIGHT[point], |row| {
                &lines[(row * TAPS + column) * inputs..][..inputs]
            });
        }
        for point in 0..POINTS * POINTS {
            let (row, column) = (point / POINTS, point % POINTS);
            let start = (point * outputs + output) * inputs;
            // SAFETY: no other task has this output channel.
            let line = unsafe { parts.slice(start..start + inputs) };
            combine(line, &WEIGHT[column], |tap| {
                &half[(row * TAPS + tap) * inputs..][..inputs]
            });
        }
    });
    matrices
}

/// Gradients of the matrices of [`transformed`] as those of the weights, written to `weight`.
pub(super) fn gradient(
    matrices: &[f32],
    outputs: usize,
    inputs: usize,
    workers: Workers,
    weight: &mut [f32],
) {
    let parts = Parts::new(weight);
    workers.for_each(outputs, |output| {
        let length = inputs * TAPS * TAPS;
        // SAFETY: no other task has this output channel.
        let weight = unsafe { parts.slice(output * length..(output + 1) * length) };
        let mut half = Scratch::new(TAPS * POINTS * inputs);
        let mut line = Scratch::new(inputs);
        for (index, line) in half.chunks_exact_mut(inputs).enumerate() {
            let (tap, column) = (index / POINTS, index % POINTS);
            combine(line, &WEIGHT_GRADIENT[tap], |row| {
                let start = ((row * POINTS + column) * outputs + output) * inputs;
                &matrices[start..start + inputs]
            });
        }
        for tap in 0..TAPS * TAPS {
            let (row, column) = (tap / TAPS, tap % TAPS);
            combine(&mut line, &WEIGHT_GRADIENT[column], |point| {
                &half[(row * POINTS + point) * inputs..][..inputs]
            });
            let weights = weight.chunks_exact_mut(TAPS * TAPS);
            for (weights, &value) in weights.zip(line.iter()) {
                weights[tap] = value;
            }
        }
    });
}
