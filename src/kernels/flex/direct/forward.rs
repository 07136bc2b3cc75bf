//! The convolution at stride 1 of pictures with their padding, whose pixels are read where they lie.
#![expect(unsafe_code, reason = "threads write parts of one output")]

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::super::disjoint_slices::DisjointSlices;
use super::super::geometry::{Geometry, chunk_ranges};
use super::super::panels::{pack_rows, panel_rows};
use super::super::scratch::Scratch;
use super::super::tile::{Operands, SEGMENT, multiply};
use super::segments::{Block, divide_outputs};

/// Weights of an output that are multiplied at a time, at least those of one input channel: all of a filter of 7 x 7 of three channels.
const DEPTH: usize = 160;

/// Most outputs of a task: its sums are 256 KiB.
const MAX_OUTPUTS: usize = 128;

/// Computes the output, `[batch, outputs, height, width]`; `bias` may be empty. For a geometry that is
/// [applicable](super::is_applicable).
pub(in super::super) fn forward(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let blocks = Block::divide(geometry.output_height, geometry.output_width);
    let outputs = divide_outputs(geometry.outputs, MAX_OUTPUTS, geometry.batch * blocks.len());
    let tasks = geometry.batch * blocks.len() * outputs.len();
    let all = |output: DisjointSlices<'_>| {
        (0..tasks).into_par_iter().for_each(|task| {
            let (place, outputs) = (task / outputs.len(), &outputs[task % outputs.len()]);
            let (picture, block) = (place / blocks.len(), &blocks[place % blocks.len()]);
            let input = &input[geometry.input_range(picture)];
            let sums = sums(geometry, input, weight, block, outputs);
            let output = output.narrow(geometry.output_range(picture));
            // SAFETY: no other task has these channels of this block.
            unsafe { write(geometry, &sums, bias, block, outputs, output) };
        });
    };
    let length = geometry.batch * geometry.outputs * geometry.output_pixels();
    // SAFETY: the tasks write all pixels of all channels.
    unsafe { DisjointSlices::fill_vec(length, all) }
}

/// The sums of a block, `[panels, segments, rows, SEGMENT]`.
fn sums(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    block: &Block,
    outputs: &Range<usize>,
) -> Scratch {
    let (taps, pixels, width) = (
        geometry.taps(),
        geometry.input_pixels(),
        geometry.input_width,
    );
    let rows = panel_rows(outputs.len());
    let panels = outputs.len().div_ceil(rows);
    let channels = chunk_ranges(geometry.inputs, (DEPTH / taps).max(1));
    let most = channels[0].len();
    let bases = block.bases(width);
    let offsets: Vec<usize> = (0..most * taps)
        .map(|index| {
            let (channel, tap) = (index / taps, index % taps);
            let (row, column) = (tap / geometry.kernel_width, tap % geometry.kernel_width);
            channel * pixels + row * width + column
        })
        .collect();
    let start = block.rows.start * width + block.columns.start;
    let mut sums = Scratch::new(panels * block.segments().len() * rows * SEGMENT);
    let mut weights = Scratch::new(panels * most * taps * rows);
    for channels in channels {
        let depth = channels.len() * taps;
        let weights = &mut weights[..panels * depth * rows];
        for (number, panel) in weights.chunks_exact_mut(depth * rows).enumerate() {
            let output = outputs.start + number * rows;
            let weight = &weight[output * geometry.depth() + channels.start * taps..];
            let count = rows.min(outputs.end - output);
            pack_rows(weight, count, geometry.depth(), depth, panel);
        }
        let operands = Operands {
            weights,
            rows,
            pixels: &input[channels.start * pixels + start..],
            offsets: &offsets[..depth],
            next: 0,
        };
        multiply(operands, &bases, &mut sums, channels.start > 0);
    }
    sums
}

/// Writes sums to the output of one picture, with their bias.
///
/// # Safety
/// Nobody else reads or writes these channels of this block meanwhile.
unsafe fn write(
    geometry: &Geometry,
    sums: &[f32],
    bias: &[f32],
    block: &Block,
    outputs: &Range<usize>,
    output: DisjointSlices<'_>,
) {
    let rows = panel_rows(outputs.len());
    let segments = block.segments();
    Arch::new().dispatch(
        #[inline(always)]
        || {
            for (index, channel) in outputs.clone().enumerate() {
                let bias = bias.get(channel).copied().unwrap_or(0.0);
                let sums = &sums[index / rows * segments.len() * rows * SEGMENT..];
                let lines = sums.as_chunks::<SEGMENT>().0;
                let lines = lines.iter().skip(index % rows).step_by(rows);
                let plane = channel * geometry.output_pixels();
                for (segment, line) in segments.iter().zip(lines) {
                    let mut pixels = *line;
                    for pixel in &mut pixels {
                        *pixel += bias;
                    }
                    let start = plane + segment.row * geometry.output_width + segment.column;
                    // SAFETY: the caller's promise; no other segment has these pixels.
                    unsafe {
                        match segment.overlap {
                            0 => output.write(start, &pixels),
                            overlap => output.write(start + overlap, &pixels[overlap..]),
                        }
                    }
                }
            }
        },
    );
}
