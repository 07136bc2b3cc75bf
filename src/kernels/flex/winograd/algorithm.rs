//! The transforms of the two algorithms, and which convolution takes which.

use crate::kernels::flex::geometry::Geometry;

/// Outputs of a tile in each direction.
pub(super) const OUTPUTS: usize = 2;

/// A small matrix, row by row.
pub(super) type Transform = &'static [&'static [f32]];

/// Inputs of a tile to points, for three taps.
pub(super) const INPUT_OF_THREE: [[f32; 4]; 4] = [
    [1.0, 0.0, -1.0, 0.0],
    [0.0, 1.0, 1.0, 0.0],
    [0.0, -1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, -1.0],
];

/// Gradients of the outputs of a tile to points, for three taps.
pub(super) const GRADIENT_OF_THREE: [[f32; 2]; 4] =
    [[1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [0.0, -1.0]];

/// Inputs of a tile to points, for two taps.
pub(super) const INPUT_OF_TWO: [[f32; 3]; 3] =
    [[1.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 1.0]];

/// Gradients of the outputs of a tile to points, for two taps.
pub(super) const GRADIENT_OF_TWO: [[f32; 2]; 3] = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

/// How a convolution is cut into filters of few taps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Algorithm {
    /// Points of the transform in each direction.
    pub(super) points: usize,
    /// Taps of each filter in each direction.
    pub(super) taps: usize,
    /// Filters into which the kernel is cut in each direction.
    pub(super) groups: usize,
    /// Stride of the convolution.
    pub(super) stride: usize,
    /// `[points, points]`: inputs of a tile to points.
    pub(super) input: Transform,
    /// `[points, taps]`: weights to points.
    pub(super) weight: Transform,
    /// `[outputs, points]`: points to outputs.
    pub(super) output: Transform,
    /// `[points, outputs]`: gradients of outputs to points.
    pub(super) output_gradient: Transform,
    /// `[taps, points]`: gradients of points to those of weights.
    pub(super) weight_gradient: Transform,
    /// For each point the one that it becomes when the taps are in the opposite order.
    pub(super) reversed: &'static [usize],
}

/// Three taps, two outputs, four points.
const THREE: Algorithm = Algorithm {
    points: 4,
    taps: 3,
    groups: 1,
    stride: 1,
    input: &[
        &INPUT_OF_THREE[0],
        &INPUT_OF_THREE[1],
        &INPUT_OF_THREE[2],
        &INPUT_OF_THREE[3],
    ],
    weight: &[
        &[1.0, 0.0, 0.0],
        &[0.5, 0.5, 0.5],
        &[0.5, -0.5, 0.5],
        &[0.0, 0.0, 1.0],
    ],
    output: &[&[1.0, 1.0, 1.0, 0.0], &[0.0, 1.0, -1.0, -1.0]],
    output_gradient: &[
        &GRADIENT_OF_THREE[0],
        &GRADIENT_OF_THREE[1],
        &GRADIENT_OF_THREE[2],
        &GRADIENT_OF_THREE[3],
    ],
    weight_gradient: &[
        &[1.0, 0.5, 0.5, 0.0],
        &[0.0, 0.5, -0.5, 0.0],
        &[0.0, 0.5, 0.5, 1.0],
    ],
    reversed: &[3, 1, 2, 0],
};

/// Two taps, two outputs, three points; two such filters make up a kernel of four.
const TWICE_TWO: Algorithm = Algorithm {
    points: 3,
    taps: 2,
    groups: 2,
    stride: 2,
    input: &[&INPUT_OF_TWO[0], &INPUT_OF_TWO[1], &INPUT_OF_TWO[2]],
    weight: &[&[1.0, 0.0], &[1.0, 1.0], &[0.0, 1.0]],
    output: &[&[1.0, 1.0, 0.0], &[0.0, 1.0, 1.0]],
    output_gradient: &[
        &GRADIENT_OF_TWO[0],
        &GRADIENT_OF_TWO[1],
        &GRADIENT_OF_TWO[2],
    ],
    weight_gradient: &[&[1.0, 1.0, 0.0], &[0.0, 1.0, 1.0]],
    reversed: &[2, 1, 0],
};

