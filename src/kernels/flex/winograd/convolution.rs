//! Convolution and its gradients in the transformed domain.
#![expect(unsafe_code, reason = "threads write blocks of one matrix")]

use std::ops::Range;

use super::few_tiles::{self, has_few_tiles};
use super::halving::{self, FOUR, MIXED, ReadThreeWeights, THREE, is_doubling, is_halving};
use super::kernels::Kernels;
use super::lines::Transform;
use super::products::{Filter, Pictures};
use super::scheme::{Doubling, DoublingByThree, Filtering, Halving, HalvingByThree, Scheme};
use super::tiles::{Planes, read_gradients, read_inputs};
use super::transform::{OUTPUTS, POINTS, ReadWeight, TAPS, has_weight_gradient};
use super::weights::{Places, gradient, transform_weights};
use crate::kernels::flex::disjoint_slices::{Block, DisjointSlices};
use crate::kernels::flex::geometry::{Geometry, chunk_ranges};
use crate::kernels::flex::matrix_product::{Matrix, multiply};
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// Tiles of a block, or one row of tiles if that is longer: enough for matrix products at full speed.
const BLOCK_TILES: usize = 128;

/// Most numbers of a block at all points; with more channels it has fewer tiles.
const BLOCK_NUMBERS: usize = 1 << 22;

/// Matrix rows per task.
const TASK_ROWS: usize = 128;

/// Writes the convolution to `output`, `[batch, outputs, height, width]`, plus `bias` if it is not empty, for a geometry that is
/// [applicable](is_applicable). Writes all of the output.
///
/// # Safety
/// Nobody else reads or writes the output meanwhile.
pub(in crate::kernels) unsafe fn convolution(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
    workers: impl Workers,
    output: DisjointSlices<'_>,
) {
    let direction = Direction {
        channels: [geometry.outputs, geometry.inputs],
        opposite: false,
        pictures: [geometry.input_dims(), geometry.output_dims()].map(Pictures::new),
        border: geometry.padding_y,
        bias,
        workers,
    };
    // SAFETY: the caller's promise.
    unsafe {
        match (geometry.stride, geometry.kernel_height) {
            (2, FOUR) => direction.run::<Halving, halving::ReadWeight, FOUR, POINTS>(
                input,
                weight,
                output,
                (Halving::TERMS, &Halving::place),
            ),
            (2, _) => direction.run::<HalvingByThree, ReadThreeWeights, THREE, MIXED>(
                input, weight, output, DIRECT,
            ),
            _ => {
                direction.run::<Filtering, ReadWeight, TAPS, POINTS>(input, weight, output, DIRECT);
            }
        }
    }
}

/// Writes the gradient of the convolution with respect to its input to `input`, `[batch, inputs, height, width]`, plus `bias` per
/// input channel if it is not empty, for a geometry that [has one](has_input_gradient). Writes all of the input.
///
/// # Safety
/// Nobody else reads or writes the input meanwhile.
pub(in crate::kernels) unsafe fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
    workers: impl Workers,
    input: DisjointSlices<'_>,
) {
    // All are convolutions from output to input with the taps in the opposite order.
    let direction = |border: usize| Direction {
        channels: [geometry.outputs, geometry.inputs],
        opposite: true,
        pictures: [geometry.output_dims(), geometry.input_dims()].map(Pictures::new),
        border,
        bias,
        workers,
    };
    // SAFETY: the caller's promise.
    unsafe {
        match (geometry.stride, geometry.kernel_height) {
            (2, FOUR) => direction(1).run::<Doubling, halving::ReadWeight, FOUR, POINTS>(
                gradient, weight, input, DIRECT,
            ),
            (2, _) => direction(0).run::<DoublingByThree, ReadThreeWeights, THREE, MIXED>(
                gradient, weight, input, DIRECT,
            ),
            _ => direction(geometry.opposite().padding_y)
                .run::<Filtering, ReadWeight, TAPS, POINTS>(gradient, weight, input, DIRECT),
        }
    }
}

/// Every point is a product.
const DIRECT: Places<'static> = (1, &|point| [point, 0]);

