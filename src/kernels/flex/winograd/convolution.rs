//! Convolution and its gradients through the transforms.
#![expect(unsafe_code, reason = "threads write blocks of one matrix")]

use std::ops::Range;

use rayon::prelude::*;

use super::algorithm::{Algorithm, OUTPUTS};
use super::tiles::{Planes, Reading, write};
use super::weights::{gradient, transformed};
use crate::kernels::flex::geometry::{Geometry, stretches};
use crate::kernels::flex::matrix_product::{Matrix, multiply};
use crate::kernels::flex::parts::{Block, Parts};
use crate::kernels::flex::scratch::Scratch;

/// Tiles of a block, or one row of tiles where that is longer: enough for matrix products at full speed.
const BLOCK_TILES: usize = 512;

/// Numbers of a block at all points, beyond which it has fewer tiles.
const BLOCK_NUMBERS: usize = 1 << 22;

/// Rows of a matrix that one task multiplies.
const TASK_ROWS: usize = 128;

/// The convolution, `[batch, outputs, height, width]`, plus `bias` where it is not empty; nothing where no algorithm is
/// less work.
pub(in crate::kernels::flex) fn convolution(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Option<Vec<f32>> {
    let algorithm = Algorithm::of(geometry)?;
    let weight = transformed(&algorithm, weight, geometry.outputs, geometry.inputs);
    let reading = Reading::input(&algorithm);
    let tile_columns = geometry.output_width.div_ceil(OUTPUTS);
    let source = Planes {
        height: geometry.input_height,
        width: geometry.input_width,
        border: geometry.padding_y,
        tile_columns,
        step: OUTPUTS * geometry.stride,
    };
    let target = Planes {
        height: geometry.output_height,
        width: geometry.output_width,
        border: 0,
        tile_columns,
        step: OUTPUTS,
    };
    let (outputs, depth) = (geometry.outputs, algorithm.all_groups() * geometry.inputs);
    let mut output = vec![0.0; geometry.batch * outputs * geometry.output_pixels()];
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output = &mut output[geometry.output_range(picture)];
        for rows in blocks(&algorithm, geometry.output_height, tile_columns, depth) {
            let tiles = rows.len() * tile_columns;
            let mut points = Scratch::new(algorithm.all_points() * depth * tiles);
            let mut products = Scratch::new(algorithm.all_points() * outputs * tiles);
            reading.read(&source, input, rows.clone(), &mut points);
            multiply_points(
                &algorithm,
                outputs,
                tiles,
                &mut products,
                |point, rows, product| {
                    let start = (point * outputs + rows.start) * depth;
                    let left = Matrix::new(&weight[start..], rows.len(), depth, depth);
                    let right = Matrix::new(&points[point * depth * tiles..], depth, tiles, tiles);
                    // SAFETY: the block is this task's own.
                    unsafe { multiply(left, right, product, false) };
                },
            );
            write(&algorithm, 1, &target, &products, rows, bias, output);
        }
    }
    Some(output)
}

/// The gradient of the convolution with respect to its input, `[batch, inputs, height, width]`, plus `bias` for each input
/// channel where it is not empty; nothing where no algorithm is less work.
pub(in crate::kernels::flex) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Option<Vec<f32>> {
    let algorithm = Algorithm::of(geometry)?;
    if geometry.padding_y >= geometry.kernel_height {
        return None;
    }
    let weight = transformed(&algorithm, weight, geometry.outputs, geometry.inputs);
    // At stride 1 this is a convolution with the taps in the opposite order. At stride 2 every second pixel is one, with the
    // taps of one group.
    let strided = geometry.stride > 1;
    let (reading, read_groups, write_groups) = if strided {
        (Reading::neighbours(&algorithm), 1, algorithm.groups)
    } else {
        (Reading::input(&algorithm), algorithm.all_groups(), 1)
    };
    let written_border = if strided { geometry.padding_y } else { 0 };
    let step = OUTPUTS * geometry.stride;
    let tile_columns = (geometry.input_width + written_border).div_ceil(step);
    let source = Planes {
        height: geometry.output_height,
        width: geometry.output_width,
        border: if strided {
            algorithm.taps - 1
        } else {
            geometry.kernel_height - 1 - geometry.padding_y
        },
        tile_columns,
        step: OUTPUTS,
    };
    let target = Planes {
        height: geometry.input_height,
        width: geometry.input_width,
        border: written_border,
        tile_columns,
        step,
    };
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let depth = algorithm.all_groups() * inputs;
    let lines = write_groups * write_groups * inputs;
    let mut input = vec![0.0; geometry.batch * inputs * geometry.input_pixels()];
    let height = (geometry.input_height + written_border).div_ceil(geometry.stride);
    for picture in 0..geometry.batch {
        let gradient = &gradient[geometry.output_range(picture)];
        let input = &mut input[geometry.input_range(picture)];
        let read = read_groups * outputs;
        for rows in blocks(&algorithm, height, tile_columns, read.max(lines)) {
            let tiles = rows.len() * tile_columns;
            let mut points = Scratch::new(algorithm.all_points() * read * tiles);
            let mut products = Scratch::new(algorithm.all_points() * lines * tiles);
            reading.read(&source, gradient, rows.clone(), &mut points);
            multiply_points(
                &algorithm,
                lines,
                tiles,
                &mut products,
                |point, rows, product| {
                    let weight = &weight[algorithm.reversed_point(point) * outputs * depth..];
                    for group in 0..read_groups {
                        // The taps in the opposite order are those of the opposite group.
                        let start = (read_groups - 1 - group) * inputs + rows.start;
                        let left = Matrix::new(&weight[start..], outputs, rows.len(), depth);
                        let start = (point * read_groups + group) * outputs * tiles;
                        let right = Matrix::new(&points[start..], outputs, tiles, tiles);
                        // SAFETY: the block is this task's own.
                        unsafe { multiply(left.transposed(), right, product, group > 0) };
                    }
                },
            );
            write(
                &algorithm,
                write_groups,
                &target,
                &products,
                rows,
                bias,
                input,
            );
        }
    }
    Some(input)
}

