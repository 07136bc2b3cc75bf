//! The input gradient of a convolution, which is the transposed convolution.
#![expect(unsafe_code, reason = "threads write parts of one input gradient")]

use std::ops::Range;

use rayon::prelude::*;

use super::super::disjoint_slices::DisjointSlices;
use super::super::geometry::{Geometry, chunk_ranges};
use super::super::panels::panel_rows;
use super::super::scratch::Scratch;
use super::super::tile::{Operands, SEGMENT, multiply};
use super::phases::{Phases, Tap};
use super::segments::{Block, Segment, divide_outputs};
use super::source::Layout;

/// Weights of an input that are multiplied at a time, at least those of one output channel.
const DEPTH: usize = 128;

/// Most sums of a task, in numbers for each pixel of the gradient: they are 256 KiB.
const MAX_SUMS: usize = 128;

/// Computes the input gradient, `[batch, inputs, height, width]`, plus `bias` per input channel if it is not empty. For a geometry
/// that is [applicable](super::is_transposed_applicable).
pub(in super::super) fn transposed(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let phases = Phases::new(geometry);
    let stride = geometry.stride;
    // The pixels with the same remainders.
    let size = [geometry.input_height, geometry.input_width].map(|side| side.div_ceil(stride));
    let blocks = Block::divide(size[0], size[1]);
    let most = (MAX_SUMS / (stride * stride)).max(1);
    let inputs = divide_outputs(geometry.inputs, most, geometry.batch * blocks.len());
    let tasks = geometry.batch * blocks.len() * inputs.len();
    let all = |input: DisjointSlices<'_>| {
        (0..tasks).into_par_iter().for_each(|task| {
            let (place, inputs) = (task / inputs.len(), &inputs[task % inputs.len()]);
            let (picture, block) = (place / blocks.len(), &blocks[place % blocks.len()]);
            let gradient = &gradient[geometry.output_range(picture)];
            let sums = sums(geometry, &phases, gradient, weight, block, inputs);
            let input = input.narrow(geometry.input_range(picture));
            // SAFETY: no other task has these channels of this block.
            unsafe { write(geometry, &sums, bias, block, inputs, input) };
        });
    };
    let length = geometry.batch * geometry.inputs * geometry.input_pixels();
    // SAFETY: the tasks write all pixels of all channels.
    unsafe { DisjointSlices::fill_vec(length, all) }
}

/// The sums of a block, `[phases, panels, segments, rows, SEGMENT]`.
fn sums(
    geometry: &Geometry,
    phases: &Phases,
    gradient: &[f32],
    weight: &[f32],
    block: &Block,
    inputs: &Range<usize>,
) -> Scratch {
    let (before, after) = (phases.before, phases.after);
    let taps = geometry.taps();
    let phases = phases.taps();
    let rows = panel_rows(inputs.len());
    let count = block.segments().len() * rows * SEGMENT;
    let mut sums = Scratch::new(inputs.len().div_ceil(rows) * phases.len() * count);
    let channels = chunk_ranges(geometry.outputs, (DEPTH / taps).max(1));
    let most = channels[0].len();
    let first = [block.rows.start, block.columns.start];
    let layout = Layout {
        first: std::array::from_fn(|side| first[side] as isize - before[side] as isize),
        rows: before[0] + block.rows.len() + after[0],
        width: before[1] + block.columns.len() + after[1],
    };
    let bases = block.bases(layout.width);
    let offset = |channel: usize, taps: &[Tap; 2]| {
        let [row, column]: [usize; 2] =
            std::array::from_fn(|side| before[side].wrapping_add_signed(taps[side].shift));
        channel * layout.channel() + row * layout.width + column
    };
    let offsets: Vec<Vec<usize>> = phases
        .iter()
        .map(|taps| {
            let all = (0..most).flat_map(|channel| taps.iter().map(move |taps| (channel, taps)));
            all.map(|(channel, taps)| offset(channel, taps)).collect()
        })
        .collect();
    let panels = inputs.len().div_ceil(rows);
    let mut weights = Scratch::new(panels * most * taps * rows);
    let mut copy = Scratch::new(most * layout.channel());
    for channels in channels {
        let size = [geometry.output_height, geometry.output_width];
        layout.copy(gradient, size, channels.clone(), &mut copy);
        let mut rest = &mut weights[..];
        for ((taps, offsets), sums) in phases
            .iter()
            .zip(&offsets)
            .zip(sums.chunks_exact_mut(panels * count))
        {
            let depth = channels.len() * taps.len();
            let (weights, others) = rest.split_at_mut(panels * depth * rows);
            rest = others;
            pack(
                geometry,
                weight,
                taps,
                channels.clone(),
                inputs,
                rows,
                weights,
            );
            let operands = Operands {
                weights,
                rows,
                pixels: &copy,
                offsets: &offsets[..depth],
            };
            multiply(operands, &bases, sums, channels.start > 0);
        }
    }
    sums
}

