//! Convolution and its gradients through the transforms.
#![expect(unsafe_code, reason = "threads write blocks of one matrix")]

use std::ops::Range;

use rayon::prelude::*;

use super::tiles::{Planes, read_gradients, read_inputs, write};
use super::transform::{OUTPUTS, POINTS, reversed, suits};
use super::weights::{gradient, transformed};
use crate::kernels::filled::zeros;
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

/// The convolution, `[batch, outputs, height, width]`, plus `bias` where it is not empty; nothing where the transforms do
/// not help.
pub(in crate::kernels::flex) fn convolution(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Option<Vec<f32>> {
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let weight = suits(geometry).then(|| transformed(weight, outputs, inputs))?;
    Some(filter(geometry, input, bias, |point, rows| {
        let start = (point * outputs + rows.start) * inputs;
        Matrix::new(&weight[start..], rows.len(), inputs, inputs)
    }))
}

/// The gradient of the convolution with respect to its input, `[batch, inputs, height, width]`, plus `bias` for each input
/// channel where it is not empty; nothing where the transforms do not help.
pub(in crate::kernels::flex) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Option<Vec<f32>> {
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let weight = suits(geometry).then(|| transformed(weight, outputs, inputs))?;
    // A convolution from output to input with the taps in the opposite order.
    let opposite = geometry.opposite();
    Some(filter(&opposite, gradient, bias, |point, rows| {
        let start = reversed(point) * outputs * inputs + rows.start;
        Matrix::new(&weight[start..], outputs, rows.len(), inputs).transposed()
    }))
}

/// A convolution with the weights that `weight` gives at a point: some rows of `[outputs, inputs]`.
fn filter<'a>(
    geometry: &Geometry,
    input: &[f32],
    bias: &[f32],
    weight: impl Fn(usize, &Range<usize>) -> Matrix<'a> + Sync,
) -> Vec<f32> {
    let (source, target) = planes(geometry);
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let mut output = zeros(geometry.batch * outputs * geometry.output_pixels());
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output = &mut output[geometry.output_range(picture)];
        for rows in blocks(geometry) {
            let tiles = rows.len() * target.tile_columns;
            let mut points = Scratch::new(POINTS * POINTS * inputs * tiles);
            let mut products = Scratch::new(POINTS * POINTS * outputs * tiles);
            read_inputs(&source, input, rows.clone(), &mut points);
            multiply_points(outputs, tiles, &mut products, |point, rows, product| {
                let points = &points[point * inputs * tiles..];
                let right = Matrix::new(points, inputs, tiles, tiles);
                // SAFETY: the block is this task's own.
                unsafe { multiply(weight(point, rows), right, product, false) };
            });
            write(&target, &products, rows, bias, output);
        }
    }
    output
}

/// The gradient of the convolution with respect to its weight, `[outputs, inputs, 3, 3]`; nothing where the transforms do not
/// help.
pub(in crate::kernels::flex) fn weight_gradient(
    geometry: &Geometry,
    input: &[f32],
    output_gradient: &[f32],
) -> Option<Vec<f32>> {
    if !suits(geometry) {
        return None;
    }
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
            read_inputs(&source, input, rows.clone(), &mut points);
            read_gradients(&target, output_gradient, rows, &mut gradients);
            multiply_points(outputs, inputs, &mut sums, |point, rows, product| {
                let gradients = &gradients[(point * outputs + rows.start) * tiles..];
                let left = Matrix::new(gradients, rows.len(), tiles, tiles);
                let points = &points[point * inputs * tiles..];
                let right = Matrix::new(points, inputs, tiles, tiles).transposed();
                // SAFETY: the block is this task's own.
                unsafe { multiply(left, right, product, !first) };
            });
            first = false;
        }
    }
    Some(gradient(&sums, outputs, inputs))
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

/// Rows of tiles that are worked on at once.
fn blocks(geometry: &Geometry) -> Vec<Range<usize>> {
    let most = BLOCK_NUMBERS / (POINTS * POINTS * geometry.inputs.max(geometry.outputs));
    let tile_columns = geometry.output_width.div_ceil(OUTPUTS);
    let rows = (BLOCK_TILES.min(most) / tile_columns).max(1);
    stretches(geometry.output_height.div_ceil(OUTPUTS), rows)
}

/// Calls `task` with each point, some rows of its matrix in `products`, `[points, rows, columns]`, and the block of these rows.
fn multiply_points(
    rows: usize,
    columns: usize,
    products: &mut [f32],
    task: impl Fn(usize, &Range<usize>, &Block<'_>) + Sync,
) {
    let parts = Parts::new(products);
    let stretches = stretches(rows, TASK_ROWS);
    (0..POINTS * POINTS * stretches.len())
        .into_par_iter()
        .for_each(|index| {
            let (point, stretch) = (index / stretches.len(), &stretches[index % stretches.len()]);
            let start = (point * rows + stretch.start) * columns;
            let block = parts.block(start, stretch.len(), columns, columns);
            task(point, stretch, &block);
        });
}
