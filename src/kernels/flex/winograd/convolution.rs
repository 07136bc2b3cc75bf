//! Convolution and its gradients in the transformed domain.
#![expect(unsafe_code, reason = "threads write blocks of one matrix")]

use std::ops::{Range, RangeInclusive};

use super::segments::Segment;
use super::tiles::{Planes, read_gradients, read_inputs};
use super::transform::{OUTPUTS, POINTS};
use super::weights::{gradient, transform_weights};
use crate::kernels::flex::disjoint_slices::{Block, DisjointSlices};
use crate::kernels::flex::geometry::{Geometry, chunk_ranges};
use crate::kernels::flex::matrix_product::{Matrix, multiply};
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::{Operands, ROWS, SEGMENT, multiply as multiply_tiles};
use crate::kernels::workers::Workers;

/// Tiles of a block, or one row of tiles if that is longer: enough for matrix products at full speed.
const BLOCK_TILES: usize = 128;

/// Most numbers of a block at all points; with more channels it has fewer tiles.
const BLOCK_NUMBERS: usize = 1 << 22;

/// Most numbers of the points of a task, if these are more than the least segments.
const TASK_NUMBERS: usize = 3 << 16;

/// Least and most segments of tiles of a task.
const TASK_SEGMENTS: RangeInclusive<usize> = 3..=6;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 4;

/// Panels of output channels of a task where there are fewer.
const SHARE_PANELS: usize = 8;

/// Panels of output channels whose products are made before they are transformed.
const TASK_PANELS: usize = 16;

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
    let channels = [geometry.outputs, geometry.inputs];
    let weight = transform_weights(weight, channels, false, workers);
    // SAFETY: the caller's promise.
    unsafe { filter(geometry, input, bias, workers, output, &weight) };
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
    // A convolution from output to input with the taps in the opposite order.
    let channels = [geometry.outputs, geometry.inputs];
    let weight = transform_weights(weight, channels, true, workers);
    let opposite = geometry.opposite();
    // SAFETY: the caller's promise.
    unsafe { filter(&opposite, gradient, bias, workers, input, &weight) };
}

/// Convolves with [transformed](transform_weights) weights.
///
/// # Safety
/// Nobody else reads or writes the output meanwhile.
unsafe fn filter(
    geometry: &Geometry,
    input: &[f32],
    bias: &[f32],
    workers: impl Workers,
    output: DisjointSlices<'_>,
    weight: &[f32],
) {
    let (source, target) = planes(geometry);
    let rows = geometry.output_height.div_ceil(OUTPUTS);
    let segments = Segment::divide(rows, target.tile_columns);
    let panels = geometry.outputs.div_ceil(ROWS);
    let length = POINTS * POINTS * geometry.inputs * SEGMENT;
    let products = Products {
        geometry,
        weight,
        bias,
        panels,
        target,
    };
    let most = (TASK_NUMBERS / length).clamp(*TASK_SEGMENTS.start(), *TASK_SEGMENTS.end());
    let parts: Vec<&[Segment]> = segments.chunks(most).collect();
    if geometry.batch * parts.len() >= TASKS {
        workers.for_each(geometry.batch * parts.len(), |task| {
            let (picture, segments) = (task / parts.len(), parts[task % parts.len()]);
            let input = &input[geometry.input_range(picture)];
            let output = output.narrow(geometry.output_range(picture));
            let mut points = Scratch::new(segments.len() * length);
            for (segment, points) in segments.iter().zip(points.chunks_exact_mut(length)) {
                segment.read(&source, input, points);
            }
            // SAFETY: no other task has these tiles.
            unsafe { products.write(segments, &points, 0..panels, output) };
        });
        return;
    }
    // With so few tiles, tasks have some of the output channels, so that each weight is read once.
    for picture in 0..geometry.batch {
        let input = &input[geometry.input_range(picture)];
        let output = output.narrow(geometry.output_range(picture));
        let mut points = Scratch::new(segments.len() * length);
        let parts = DisjointSlices::new(&mut points);
        workers.for_each(segments.len(), |number| {
            // SAFETY: no other task has this segment.
            let points = unsafe { parts.slice(number * length..(number + 1) * length) };
            segments[number].read(&source, input, points);
        });
        let shares = chunk_ranges(panels, SHARE_PANELS);
        workers.for_each(shares.len(), |share| {
            // SAFETY: no other task has these output channels.
            unsafe { products.write(&segments, &points, shares[share].clone(), output) };
        });
    }
}

/// Products of weights and points.
struct Products<'a> {
    geometry: &'a Geometry,
    weight: &'a [f32],
    bias: &'a [f32],
    /// Panels of weights of each point.
    panels: usize,
    target: Planes,
}

impl Products<'_> {
    /// Multiplies the `points` of segments with some panels, and writes the outputs of one picture.
    ///
    /// # Safety
    /// Nobody else reads or writes these tiles of these channels meanwhile.
    unsafe fn write(
        &self,
        segments: &[Segment],
        points: &[f32],
        panels: Range<usize>,
        output: DisjointSlices<'_>,
    ) {
        let inputs = self.geometry.inputs;
        let length = points.len() / segments.len();
        let count = segments.len() * ROWS * SEGMENT;
        let offsets: Vec<usize> = (0..inputs).map(|input| input * SEGMENT).collect();
        let most = TASK_PANELS.min(panels.len());
        let mut sums = Scratch::new(POINTS * POINTS * most * count);
        for group in panels.clone().step_by(most) {
            let group = group..panels.end.min(group + most);
            let stride = group.len() * count;
            let sums = &mut sums[..POINTS * POINTS * stride];
            for (point, sums) in sums.chunks_exact_mut(stride).enumerate() {
                let base = |number: usize| number * length + point * inputs * SEGMENT;
                let bases: Vec<usize> = (0..segments.len()).map(base).collect();
                let weights = (point * self.panels + group.start) * inputs * ROWS;
                let operands = Operands {
                    weights: &self.weight[weights..][..group.len() * inputs * ROWS],
                    rows: ROWS,
                    pixels: points,
                    offsets: &offsets,
                };
                multiply_tiles(operands, &bases, sums, false);
            }
            for channel in group.start * ROWS..self.geometry.outputs.min(group.end * ROWS) {
                let bias = self.bias.get(channel).copied().unwrap_or(0.0);
                for (number, segment) in segments.iter().enumerate() {
                    let panel = channel / ROWS - group.start;
                    let line = (panel * segments.len() + number) * ROWS + channel % ROWS;
                    let sums = &sums[line * SEGMENT..];
                    let start = channel * self.target.pixels();
                    // SAFETY: the caller's promise.
                    unsafe { segment.write(&self.target, sums, stride, bias, output, start) };
                }
            }
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
