//! Convolution and its gradients in the transformed domain.
#![expect(unsafe_code, reason = "threads write blocks of one matrix")]

use std::ops::Range;

use super::tiles::{Planes, read_gradients, read_inputs, write};
use super::transform::{OUTPUTS, POINTS};
use super::weights::{gradient, transform_weights};
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
/// [applicable](super::is_applicable). Zeroes and writes all of the output.
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
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let weight = transform_weights(weight, [outputs, inputs], false, workers);
    let weight = |point: usize, rows: &Range<usize>| {
        let start = (point * outputs + rows.start) * inputs;
        Matrix::new(&weight[start..], rows.len(), inputs, inputs)
    };
    // SAFETY: the caller's promise.
    unsafe { filter(geometry, input, bias, workers, output, weight) };
}

/// Writes the gradient of the convolution with respect to its input to `input`, `[batch, inputs, height, width]`, plus `bias` per
/// input channel if it is not empty, for a geometry that is [applicable](super::is_applicable). Zeroes and writes all of the
/// input.
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
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    // A convolution from output to input with the taps in the opposite order.
    let weight = transform_weights(weight, [outputs, inputs], true, workers);
    let opposite = geometry.opposite();
    let weight = |point: usize, rows: &Range<usize>| {
        let start = point * outputs * inputs + rows.start;
        Matrix::new(&weight[start..], outputs, rows.len(), inputs).transposed()
    };
    // SAFETY: the caller's promise.
    unsafe { filter(&opposite, gradient, bias, workers, input, weight) };
}

/// Convolves with the weights that `weight` returns for a point and some of the rows of `[outputs, inputs]`.
///
/// # Safety
/// Nobody else reads or writes the output meanwhile.
unsafe fn filter<'a>(
    geometry: &Geometry,
    input: &[f32],
    bias: &[f32],
    workers: impl Workers,
    output: DisjointSlices<'_>,
    weight: impl Fn(usize, &Range<usize>) -> Matrix<'a> + Sync,
) {
    let (source, target) = planes(geometry);
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output = output.narrow(geometry.output_range(picture));
        for rows in blocks(geometry) {
            let tiles = rows.len() * target.tile_columns;
            let mut points = Scratch::new(POINTS * POINTS * inputs * tiles);
            let mut products = Scratch::new(POINTS * POINTS * outputs * tiles);
            read_inputs(&source, input, rows.clone(), workers, &mut points);
            multiply_points(
                outputs,
                tiles,
                workers,
                &mut products,
                |point, rows, product| {
                    let points = &points[point * inputs * tiles..];
                    let right = Matrix::new(points, inputs, tiles, tiles);
                    // SAFETY: the block is this task's own.
                    unsafe { multiply(weight(point, rows), right, product, false) };
                },
            );
            // SAFETY: the caller's promise.
            unsafe { write(&target, &products, rows, bias, workers, output) };
        }
    }
}

/// Writes the gradient of the convolution with respect to its weight to `weight`, `[outputs, inputs, 3, 3]`, for a geometry that is
/// [applicable](super::is_applicable).
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
