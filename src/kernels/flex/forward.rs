//! Convolution as products of the weight with blocks of columns.
#![expect(unsafe_code, reason = "threads write blocks of one output")]

use std::ops::{Range, RangeInclusive};

use rayon::prelude::*;

use super::disjoint_slices::DisjointSlices;
use super::geometry::{Geometry, chunk_ranges};
use super::im2col::im2col;
use super::matrix_product::{Matrix, multiply};
use crate::kernels::alloc::alloc_filled;

/// Rows of a block of columns: with [`BLOCK_PIXELS`] it fits into a core's own cache of 1 MiB.
const BLOCK_DEPTH: usize = 384;

/// Least and most columns of a block, if one row of the output is not longer.
const BLOCK_PIXELS: RangeInclusive<usize> = 128..=512;

/// Least number of blocks, to keep the cores of a processor busy.
const BLOCKS: usize = 8;

/// Below this many output pixels of a picture all columns of some pictures, not more than these, are made before the products, which are then
/// divided by output channels. What is computed of a picture must not depend on how many there are.
const FEW_PIXELS: usize = 512;

/// Most weights of an output that are multiplied at a time: of more, how they are added up depends on the number of columns.
const DEPTH: usize = 512;

/// Least columns of a product: with a single one it is that of a matrix and a vector, which is added up in another order.
const LEAST_COLUMNS: usize = 2;

/// Output channels per task if there are few pixels.
const OUTPUTS: usize = 64;

/// Computes the output, `[batch, outputs, height, width]`; `bias` may be empty.
pub(super) fn forward(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let add = !bias.is_empty();
    let length = geometry.batch * geometry.outputs * geometry.output_pixels();
    let mut output = alloc_filled(length, geometry.output_pixels(), |channel, pixels| {
        if add {
            pixels.fill(bias[channel % geometry.outputs]);
        }
    });
    if geometry.output_pixels() < FEW_PIXELS {
        few_pixels(geometry, input, weight, DisjointSlices::new(&mut output));
    } else {
        many_pixels(
            geometry,
            input,
            weight,
            DisjointSlices::new(&mut output),
            add,
        );
    }
    output
}

/// One task per block of rows, which alternates between making the columns of some channels and multiplying.
fn many_pixels(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    output: DisjointSlices<'_>,
    add: bool,
) {
    let pixels = geometry.output_pixels();
    let block_pixels =
        (geometry.batch * pixels / BLOCKS).clamp(*BLOCK_PIXELS.start(), *BLOCK_PIXELS.end());
    let rows = chunk_ranges(
        geometry.output_height,
        (block_pixels / geometry.output_width).max(1),
    );
    let channels = chunk_ranges(geometry.inputs, (BLOCK_DEPTH / geometry.taps()).max(1));
    let block = |task: usize, columns: &mut Vec<f32>, scratch: &mut Vec<f32>| {
        let (picture, rows) = (task / rows.len(), &rows[task % rows.len()]);
        let input = &input[geometry.input_range(picture)];
        let width = rows.len() * geometry.output_width;
        let start = geometry.output_range(picture).start + rows.start * geometry.output_width;
        let product = output.block(start, geometry.outputs, width, pixels);
        for channels in &channels {
            let depth = channels.len() * geometry.taps();
            columns.resize(depth * width, 0.0);
            im2col(
                geometry,
                input,
                channels.clone(),
                rows.clone(),
                columns,
                width,
                scratch,
            );
            let weight = &weight[channels.start * geometry.taps()..];
            let left = Matrix::new(weight, geometry.outputs, depth, geometry.depth());
            let right = Matrix::new(columns, depth, width, width);
            // SAFETY: no other task has these rows of this picture.
            unsafe { multiply(left, right, &product, add || channels.start > 0) };
        }
    };
    (0..geometry.batch * rows.len())
        .into_par_iter()
        .for_each_init(
            <(Vec<f32>, Vec<f32>)>::default,
            |(columns, scratch), task| {
                block(task, columns, scratch);
            },
        );
}

/// Makes all columns of some pictures, then runs one task per block of output channels, so that each weight is read once for all of them. The
/// outputs are added to what `output` holds.
fn few_pixels(geometry: &Geometry, input: &[f32], weight: &[f32], output: DisjointSlices<'_>) {
    let pixels = geometry.output_pixels();
    let parts = chunk_ranges(geometry.batch, (FEW_PIXELS / pixels).max(1));
    parts.into_par_iter().for_each(|pictures| {
        let part = geometry.of(&pictures);
        let start = geometry.input_range(pictures.start).start;
        let first = geometry.output_range(pictures.start).start;
        let length = part.batch * part.outputs * pixels;
        let output = output.narrow(first..first + length);
        few_columns(&part, &input[start..], weight, output);
    });
}

/// [`few_pixels`] of pictures with few columns in all.
fn few_columns(geometry: &Geometry, input: &[f32], weight: &[f32], output: DisjointSlices<'_>) {
    let pixels = geometry.output_pixels();
    let width = (geometry.batch * pixels).max(LEAST_COLUMNS);
    let columns = all_columns(geometry, input, width);
    let depths = chunk_ranges(geometry.depth(), DEPTH);
    chunk_ranges(geometry.outputs, OUTPUTS)
        .into_par_iter()
        .for_each_init(Vec::new, |sums: &mut Vec<f32>, outputs: Range<usize>| {
            let places = |output: usize| {
                (0..geometry.batch).map(move |picture| {
                    let start = (picture * geometry.outputs + output) * pixels;
                    start..start + pixels
                })
            };
            sums.clear();
            sums.resize(outputs.len() * width, 0.0);
            for (channel, sums) in outputs.clone().zip(sums.chunks_exact_mut(width)) {
                for (place, sums) in places(channel).zip(sums.chunks_exact_mut(pixels)) {
                    // SAFETY: no other task has these output channels.
                    sums.copy_from_slice(unsafe { output.slice(place) });
                }
            }
            let product = DisjointSlices::new(sums).block(0, outputs.len(), width, width);
            for depth in &depths {
                let weight = &weight[outputs.start * geometry.depth() + depth.start..];
                let left = Matrix::new(weight, outputs.len(), depth.len(), geometry.depth());
                let columns = &columns[depth.start * width..];
                let right = Matrix::new(columns, depth.len(), width, width);
                // SAFETY: the sums are this task's own.
                unsafe { multiply(left, right, &product, true) };
            }
            for (channel, sums) in outputs.zip(sums.chunks_exact(width)) {
                for (place, sums) in places(channel).zip(sums.chunks_exact(pixels)) {
                    // SAFETY: as above.
                    unsafe { output.write(place.start, sums) };
                }
            }
        });
}

/// The columns of all pictures, side by side, and zeros up to `width`.
fn all_columns(geometry: &Geometry, input: &[f32], width: usize) -> Vec<f32> {
    let pixels = geometry.output_pixels();
    let mut columns = vec![0.0; geometry.depth() * width];
    columns
        .par_chunks_exact_mut(geometry.taps() * width)
        .enumerate()
        .for_each_init(Vec::new, |scratch, (channel, columns)| {
            for picture in 0..geometry.batch {
                im2col(
                    geometry,
                    &input[geometry.input_range(picture)],
                    channel..channel + 1,
                    0..geometry.output_height,
                    &mut columns[picture * pixels..],
                    width,
                    scratch,
                );
            }
        });
    columns
}