/// A convolution from one batch of pictures to another.
struct Direction<'a, W> {
    /// Outputs and inputs of the weights.
    channels: [usize; 2],
    /// Whether it goes from outputs to inputs.
    opposite: bool,
    pictures: [Pictures; 2],
    border: usize,
    bias: &'a [f32],
    workers: W,
}

impl<W: Workers> Direction<'_, W> {
    /// Computes all of the output in the way of `P`, with weights that `T` transforms.
    ///
    /// # Safety
    /// Nobody else reads or writes the output meanwhile.
    unsafe fn run<
        P: Scheme + Sync,
        T: Transform<TAPS, POINTS> + Default,
        const TAPS: usize,
        const POINTS: usize,
    >(
        self,
        input: &[f32],
        weight: &[f32],
        output: DisjointSlices<'_>,
        places: Places<'_>,
    ) {
        let kernels = Kernels {
            weight,
            channels: self.channels,
            opposite: self.opposite,
        };
        let filter = Filter::<P>::new(self.pictures, self.border, self.bias);
        // SAFETY: the caller's promise.
        unsafe {
            if has_few_tiles(&filter) {
                few_tiles::run::<P, T, TAPS, POINTS>(
                    &filter,
                    &kernels,
                    places,
                    input,
                    self.workers,
                    output,
                );
                return;
            }
            let (weight, layout) =
                transform_weights::<T, TAPS, POINTS>(&kernels, self.workers, places);
            filter.run(input, (&weight, layout), self.workers, output);
        }
    }
}

/// Whether a convolution can be computed this way, and gains from it.
pub(in crate::kernels) fn is_applicable(geometry: &Geometry) -> bool {
    has_weight_gradient(geometry) || is_halving(geometry)
}

/// Whether its input gradient can be, and gains.
pub(in crate::kernels) fn has_input_gradient(geometry: &Geometry) -> bool {
    has_weight_gradient(geometry) || is_doubling(geometry)
}

/// Writes the gradient of the convolution with respect to its weight to `weight`, `[outputs, inputs, 3, 3]`, for a geometry that
/// [has one](super::has_weight_gradient).
pub(in crate::kernels) fn weight_gradient(
    geometry: &Geometry,
    input: &[f32],
    output_gradient: &[f32],
    workers: impl Workers,
    weight: &mut [f32],
) {
    let (source, target) = planes(geometry);
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let mut sums = Scratch::new(POINTS * POINTS * outputs * inputs);
    let mut first = true;
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output_gradient = &output_gradient[geometry.output_range(picture)];
        for rows in blocks(geometry) {
            let tiles = rows.len() * target.tile_columns;
            let mut points = Scratch::new(POINTS * POINTS * inputs * tiles);
            let mut gradients = Scratch::new(POINTS * POINTS * outputs * tiles);
            read_inputs(&source, input, rows.clone(), workers, &mut points);
            read_gradients(&target, output_gradient, rows, workers, &mut gradients);
            multiply_points(
                outputs,
                inputs,
                workers,
                &mut sums,
                |point, rows, product| {
                    let gradients = &gradients[(point * outputs + rows.start) * tiles..];
                    let left = Matrix::new(gradients, rows.len(), tiles, tiles);
                    let points = &points[point * inputs * tiles..];
                    let right = Matrix::new(points, inputs, tiles, tiles).transposed();
                    // SAFETY: the block is this task's own.
                    unsafe { multiply(left, right, product, !first) };
                },
            );
            first = false;
        }
    }
    gradient(&sums, [outputs, inputs], workers, weight);
}

/// The planes of input and output.
fn planes(geometry: &Geometry) -> (Planes, Planes) {
    let target = Planes {
        height: geometry.output_height,
        width: geometry.output_width,
        border: 0,
        tile_columns: geometry.output_width.div_ceil(OUTPUTS),
    };
    let source = Planes {
        height: geometry.input_height,
        width: geometry.input_width,
        border: geometry.padding_y,
        ..target
    };
    (source, target)
}

/// Blocks of rows of tiles.
fn blocks(geometry: &Geometry) -> Vec<Range<usize>> {
    let max_tiles = BLOCK_NUMBERS / (POINTS * POINTS * geometry.inputs.max(geometry.outputs));
    let tile_columns = geometry.output_width.div_ceil(OUTPUTS);
    let rows = (BLOCK_TILES.min(max_tiles) / tile_columns).max(1);
    chunk_ranges(geometry.output_height.div_ceil(OUTPUTS), rows)
}

