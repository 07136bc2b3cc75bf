//! The input gradient of a convolution as products of its weight with the output's gradient, added into the pixels.
#![expect(unsafe_code, reason = "threads write parts of one input gradient")]

use rayon::prelude::*;

use super::col2im::Accumulator;
use super::disjoint_slices::DisjointSlices;
use super::geometry::{Geometry, chunk_ranges};
use super::matrix_product::{Matrix, multiply};

/// Rows of a block of columns: with [`BLOCK_PIXELS`] it fits into a core's own cache of 1 MiB.
const BLOCK_DEPTH: usize = 256;

/// Most columns of a block, or one row of the output if that is longer.
const BLOCK_PIXELS: usize = 512;

/// Input pixels of one channel per task. A task also computes what the kernels of its neighbours' outputs reach, so it needs
/// several times more rows than the kernel.
const TASK_PIXELS: usize = 8192;

/// Up to this many output pixels of a picture the product is made pixel by pixel, with the weights read in place: vectors of a
/// product by columns would be mostly empty.
const FEW_PIXELS: usize = 48;

/// Least rows per task, if the input has as many.
const TASK_ROWS: usize = 32;

/// Computes the input gradient, `[batch, inputs, height, width]`, plus `bias` per input channel if it is not empty.
pub(super) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let (taps, depth) = (geometry.taps(), geometry.depth());
    let (pixels, input_pixels) = (geometry.output_pixels(), geometry.input_pixels());
    let channels = chunk_ranges(geometry.inputs, (BLOCK_DEPTH / taps).max(1));
    let rows = chunk_ranges(
        geometry.input_height,
        (TASK_PIXELS / geometry.input_width).max(TASK_ROWS),
    );
    let block_rows = (BLOCK_PIXELS / geometry.output_width).max(1);
    let parts_of = geometry.batch * rows.len();
    let task = |input: DisjointSlices<'_>, scratch: &mut Scratch, task: usize| {
        // Channels vary slowest, so that their weights stay in the cache.
        let group = task / parts_of;
        let channels = &channels[group];
        let picture = task % parts_of / rows.len();
        let rows = rows[task % rows.len()].clone();
        let lines = channels.len() * taps;
        let start = channels.start * taps;
        let gradient = &gradient[geometry.output_range(picture)];
        let mut sums = Accumulator::new(geometry, channels.len(), rows.clone());
        let output_rows = sums.output_rows();
        for first in output_rows.clone().step_by(block_rows) {
            let block = first..(first + block_rows).min(output_rows.end);
            let width = block.len() * geometry.output_width;
            let gradient = &gradient[first * geometry.output_width..];
            let gradient = Matrix::new(gradient, geometry.outputs, width, pixels);
            scratch.columns.resize(lines * width, 0.0);
            scratch.take(group, start, lines, weight, depth);
            let weight = Matrix::new(&scratch.weight, geometry.outputs, lines, lines);
            if pixels <= FEW_PIXELS {
                scratch.patches.resize(lines * width, 0.0);
                let product =
                    DisjointSlices::new(&mut scratch.patches).block(0, width, lines, lines);
                // SAFETY: the patches are this task's own.
                unsafe { multiply(gradient.transposed(), weight, &product, false) };
                scratch.transpose(lines);
            } else {
                let product =
                    DisjointSlices::new(&mut scratch.columns).block(0, lines, width, width);
                // SAFETY: the columns are this task's own.
                unsafe { multiply(weight.transposed(), gradient, &product, false) };
            }
            sums.add(&scratch.columns, block);
        }
        for (index, channel) in channels.clone().enumerate() {
            let start = geometry.input_range(picture).start + channel * input_pixels;
            let range =
                start + rows.start * geometry.input_width..start + rows.end * geometry.input_width;
            // SAFETY: no other task has these rows of this channel of this picture.
            let pixels = unsafe { input.zeroed(range) };
            sums.write(index, bias.get(channel).copied().unwrap_or(0.0), pixels);
        }
    };
    let all = |input: DisjointSlices<'_>| {
        (0..channels.len() * parts_of)
            .into_par_iter()
            .for_each_init(Scratch::default, |scratch, index| {
                task(input, scratch, index);
            });
    };
    // SAFETY: the tasks have all rows of all channels of all pictures.
    unsafe { DisjointSlices::fill_vec(geometry.batch * geometry.inputs * input_pixels, all) }
}

/// Buffers that a thread reuses from task to task.
#[derive(Default)]
struct Scratch {
    columns: Vec<f32>,
    /// Transposed columns: one pixel after another.
    patches: Vec<f32>,
    /// The weights of one group of channels, `[outputs, channels, kernel, kernel]`. In place they are short runs far apart, on as
    /// many pages of memory as there are outputs, for every block of columns.
    weight: Vec<f32>,
    /// The group of these weights.
    group: Option<usize>,
}

impl Scratch {
    /// Transposes the patches to columns of `lines` lines.
    fn transpose(&mut self, lines: usize) {
        let width = self.patches.len() / lines;
        for (pixel, patch) in self.patches.chunks_exact(lines).enumerate() {
            for (line, &value) in patch.iter().enumerate() {
                self.columns[line * width + pixel] = value;
            }
        }
    }

    /// Copies `lines` elements from `start` on of each row of the weight, whose rows have `depth` elements.
    fn take(&mut self, group: usize, start: usize, lines: usize, weight: &[f32], depth: usize) {
        if self.group != Some(group) {
            self.weight.clear();
            for row in weight.chunks_exact(depth) {
                self.weight.extend_from_slice(&row[start..start + lines]);
            }
            self.group = Some(group);
        }
    }
}
