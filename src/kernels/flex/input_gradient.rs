//! The input gradient of a convolution as products of its weight with the output's gradient, added into the pixels.
#![expect(unsafe_code, reason = "threads write parts of one input gradient")]

use rayon::prelude::*;

use super::geometry::{Geometry, stretches};
use super::matrix_product::{Matrix, multiply};
use super::parts::Parts;
use super::scatter::Sums;

/// Rows of a block of columns: with [`BLOCK_PIXELS`] it fits into a core's own cache of 1 MiB.
const BLOCK_DEPTH: usize = 256;

/// Columns of a block at most, or one row of the output where that is longer.
const BLOCK_PIXELS: usize = 512;

/// Input pixels of one channel that a task has, if it has not whole rows of more: a task also computes what the
/// kernels of its neighbours' outputs reach, so that its rows must be several times higher than the kernel.
const TASK_PIXELS: usize = 8192;

/// Rows that a task has at least, if the input is as high.
const TASK_ROWS: usize = 32;

/// The input gradient, `[batch, inputs, height, width]`, plus `bias` for each input channel where it is not empty.
pub(super) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let (taps, depth) = (geometry.taps(), geometry.depth());
    let (pixels, input_pixels) = (geometry.output_pixels(), geometry.input_pixels());
    let mut input = vec![0.0; geometry.batch * geometry.inputs * input_pixels];
    let parts = Parts::new(&mut input);
    let channels = stretches(geometry.inputs, (BLOCK_DEPTH / taps).max(1));
    let rows = stretches(
        geometry.input_height,
        (TASK_PIXELS / geometry.input_width).max(TASK_ROWS),
    );
    let block_rows = (BLOCK_PIXELS / geometry.output_width).max(1);
    let parts_of = geometry.batch * rows.len();
    let task = |task: usize, columns: &mut Vec<f32>| {
        // The channels go slowest, so that their weights stay in the cache.
        let channels = &channels[task / parts_of];
        let picture = task % parts_of / rows.len();
        let rows = rows[task % rows.len()].clone();
        let lines = channels.len() * taps;
        let left = Matrix::new(
            &weight[channels.start * taps..],
            geometry.outputs,
            lines,
            depth,
        );
        let gradient = &gradient[geometry.output_range(picture)];
        let mut sums = Sums::new(geometry, channels.len(), rows.clone());
        let output_rows = sums.output_rows();
        for start in output_rows.clone().step_by(block_rows) {
            let block = start..(start + block_rows).min(output_rows.end);
            let width = block.len() * geometry.output_width;
            let gradient = &gradient[start * geometry.output_width..];
            let right = Matrix::new(gradient, geometry.outputs, width, pixels);
            columns.resize(lines * width, 0.0);
            let product = Parts::new(columns).block(0, lines, width, width);
            // SAFETY: the columns are this task's own.
            unsafe { multiply(left.transposed(), right, &product, false) };
            sums.add(columns, block);
        }
        for (index, channel) in channels.clone().enumerate() {
            let start = geometry.input_range(picture).start + channel * input_pixels;
            let range =
                start + rows.start * geometry.input_width..start + rows.end * geometry.input_width;
            // SAFETY: no other task has these rows of this channel of this picture.
            let pixels = unsafe { parts.slice(range) };
            sums.write(index, bias.get(channel).copied().unwrap_or(0.0), pixels);
        }
    };
    (0..channels.len() * parts_of)
        .into_par_iter()
        .for_each_init(Vec::new, |columns, index| task(index, columns));
    input
}
