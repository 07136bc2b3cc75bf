//! The transforms of a filter with three taps and tiles of two outputs, and which convolutions they are for.

use crate::kernels::flex::geometry::Geometry;

/// Taps of a filter in each direction.
pub(super) const TAPS: usize = 3;

/// Outputs of a tile in each direction.
pub(super) const OUTPUTS: usize = 2;

/// Points of the transform, and inputs that a tile reaches, in each direction.
pub(super) const POINTS: usize = TAPS + OUTPUTS - 1;

/// Inputs of a tile to points.
pub(super) const INPUT: [[f32; POINTS]; POINTS] = [
    [1.0, 0.0, -1.0, 0.0],
    [0.0, 1.0, 1.0, 0.0],
    [0.0, -1.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, -1.0],
];

/// Weights to points.
pub(super) const WEIGHT: [[f32; TAPS]; POINTS] = [
    [1.0, 0.0, 0.0],
    [0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5],
    [0.0, 0.0, 1.0],
];

/// Points to outputs.
pub(super) const OUTPUT: [[f32; POINTS]; OUTPUTS] = [[1.0, 1.0, 1.0, 0.0], [0.0, 1.0, -1.0, -1.0]];

/// Gradients of outputs to points: [`OUTPUT`] transposed.
pub(super) const OUTPUT_GRADIENT: [[f32; OUTPUTS]; POINTS] = transposed(&OUTPUT);

/// Gradients of points to those of weights: [`WEIGHT`] transposed.
pub(super) const WEIGHT_GRADIENT: [[f32; POINTS]; TAPS] = transposed(&WEIGHT);

/// For each point the one that it becomes when the taps are in the opposite order.
const REVERSED: [usize; POINTS] = [3, 1, 2, 0];

/// Input and output channels below which the transforms cost more than the products save.
const FEWEST_CHANNELS: usize = 32;

/// Output pixels below which the weights at all points, of which there are nearly twice as many as weights, take longer to
/// make and to read than the products save.
const FEWEST_PIXELS: usize = 400;

const fn transposed<const ROWS: usize, const COLUMNS: usize>(
    matrix: &[[f32; COLUMNS]; ROWS],
) -> [[f32; ROWS]; COLUMNS] {
    let mut result = [[0.0; ROWS]; COLUMNS];
    let mut index = 0;
    while index < ROWS * COLUMNS {
        let (row, column) = (index / COLUMNS, index % COLUMNS);
        result[column][row] = matrix[row][column];
        index += 1;
    }
    result
}

/// Whether a convolution can be done in this way, and is less work then.
pub(in crate::kernels) fn suits(geometry: &Geometry) -> bool {
    [geometry.kernel_height, geometry.kernel_width] == [TAPS; 2]
        && geometry.stride == 1
        && geometry.padding_y < TAPS
        && geometry.inputs.min(geometry.outputs) >= FEWEST_CHANNELS
        && geometry.output_pixels() >= FEWEST_PIXELS
}

/// The point, of all of both directions, that `point` becomes when the taps are in the opposite order.
pub(super) fn reversed(point: usize) -> usize {
    REVERSED[point / POINTS] * POINTS + REVERSED[point % POINTS]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply<const IN: usize, const OUT: usize>(
        transform: [[f32; IN]; OUT],
        values: [f32; IN],
    ) -> [f32; OUT] {
        transform.map(|row| row.iter().zip(values).map(|(a, b)| a * b).sum())
    }

    #[test]
    fn the_transforms_filter() {
        let inputs = apply(INPUT, [3.0, -1.0, 4.0, 2.0]);
        let weights = apply(WEIGHT, [1.0, 2.0, -3.0]);
        let products = std::array::from_fn(|point| inputs[point] * weights[point]);
        let outputs = apply(OUTPUT, products);
        assert_eq!(
            outputs.map(f32::to_bits),
            [-11.0, 1.0_f32].map(f32::to_bits)
        );
    }

    #[test]
    fn taps_in_the_opposite_order_exchange_points() {
        for (point, &reversed) in REVERSED.iter().enumerate() {
            let mut taps = WEIGHT[point];
            taps.reverse();
            assert_eq!(taps.map(f32::to_bits), WEIGHT[reversed].map(f32::to_bits));
        }
    }
}
