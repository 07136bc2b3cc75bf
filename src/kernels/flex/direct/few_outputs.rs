//! The convolution to few outputs, as a ResNet ends: of a panel for three outputs a quarter would be wasted, and pixels would be read for
//! few products.
//!
//! Each row of the kernel is an output of its own, filtered along the rows of pixels, so that three outputs and seven rows fill panels of
//! 21 rows. Each output is then the sum of the rows that lie above each other.
#![expect(unsafe_code, reason = "threads write parts of one output")]

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::super::disjoint_slices::DisjointSlices;
use super::super::geometry::{Geometry, chunk_ranges};
use super::super::panels::pack_rows;
use super::super::scratch::Scratch;
use super::super::tile::{Operands, ROWS, SEGMENT, multiply};

/// Most weights of an output that are multiplied at a time: with the pixels of a tile they fit into a core's first cache.
const DEPTH: usize = 512;

/// Most rows of outputs of a task. It filters the rows that the kernel reaches beyond them once more than needed.
const TASK_ROWS: usize = 64;

/// Most segments of a row of a task, and least.
const MAX_SEGMENTS: usize = 24;
const MIN_SEGMENTS: usize = 6;

/// Tasks that keep the cores of a processor busy.
const TASKS: usize = 16;

/// Computes the output, `[batch, outputs, height, width]`; `bias` may be empty. For a geometry with
/// [few outputs](super::has_few_outputs).
pub(in super::super) fn to_few_outputs(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let weights = Weights::new(geometry, weight);
    let blocks = divide(geometry);
    let all = |output: DisjointSlices<'_>| {
        let tasks = geometry.batch * blocks.len();
        (0..tasks).into_par_iter().for_each(|task| {
            let (picture, block) = (task / blocks.len(), &blocks[task % blocks.len()]);
            let input = &input[geometry.input_range(picture)];
            let output = output.narrow(geometry.output_range(picture));
            // SAFETY: no other task has this block.
            unsafe { filter(geometry, input, &weights, bias, block, output) };
        });
    };
    let length = geometry.batch * geometry.outputs * geometry.output_pixels();
    // SAFETY: the tasks take all pixels of all channels.
    unsafe { DisjointSlices::fill_vec(length, all) }
}

/// The weights of all rows of all kernels, in chunks of input channels.
struct Weights {
    chunks: Vec<Chunk>,
    panels: usize,
}

struct Chunk {
    /// `[panels, depth, ROWS]`.
    weights: Vec<f32>,
    channels: Range<usize>,
}

impl Weights {
    fn new(geometry: &Geometry, weight: &[f32]) -> Self {
        let (height, width) = (geometry.kernel_height, geometry.kernel_width);
        let rows = geometry.outputs * height;
        let chunk = |channels: Range<usize>| {
            let depth = channels.len() * width;
            let mut lines = Vec::with_capacity(rows * depth);
            for row in 0..rows {
                let (output, row) = (row / height, row % height);
                for channel in channels.clone() {
                    let line = (output * geometry.inputs + channel) * height + row;
                    lines.extend(&weight[line * width..][..width]);
                }
            }
            let mut weights = vec![0.0; rows.div_ceil(ROWS) * ROWS * depth];
            let panels = weights.chunks_exact_mut(depth * ROWS);
            for (panel, lines) in panels.zip(lines.chunks(depth * ROWS)) {
                pack_rows(lines, lines.len() / depth, depth, depth, panel);
            }
            Chunk { weights, channels }
        };
        let most = (DEPTH / width).max(1);
        let chunks = chunk_ranges(geometry.inputs, most).into_iter().map(chunk);
        Self {
            chunks: chunks.collect(),
            panels: rows.div_ceil(ROWS),
        }
    }
}

