//! Convolutions as products with pixels, or weights, where they lie, without a copy of the input for each tap.
//!
//! Where these gain over products of columns was measured layer by layer.

mod few_outputs;
mod few_pixels;
mod forward;
mod segments;

pub(super) use few_outputs::to_few_outputs;
pub(super) use few_pixels::transposed_few;
pub(super) use forward::forward;

use super::geometry::Geometry;
use super::tile::FEW_ROWS;

/// Output pixels of a row above which columns of one row do not fit into a core's cache.
const LONG_ROW: usize = 512;

/// Pixels of the gradient of a picture up to which all of them are multiplied with weights that are read once. What is computed of a picture
/// must not depend on how many there are.
const FEW_PIXELS: usize = 64;

/// Weights from which on that gains.
const MANY_WEIGHTS: usize = 1 << 18;

/// Whether [`forward`] can compute a convolution, and gains.
pub(super) fn is_applicable(geometry: &Geometry) -> bool {
    geometry.stride == 1
        && [geometry.padding_y, geometry.padding_x] == [0, 0]
        && geometry.output_width > LONG_ROW
}

/// Rows of a kernel from which on each is worth a row of a panel.
const TALL_KERNEL: usize = 5;

/// Input channels from which on the sums of these rows take no time beside their products.
const MANY_INPUTS: usize = 16;

/// Whether [`to_few_outputs`] can compute a convolution, and gains over [`forward`]. In short rows it gains nothing over columns.
pub(super) fn has_few_outputs(geometry: &Geometry) -> bool {
    is_applicable(geometry)
        && geometry.outputs <= FEW_ROWS
        && geometry.inputs >= MANY_INPUTS
        && geometry.kernel_height >= TALL_KERNEL
}

/// Whether [`transposed_few`] can compute the input gradient of a convolution, and gains.
pub(super) fn is_transposed_few(geometry: &Geometry) -> bool {
    geometry.output_pixels() <= FEW_PIXELS && geometry.outputs * geometry.depth() >= MANY_WEIGHTS
}

#[cfg(test)]
mod tests {
    use super::super::forward as columns;
    use super::super::input_gradient::input_gradient;
    use super::*;
    use crate::kernels::{ConvolutionShape, Precision};

    fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|index| (index * 37 % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    fn geometry(
        input: [usize; 4],
        outputs: usize,
        [height, width]: [usize; 2],
        stride: usize,
        padding: usize,
    ) -> Geometry {
        let precision = Precision::F32;
        let shape = ConvolutionShape {
            stride,
            padding,
            precision,
        };
        Geometry::new(input, [outputs, input[1], height, width], shape)
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn long_rows_are_convolved() {
        for (input, outputs, kernel) in [([2, 3, 8, 530], 9, 7), ([1, 19, 3, 1040], 3, 3)] {
            let geometry = geometry(input, outputs, [kernel; 2], 1, 0);
            assert!(is_applicable(&geometry));
            let (input, weight) = (
                numbers(input.iter().product()),
                numbers(outputs * geometry.depth()),
            );
            let bias = numbers(outputs);
            let found = forward(&geometry, &input, &weight, &bias);
            assert_close(&found, &columns::forward(&geometry, &input, &weight, &bias));
        }
    }

    #[test]
    fn few_outputs_are_convolved() {
        for (input, outputs, kernel) in [
            ([2, 17, 9, 530], 3, [7, 7]),
            // The last strip is narrower than a segment.
            ([1, 16, 75, 584], 1, [5, 5]),
            // Two chunks of channels.
            ([1, 90, 7, 700], 4, [6, 6]),
            ([1, 32, 140, 600], 3, [7, 3]),
        ] {
            let geometry = geometry(input, outputs, kernel, 1, 0);
            assert!(has_few_outputs(&geometry));
            let (input, weight) = (
                numbers(input.iter().product()),
                numbers(outputs * geometry.depth()),
            );
            for bias in [numbers(outputs), Vec::new()] {
                let found = to_few_outputs(&geometry, &input, &weight, &bias);
                assert_close(&found, &columns::forward(&geometry, &input, &weight, &bias));
            }
        }
    }

    #[test]
    fn gradients_of_few_pixels_are_scattered() {
        for (input, outputs, kernel) in [([2, 45, 4, 6], 150, 4), ([1, 33, 2, 2], 900, 3)] {
            let geometry = geometry(input, outputs, [kernel; 2], 2, 1);
            let gradient = numbers(geometry.output_dims().iter().product());
            let (weight, bias) = (numbers(outputs * geometry.depth()), numbers(input[1]));
            let found = transposed_few(&geometry, &gradient, &weight, &bias);
            assert_close(
                &found,
                &input_gradient(&geometry, &gradient, &weight, &bias),
            );
        }
    }
}
