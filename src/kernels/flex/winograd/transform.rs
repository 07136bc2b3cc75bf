//! The transforms of a filter with three taps and tiles of four outputs, and the convolutions that gain from them.
//!
//! Filtering is a product of polynomials, computed from their values at six points: 0, two pairs of opposite numbers, and
//! infinity. The terms for both numbers of a pair are the same up to signs.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use pulp::Simd;

use super::lines::Transform;
use crate::kernels::flex::geometry::Geometry;

/// Taps of a filter in each direction.
pub(super) const TAPS: usize = 3;

/// Outputs of a tile in each direction.
pub(super) const OUTPUTS: usize = 4;

/// Points of the transform, and inputs that a tile reaches, in each direction.
pub(super) const POINTS: usize = TAPS + OUTPUTS - 1;

/// The pairs of points. With the usual 1 and 2 the rounding errors of 256 channels are twice as large, and up to four times.
const NEAR: f32 = 0.75;
const FAR: f32 = 1.5;

const NEAR_2: f32 = NEAR * NEAR;
const FAR_2: f32 = FAR * FAR;

const NEAR_3: f32 = NEAR_2 * NEAR;
const FAR_3: f32 = FAR_2 * FAR;

/// The divisors of the polynomials through the other points, at each point.
const AT_ZERO: f32 = NEAR_2 * FAR_2;
const AT_NEAR: f32 = 2.0 * NEAR_2 * (NEAR_2 - FAR_2);
const AT_FAR: f32 = 2.0 * FAR_2 * (FAR_2 - NEAR_2);

/// Inputs of a tile to points.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadInput;

impl Transform<POINTS, POINTS> for ReadInput {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, numbers: [S::f32s; POINTS]) -> [S::f32s; POINTS] {
        let [a, b, c, d, e, f] = numbers;
        let near = pair(
            simd,
            plus(simd, e, -FAR_2, c),
            times(simd, NEAR, plus(simd, d, -FAR_2, b)),
        );
        let far = pair(
            simd,
            plus(simd, e, -NEAR_2, c),
            times(simd, FAR, plus(simd, d, -NEAR_2, b)),
        );
        let [zero, infinity] = [[a, c, e], [b, d, f]].map(|[low, middle, high]| {
            plus(
                simd,
                plus(simd, high, -(NEAR_2 + FAR_2), middle),
                AT_ZERO,
                low,
            )
        });
        [zero, near[0], near[1], far[0], far[1], infinity]
    }
}

/// Weights to points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadWeight;

impl Transform<TAPS, POINTS> for ReadWeight {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, taps: [S::f32s; TAPS]) -> [S::f32s; POINTS] {
        let [a, b, c] = taps;
        let near = pair(
            simd,
            times(simd, 1.0 / AT_NEAR, plus(simd, a, NEAR_2, c)),
            times(simd, NEAR / AT_NEAR, b),
        );
        let far = pair(
            simd,
            times(simd, 1.0 / AT_FAR, plus(simd, a, FAR_2, c)),
            times(simd, FAR / AT_FAR, b),
        );
        let zero = times(simd, 1.0 / AT_ZERO, a);
        [zero, near[0], near[1], far[0], far[1], c]
    }
}

/// Points to outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteOutput;

impl Transform<POINTS, OUTPUTS> for WriteOutput {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, points: [S::f32s; POINTS]) -> [S::f32s; OUTPUTS] {
        let [zero, near, opposite_near, far, opposite_far, infinity] = points;
        let near = pair(simd, near, opposite_near);
        let far = pair(simd, far, opposite_far);
        let sum = |power_of_near, near, power_of_far, far| {
            plus(simd, times(simd, power_of_near, near), power_of_far, far)
        };
        [
            simd.add_f32s(zero, simd.add_f32s(near[0], far[0])),
            sum(NEAR, near[1], FAR, far[1]),
            sum(NEAR_2, near[0], FAR_2, far[0]),
            simd.add_f32s(infinity, sum(NEAR_3, near[1], FAR_3, far[1])),
        ]
    }
}

/// Gradients of outputs to points: [`WriteOutput`] transposed.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadGradient;

impl Transform<OUTPUTS, POINTS> for ReadGradient {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, outputs: [S::f32s; OUTPUTS]) -> [S::f32s; POINTS] {
        let [a, b, c, d] = outputs;
        let near = pair(
            simd,
            plus(simd, a, NEAR_2, c),
            plus(simd, times(simd, NEAR, b), NEAR_3, d),
        );
        let far = pair(
            simd,
            plus(simd, a, FAR_2, c),
            plus(simd, times(simd, FAR, b), FAR_3, d),
        );
        [a, near[0], near[1], far[0], far[1], d]
    }
}