/// Takes the weights of some inputs under some taps to panels, `[panels, channels, taps, rows]`.
fn pack(
    geometry: &Geometry,
    weight: &[f32],
    phase: &[[Tap; 2]],
    channels: Range<usize>,
    inputs: &Range<usize>,
    rows: usize,
    panels: &mut [f32],
) {
    let taps = geometry.taps();
    let indices = phase
        .iter()
        .map(|[row, column]| row.index * geometry.kernel_width + column.index);
    let indices: Vec<usize> = indices.collect();
    let length = channels.len() * phase.len() * rows;
    for (number, panel) in panels.chunks_exact_mut(length).enumerate() {
        let first = inputs.start + number * rows;
        let count = rows.min(inputs.end - first);
        for (channel, panel) in channels
            .clone()
            .zip(panel.chunks_exact_mut(phase.len() * rows))
        {
            let start = (channel * geometry.inputs + first) * taps;
            let weight = &weight[start..][..count * taps];
            for (index, panel) in indices.iter().zip(panel.chunks_exact_mut(rows)) {
                panel[count..].fill(0.0);
                let weights = weight[*index..].iter().step_by(taps);
                for (target, &weight) in panel.iter_mut().zip(weights) {
                    *target = weight;
                }
            }
        }
    }
}

/// Writes sums to the input gradient of one picture, with their bias.
///
/// # Safety
/// Nobody else reads or writes these channels of this block meanwhile.
unsafe fn write(
    geometry: &Geometry,
    sums: &[f32],
    bias: &[f32],
    block: &Block,
    inputs: &Range<usize>,
    input: DisjointSlices<'_>,
) {
    let (rows, stride) = (panel_rows(inputs.len()), geometry.stride);
    let segments = block.segments();
    let count = segments.len() * rows * SEGMENT;
    let panels = inputs.len().div_ceil(rows);
    for (index, channel) in inputs.clone().enumerate() {
        let bias = bias.get(channel).copied().unwrap_or(0.0);
        let sums = &sums[index / rows * count..];
        for remainder in 0..stride {
            for (number, segment) in segments.iter().enumerate() {
                let row = segment.row * stride + remainder;
                if row >= geometry.input_height {
                    continue;
                }
                let Segment {
                    column, overlap, ..
                } = *segment;
                let line = channel * geometry.input_pixels() + row * geometry.input_width;
                let end = ((column + SEGMENT) * stride).min(geometry.input_width);
                // SAFETY: the caller's promise; no other segment has these pixels.
                let pixels =
                    unsafe { input.zeroed(line + (column + overlap) * stride..line + end) };
                let at = |phase: usize| {
                    let start = (remainder * stride + phase) * panels * count
                        + (number * rows + index % rows) * SEGMENT;
                    &sums[start + overlap..start + SEGMENT]
                };
                match stride {
                    2 => interleave(at(0), at(1), bias, pixels),
                    _ => {
                        for phase in 0..stride {
                            let pixels = pixels.iter_mut().skip(phase).step_by(stride);
                            for (pixel, sum) in pixels.zip(at(phase)) {
                                *pixel = sum + bias;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Writes numbers of two lines in turn, in a loop of its own because a constant step is vectorised.
fn interleave(even: &[f32], odd: &[f32], bias: f32, pixels: &mut [f32]) {
    let (pairs, rest) = pixels.as_chunks_mut::<2>();
    let whole = pairs.len();
    for ((pair, even), odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [even + bias, odd + bias];
    }
    if let Some(pixel) = rest.first_mut() {
        *pixel = even[whole] + bias;
    }
}