/// Rows and columns of the output.
#[derive(Debug, Clone)]
struct Block {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// Divides the output.
fn divide(geometry: &Geometry) -> Vec<Block> {
    let rows = chunk_ranges(geometry.output_height, TASK_ROWS);
    let segments = geometry.output_width.div_ceil(SEGMENT);
    let strips = TASKS.div_ceil(rows.len());
    let each = segments.div_ceil(strips).clamp(MIN_SEGMENTS, MAX_SEGMENTS);
    let columns = chunk_ranges(geometry.output_width, each * SEGMENT);
    let blocks = rows.iter().flat_map(|rows| {
        columns.iter().map(|columns| Block {
            rows: rows.clone(),
            columns: columns.clone(),
        })
    });
    blocks.collect()
}

/// Computes a block of all outputs of a picture.
///
/// # Safety
/// Nobody else reads or writes it meanwhile.
unsafe fn filter(
    geometry: &Geometry,
    input: &[f32],
    weights: &Weights,
    bias: &[f32],
    block: &Block,
    output: DisjointSlices<'_>,
) {
    let (taps, width) = (geometry.kernel_width, geometry.input_width);
    let Block { rows, columns } = block;
    // The last segment begins earlier where it would end outside of the row.
    let last = geometry.output_width - SEGMENT;
    let starts = columns
        .clone()
        .step_by(SEGMENT)
        .map(|start| start.min(last));
    let starts: Vec<usize> = starts.collect();
    let first = starts[0];
    let bases: Vec<usize> = starts.iter().map(|start| start - first).collect();
    let most = weights.chunks[0].channels.len() * taps;
    let offset = |index: usize| index / taps * geometry.input_pixels() + index % taps;
    let offsets: Vec<usize> = (0..most).map(offset).collect();
    let mut sums = Scratch::new(weights.panels * bases.len() * ROWS * SEGMENT);
    for row in rows.start..rows.end + geometry.kernel_height - 1 {
        for Chunk { weights, channels } in &weights.chunks {
            let start = channels.start * geometry.input_pixels() + row * width + first;
            let operands = Operands {
                weights,
                rows: ROWS,
                pixels: &input[start..],
                offsets: &offsets[..channels.len() * taps],
                // The next row.
                next: width as isize,
            };
            multiply(operands, &bases, &mut sums, channels.start > 0);
        }
        for index in 0..geometry.outputs * geometry.kernel_height {
            let (channel, above) = (
                index / geometry.kernel_height,
                index % geometry.kernel_height,
            );
            let Some(target) = row.checked_sub(above).filter(|row| rows.contains(row)) else {
                continue;
            };
            let start = (channel * geometry.output_height + target) * geometry.output_width;
            let range = start + columns.start..start + columns.end;
            // SAFETY: the caller's promise; what is added to was written with the first row of the kernel.
            let pixels = unsafe {
                if above == 0 {
                    let pixels = output.zeroed(range);
                    pixels.fill(bias.get(channel).copied().unwrap_or(0.0));
                    pixels
                } else {
                    output.slice(range)
                }
            };
            let sums = &sums[index / ROWS * bases.len() * ROWS * SEGMENT..];
            let lines = sums.chunks_exact(SEGMENT).skip(index % ROWS).step_by(ROWS);
            let overlap = columns.start + (starts.len() - 1) * SEGMENT - starts[starts.len() - 1];
            add(lines, overlap, pixels);
        }
    }
}

/// Adds lines to pixels that lie side by side. The first `overlap` numbers of the last line belong to pixels of the line before.
fn add<'a>(lines: impl Iterator<Item = &'a [f32]>, overlap: usize, pixels: &mut [f32]) {
    Arch::new().dispatch(
        #[inline(always)]
        || {
            let (whole, rest) = pixels.as_chunks_mut::<SEGMENT>();
            let mut lines = lines.take(whole.len() + usize::from(!rest.is_empty()));
            for (pixels, line) in whole.iter_mut().zip(&mut lines) {
                for (pixel, sum) in pixels.iter_mut().zip(line) {
                    *pixel += sum;
                }
            }
            if let Some(line) = lines.next() {
                for (pixel, sum) in rest.iter_mut().zip(&line[overlap..]) {
                    *pixel += sum;
                }
            }
        },
    );
}