/// Calls `task` with each point, a range of rows of its matrix in `products`, `[points, rows, columns]`, and their block.
fn multiply_points(
    rows: usize,
    columns: usize,
    workers: impl Workers,
    products: &mut [f32],
    task: impl Fn(usize, &Range<usize>, &Block<'_>) + Sync,
) {
    let parts = DisjointSlices::new(products);
    let chunk_ranges = chunk_ranges(rows, TASK_ROWS);
    workers.for_each(POINTS * POINTS * chunk_ranges.len(), |index| {
        let (point, range) = (
            index / chunk_ranges.len(),
            &chunk_ranges[index % chunk_ranges.len()],
        );
        let start = (point * rows + range.start) * columns;
        let block = parts.block(start, range.len(), columns, columns);
        task(point, range, &block);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::flex::{forward, input_gradient as columns};
    use crate::kernels::workers::RayonWorkers;
    use crate::kernels::{ConvolutionShape, Precision};

    fn numbers(count: usize) -> Vec<f32> {
        let number = |index: usize| (index * 37 % 101) as f32 / 50.0 - 1.0;
        (0..count).map(number).collect()
    }

    fn assert_close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    #[test]
    fn convolutions_of_few_tiles_are_those_of_columns() {
        for (input, outputs, padding) in [([3, 70, 20, 21], 41, 1), ([1, 150, 25, 26], 32, 0)] {
            let precision = Precision::F32;
            let shape = ConvolutionShape {
                stride: 1,
                padding,
                precision,
            };
            let geometry = Geometry::new(input, [outputs, input[1], 3, 3], shape);
            assert!(is_applicable(&geometry));
            let weight = numbers(outputs * geometry.depth());
            let (source, bias) = (numbers(input.iter().product()), numbers(outputs));
            let expected = forward::forward(&geometry, &source, &weight, &bias);
            let mut found = vec![f32::NAN; expected.len()];
            let target = DisjointSlices::new(&mut found);
            // SAFETY: nobody else has it.
            unsafe { convolution(&geometry, &source, &weight, &bias, RayonWorkers, target) };
            assert_close(&found, &expected);
        }
    }

    #[test]
    fn convolutions_at_stride_two_are_those_of_columns() {
        for (input, outputs, kernel, padding) in [
            ([2, 33, 66, 72], 34, 4, 1),
            ([1, 40, 256, 18], 70, 4, 1),
            ([1, 32, 68, 74], 33, 4, 0),
            ([2, 34, 66, 71], 33, 3, 1),
            ([1, 41, 257, 18], 70, 3, 1),
            ([1, 32, 68, 75], 33, 3, 0),
            // Few tiles.
            ([3, 70, 32, 34], 50, 4, 1),
            ([2, 33, 33, 34], 65, 3, 1),
        ] {
            let precision = Precision::F32;
            let shape = ConvolutionShape {
                stride: 2,
                padding,
                precision,
            };
            let geometry = Geometry::new(input, [outputs, input[1], kernel, kernel], shape);
            assert!(is_applicable(&geometry) && !has_weight_gradient(&geometry));
            let weight = numbers(outputs * geometry.depth());
            let (source, bias) = (numbers(input.iter().product()), numbers(outputs));
            let expected = forward::forward(&geometry, &source, &weight, &bias);
            let mut found = vec![f32::NAN; expected.len()];
            let target = DisjointSlices::new(&mut found);
            // SAFETY: nobody else has it.
            unsafe { convolution(&geometry, &source, &weight, &bias, RayonWorkers, target) };
            assert_close(&found, &expected);

            if !has_input_gradient(&geometry) {
                assert_eq!(padding, 0);
                continue;
            }
            let (gradient, bias) = (numbers(expected.len()), numbers(input[1]));
            let expected = columns::input_gradient(&geometry, &gradient, &weight, &bias);
            let mut found = vec![f32::NAN; expected.len()];
            let target = DisjointSlices::new(&mut found);
            // SAFETY: nobody else has it.
            unsafe { input_gradient(&geometry, &gradient, &weight, &bias, RayonWorkers, target) };
            assert_close(&found, &expected);
        }
    }
}