/// The gradient of the convolution with respect to its weight, `[outputs, inputs, kernel, kernel]`; nothing where no algorithm
/// is less work.
pub(in crate::kernels::flex) fn weight_gradient(
    geometry: &Geometry,
    input: &[f32],
    output_gradient: &[f32],
) -> Option<Vec<f32>> {
    let algorithm = Algorithm::of(geometry)?;
    let reading = Reading::input(&algorithm);
    let gradient_reading = Reading::output_gradient(&algorithm);
    let tile_columns = geometry.output_width.div_ceil(OUTPUTS);
    let source = Planes {
        height: geometry.input_height,
        width: geometry.input_width,
        border: geometry.padding_y,
        tile_columns,
        step: OUTPUTS * geometry.stride,
    };
    let gradient_source = Planes {
        height: geometry.output_height,
        width: geometry.output_width,
        border: 0,
        tile_columns,
        step: OUTPUTS,
    };
    let (outputs, depth) = (geometry.outputs, algorithm.all_groups() * geometry.inputs);
    let mut sums = Scratch::new(algorithm.all_points() * outputs * depth);
    let mut first = true;
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output_gradient = &output_gradient[geometry.output_range(picture)];
        for rows in blocks(&algorithm, geometry.output_height, tile_columns, depth) {
            let tiles = rows.len() * tile_columns;
            let mut points = Scratch::new(algorithm.all_points() * depth * tiles);
            let mut gradients = Scratch::new(algorithm.all_points() * outputs * tiles);
            reading.read(&source, input, rows.clone(), &mut points);
            gradient_reading.read(&gradient_source, output_gradient, rows, &mut gradients);
            multiply_points(
                &algorithm,
                outputs,
                depth,
                &mut sums,
                |point, rows, product| {
                    let start = (point * outputs + rows.start) * tiles;
                    let left = Matrix::new(&gradients[start..], rows.len(), tiles, tiles);
                    let right = Matrix::new(&points[point * depth * tiles..], depth, tiles, tiles);
                    // SAFETY: the block is this task's own.
                    unsafe { multiply(left, right.transposed(), product, !first) };
                },
            );
            first = false;
        }
    }
    Some(gradient(&algorithm, &sums, outputs, geometry.inputs))
}

/// Rows of tiles that are worked on at once; `height` is in outputs, `lines` those of the larger matrix of a point.
fn blocks(
    algorithm: &Algorithm,
    height: usize,
    tile_columns: usize,
    lines: usize,
) -> Vec<Range<usize>> {
    let most = BLOCK_NUMBERS / (algorithm.all_points() * lines);
    let rows = (BLOCK_TILES.min(most) / tile_columns).max(1);
    stretches(height.div_ceil(OUTPUTS), rows)
}

/// Calls `task` with each point, some rows of its matrix in `products`, `[points, rows, columns]`, and the block of these rows.
fn multiply_points(
    algorithm: &Algorithm,
    rows: usize,
    columns: usize,
    products: &mut [f32],
    task: impl Fn(usize, Range<usize>, &Block<'_>) + Sync,
) {
    let parts = Parts::new(products);
    let stretches = stretches(rows, TASK_ROWS);
    (0..algorithm.all_points() * stretches.len())
        .into_par_iter()
        .for_each(|index| {
            let (point, stretch) = (index / stretches.len(), &stretches[index % stretches.len()]);
            let start = (point * rows + stretch.start) * columns;
            let block = parts.block(start, stretch.len(), columns, columns);
            task(point, stretch.clone(), &block);
        });
}