/// Input and output channels below which the transforms cost more than the products save.
const FEWEST_CHANNELS: usize = 32;

/// Output pixels below which reading the transformed weights costs more than the products save.
const FEWEST_PIXELS: usize = 128;

impl Algorithm {
    /// The algorithm for a convolution, where there is one that is less work.
    pub(super) fn of(geometry: &Geometry) -> Option<Self> {
        let worthwhile = geometry.inputs.min(geometry.outputs) >= FEWEST_CHANNELS
            && geometry.output_pixels() >= FEWEST_PIXELS;
        let kernel = [geometry.kernel_height, geometry.kernel_width];
        match (kernel, geometry.stride) {
            _ if !worthwhile => None,
            ([3, 3], 1) => Some(THREE),
            ([4, 4], stride @ (1 | 2)) => Some(Self {
                stride,
                ..TWICE_TWO
            }),
            _ => None,
        }
    }

    /// The tap of the kernel that is tap `tap` of filter `group`; also how far from the first input of a tile input `tap`
    /// of this filter lies.
    ///
    /// At stride 2 the filters have every second tap, at stride 1 neighbouring ones: in both cases the inputs of
    /// neighbouring outputs are as far apart as a filter's taps.
    pub(super) fn offset(&self, tap: usize, group: usize) -> usize {
        let step = if self.stride == 1 { self.taps } else { 1 };
        tap * self.stride + group * step
    }

    /// Inputs that a tile reaches in each direction.
    pub(super) fn reach(&self) -> usize {
        self.offset(self.points - 1, self.groups - 1) + 1
    }

    /// Points in both directions.
    pub(super) fn all_points(&self) -> usize {
        self.points * self.points
    }

    /// Filters in both directions.
    pub(super) fn all_groups(&self) -> usize {
        self.groups * self.groups
    }

    /// The point, of all, that point `point` becomes when the taps are in the opposite order.
    pub(super) fn reversed_point(&self, point: usize) -> usize {
        let [row, column] = [point / self.points, point % self.points];
        self.reversed[row] * self.points + self.reversed[column]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two outputs of one filter through the transforms.
    fn filtered(algorithm: &Algorithm, inputs: &[f32], weights: &[f32]) -> Vec<f32> {
        let apply = |transform: Transform, values: &[f32]| -> Vec<f32> {
            let dot = |row: &&[f32]| row.iter().zip(values).map(|(a, b)| a * b).sum();
            transform.iter().map(dot).collect()
        };
        let inputs = apply(algorithm.input, inputs);
        let weights = apply(algorithm.weight, weights);
        let products: Vec<f32> = inputs.iter().zip(weights).map(|(a, b)| a * b).collect();
        apply(algorithm.output, &products)
    }

    #[test]
    fn the_transforms_filter() {
        let inputs = [3.0, -1.0, 4.0, 2.0];
        assert_eq!(
            filtered(&THREE, &inputs, &[1.0, 2.0, -3.0]),
            [3.0 - 2.0 - 12.0, -1.0 + 8.0 - 6.0]
        );
        assert_eq!(
            filtered(&TWICE_TWO, &inputs[..3], &[5.0, -2.0]),
            [15.0 + 2.0, -5.0 - 8.0]
        );
    }

    #[test]
    fn transforms_of_gradients_are_the_transposed_ones() {
        for algorithm in [THREE, TWICE_TWO] {
            for (one, other) in [
                (algorithm.output, algorithm.output_gradient),
                (algorithm.weight, algorithm.weight_gradient),
            ] {
                for (row, values) in one.iter().enumerate() {
                    for (column, value) in values.iter().enumerate() {
                        assert!((other[column][row] - value).abs() < f32::EPSILON);
                    }
                }
            }
        }
    }

    #[test]
    fn reversed_taps_exchange_points() {
        for algorithm in [THREE, TWICE_TWO] {
            for (point, &reversed) in algorithm.reversed.iter().enumerate() {
                let taps: Vec<f32> = algorithm.weight[point].iter().rev().copied().collect();
                assert_eq!(taps, algorithm.weight[reversed]);
            }
        }
    }
}