/// Gradients of points to those of weights: [`ReadWeight`] transposed.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteWeightGradient;

impl Transform<POINTS, TAPS> for WriteWeightGradient {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, points: [S::f32s; POINTS]) -> [S::f32s; TAPS] {
        let [zero, near, opposite_near, far, opposite_far, infinity] = points;
        let near = pair(simd, near, opposite_near);
        let far = pair(simd, far, opposite_far);
        let sum = |of_near, near, of_far, far| {
            plus(
                simd,
                times(simd, of_near / AT_NEAR, near),
                of_far / AT_FAR,
                far,
            )
        };
        [
            plus(simd, sum(1.0, near[0], 1.0, far[0]), 1.0 / AT_ZERO, zero),
            sum(NEAR, near[1], FAR, far[1]),
            simd.add_f32s(infinity, sum(NEAR_2, near[0], FAR_2, far[0])),
        ]
    }
}

/// Sum and difference.
#[inline(always)]
fn pair<S: Simd>(simd: S, one: S::f32s, other: S::f32s) -> [S::f32s; 2] {
    [simd.add_f32s(one, other), simd.sub_f32s(one, other)]
}

#[inline(always)]
fn times<S: Simd>(simd: S, factor: f32, number: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(factor), number)
}

/// `number + factor * other`.
#[inline(always)]
fn plus<S: Simd>(simd: S, number: S::f32s, factor: f32, other: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.splat_f32s(factor), other, number)
}

/// With fewer input or output channels the transforms cost more than the products save.
const MIN_CHANNELS: usize = 32;

/// With fewer output pixels, making and reading the transformed weights, four times as many as weights, takes longer than the
/// products save.
const MIN_PIXELS: usize = 400;

/// Whether a convolution and all its gradients can be computed this way, and gain from it.
pub(in crate::kernels) fn has_weight_gradient(geometry: &Geometry) -> bool {
    [geometry.kernel_height, geometry.kernel_width] == [TAPS; 2]
        && geometry.stride == 1
        && geometry.padding_y < TAPS
        && geometry.inputs.min(geometry.outputs) >= MIN_CHANNELS
        && geometry.output_pixels() >= MIN_PIXELS
}

#[cfg(test)]
mod tests {
    use super::super::lines::{Lines, across, lines};
    use super::*;

    /// The transform of numbers, as the matrix that it is: one column for each of the numbers.
    fn matrix<const IN: usize, const OUT: usize>(
        transform: impl Transform<IN, OUT>,
    ) -> [[f32; IN]; OUT] {
        let mut made = [[0.0; IN]; OUT];
        let unit: [[f32; IN]; IN] =
            std::array::from_fn(|row| std::array::from_fn(|column| f32::from(row == column)));
        let sources = unit.each_ref().map(|line| &line[..]);
        across(
            transform,
            Lines::one(IN),
            sources,
            lines(made.as_flattened_mut(), IN),
        );
        made
    }

    fn apply<const IN: usize, const OUT: usize>(
        matrix: [[f32; IN]; OUT],
        values: [f32; IN],
    ) -> [f32; OUT] {
        matrix.map(|row| row.iter().zip(values).map(|(a, b)| a * b).sum())
    }

    #[test]
    fn the_transforms_filter() {
        let numbers = [3.0, -1.0, 4.0, 2.0, 5.0, -7.0];
        let taps = [1.0, 2.0, -3.0];
        let inputs = apply(matrix(ReadInput), numbers);
        let weights = apply(matrix(ReadWeight), taps);
        let products = std::array::from_fn(|point| inputs[point] * weights[point]);
        let outputs = apply(matrix(WriteOutput), products);
        for (output, numbers) in outputs.iter().zip(numbers.windows(TAPS)) {
            let expected: f32 = numbers.iter().zip(taps).map(|(a, b)| a * b).sum();
            assert!((output - expected).abs() < 1e-5, "{outputs:?}");
        }
    }

    #[test]
    fn gradients_are_the_transposed_transforms() {
        let (forward, backward) = (matrix(WriteOutput), matrix(ReadGradient));
        for (row, numbers) in forward.iter().enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                assert!((number - backward[column][row]).abs() < 1e-6);
            }
        }
        let (forward, backward) = (matrix(ReadWeight), matrix(WriteWeightGradient));
        for (row, numbers) in forward.iter().enumerate() {
            for (column, number) in numbers.iter().enumerate() {
                assert!((number - backward[column][row]).abs() < 1e-6);
            }
        }
    }
}
