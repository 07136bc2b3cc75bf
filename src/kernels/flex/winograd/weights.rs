//! Weights at the points of a transform, and back.
#![expect(
    unsafe_code,
    reason = "one output channel has a row in the matrix of every point"
)]

use rayon::prelude::*;

use super::algorithm::Algorithm;
use super::lines::combine;
use crate::kernels::flex::parts::Parts;
use crate::kernels::flex::scratch::Scratch;

/// Weights `[outputs, inputs, kernel, kernel]` as matrices `[points, outputs, groups * inputs]`.
pub(super) fn transformed(
    algorithm: &Algorithm,
    weight: &[f32],
    outputs: usize,
    inputs: usize,
) -> Scratch {
    let Algorithm {
        points,
        taps,
        groups,
        ..
    } = *algorithm;
    let kernel = taps * groups;
    let depth = algorithm.all_groups() * inputs;
    let mut matrices = Scratch::new(algorithm.all_points() * outputs * depth);
    let parts = Parts::new(&mut matrices);
    weight
        .par_chunks_exact(inputs * kernel * kernel)
        .enumerate()
        .for_each_init(
            || {
                (
                    Scratch::new(kernel * kernel * inputs),
                    Scratch::new(points * taps * inputs),
                )
            },
            |(lines, half), (output, weight)| {
                separate(weight, inputs, lines);
                for group in 0..algorithm.all_groups() {
                    let [group_row, group_column] = [group / groups, group % groups];
                    for (index, line) in half.chunks_exact_mut(inputs).enumerate() {
                        let [point, tap] = [index / taps, index % taps];
                        let column = algorithm.offset(tap, group_column);
                        combine(line, algorithm.weight[point], |tap| {
                            let row = algorithm.offset(tap, group_row);
                            &lines[(row * kernel + column) * inputs..][..inputs]
                        });
                    }
                    for point in 0..algorithm.all_points() {
                        let [row, column] = [point / points, point % points];
                        let start = (point * outputs + output) * depth + group * inputs;
                        // SAFETY: no other task has this output channel.
                        let line = unsafe { parts.slice(start..start + inputs) };
                        combine(line, algorithm.weight[column], |tap| {
                            &half[(row * taps + tap) * inputs..][..inputs]
                        });
                    }
                }
            },
        );
    matrices
}

/// Gradients of the matrices of [`transformed`] as those of the weights.
pub(super) fn gradient(
    algorithm: &Algorithm,
    matrices: &[f32],
    outputs: usize,
    inputs: usize,
) -> Vec<f32> {
    let Algorithm {
        points,
        taps,
        groups,
        ..
    } = *algorithm;
    let kernel = taps * groups;
    let depth = algorithm.all_groups() * inputs;
    let mut weight = vec![0.0; outputs * inputs * kernel * kernel];
    weight
        .par_chunks_exact_mut(inputs * kernel * kernel)
        .enumerate()
        .for_each_init(
            || {
                (
                    Scratch::new(kernel * kernel * inputs),
                    Scratch::new(taps * points * inputs),
                )
            },
            |(lines, half), (output, weight)| {
                for group in 0..algorithm.all_groups() {
                    let [group_row, group_column] = [group / groups, group % groups];
                    for (index, line) in half.chunks_exact_mut(inputs).enumerate() {
                        let [tap, column] = [index / points, index % points];
                        combine(line, algorithm.weight_gradient[tap], |row| {
                            let point = row * points + column;
                            let start = (point * outputs + output) * depth + group * inputs;
                            &matrices[start..start + inputs]
                        });
                    }
                    for tap in 0..taps * taps {
                        let [row, column] = [tap / taps, tap % taps];
                        let target = algorithm.offset(row, group_row) * kernel
                            + algorithm.offset(column, group_column);
                        let line = &mut lines[target * inputs..][..inputs];
                        combine(line, algorithm.weight_gradient[column], |point| {
                            &half[(row * points + point) * inputs..][..inputs]
                        });
                    }
                }
                join(lines, inputs, weight);
            },
        );
    weight
}

/// `[inputs, taps]` to `[taps, inputs]`.
fn separate(weight: &[f32], inputs: usize, lines: &mut [f32]) {
    let taps = weight.len() / inputs;
    for (tap, line) in lines.chunks_exact_mut(inputs).enumerate() {
        for (value, weights) in line.iter_mut().zip(weight.chunks_exact(taps)) {
            *value = weights[tap];
        }
    }
}

/// `[taps, inputs]` to `[inputs, taps]`.
fn join(lines: &[f32], inputs: usize, weight: &mut [f32]) {
    let taps = weight.len() / inputs;
    for (tap, line) in lines.chunks_exact(inputs).enumerate() {
        for (value, weights) in line.iter().zip(weight.chunks_exact_mut(taps)) {
            weights[tap] = *value;
        }
    }
}
