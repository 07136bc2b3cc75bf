//! The gradient of a convolution's weight as sums over cells.
#![expect(
    clippy::needless_range_loop,
    reason = "one index counts in several arrays of vectors"
)]
#![expect(unsafe_code, reason = "threads write parts of one buffer")]

use std::arch::x86_64::{
    __m512, _mm512_loadu_ps, _mm512_mask_storeu_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};
use std::ops::Range;

use super::correlation::Tap;
use super::grid::{Grid, LANES, Span};
use super::halves::{Halves, Writer};
use super::level::Level;
use super::tiles::{DEPTH, Step, Sums, TILE, Tiles};
use super::vectors::{read_cells, round, transpose};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::geometry::chunk_ranges;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// Steps of [`DEPTH`] cells of a block, whose inputs and gradients fit into a core's own cache.
const BLOCK: usize = 16;

/// Steps per task when cells are rounded.
const TASK: usize = 8;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 8;

/// Sums over cells of output gradients times shifted inputs.
pub(super) struct Gradients {
    /// Grids on the input.
    pub(super) phases: Vec<Grid>,
    /// The grid on the output.
    pub(super) output: Grid,
    /// All taps, in order.
    pub(super) taps: Vec<Tap>,
}

/// Inputs as right tiles: pairs of cells, of which the first is even or odd, `[phase][parity][group of 16 channels][pair][16][2]`.
struct Pairs {
    buffer: Halves,
    groups: usize,
    /// Steps of a group.
    steps: usize,
}

impl Gradients {
    /// Computes the gradient, `[outputs, inputs, taps]`.
    pub(super) fn run(
        &self,
        level: Level,
        input: &[f32],
        gradient: &[f32],
        workers: impl Workers,
    ) -> Vec<f32> {
        let (outputs, inputs) = (self.output.channels, self.phases[0].channels);
        let steps = self.output.count().div_ceil(DEPTH);
        let slack = self.taps.iter().map(|tap| tap.shift).max();
        let slack_steps = slack.unwrap_or(0).div_ceil(DEPTH);
        let rows = self.rows(gradient, steps, workers);
        let pairs = self.pairs(input, steps + slack_steps, workers);
        let blocks = chunk_ranges(steps, BLOCK);
        let [output_pairs, input_pairs] =
            [outputs, inputs].map(|channels| channels.div_ceil(2 * LANES));
        let shares = TASKS.div_ceil(output_pairs * input_pairs).min(blocks.len());
        let blocks: Vec<&[Range<usize>]> = blocks.chunks(blocks.len().div_ceil(shares)).collect();
        let length = outputs * inputs * self.taps.len();
        let (rows, pairs) = (&rows, &pairs);
        let run = |share: usize, sums: DisjointSlices<'_>, task: usize| {
            let pair = [task / input_pairs, task % input_pairs];
            // SAFETY: this module is used where the processor has the instructions. No other task of this share has these channels.
            unsafe { self.channels(level, rows, pairs, steps, blocks[share], pair, sums) };
        };
        // SAFETY: the tasks of the share take all channels.
        let mut sums = (0..blocks.len()).map(|share| unsafe {
            DisjointSlices::fill_vec(length, |sums| {
                workers.for_each(output_pairs * input_pairs, |task| run(share, sums, task));
            })
        });
        let mut weight = sums.next().unwrap_or_default();
        for sum in sums {
            for (weight, sum) in weight.iter_mut().zip(sum) {
                *weight += sum;
            }
        }
        weight
    }

    /// The output gradient as left tiles, `[group of 16 channels][step][16][32]`.
    fn rows(&self, gradient: &[f32], steps: usize, workers: impl Workers) -> Halves {
        let groups = self.output.channels.div_ceil(LANES);
        let mut rows = Halves::new(groups * steps * TILE);
        let writer = rows.writer();
        let tasks = chunk_ranges(steps, TASK);
        workers.for_each(groups * tasks.len(), |task| {
            let (group, task) = (task / tasks.len(), tasks[task % tasks.len()].clone());
            // SAFETY: this module is used where the processor has the instructions. No other task has these tiles.
            unsafe {
                pack_rows(
                    &self.output,
                    gradient,
                    group,
                    task,
                    writer,
                    group * steps * TILE,
                );
            };
        });
        rows
    }

    fn pairs(&self, input: &[f32], steps: usize, workers: impl Workers) -> Pairs {
        let groups = self.phases[0].channels.div_ceil(LANES);
        let mut buffer = Halves::new(self.phases.len() * 2 * groups * steps * TILE);
        let writer = buffer.writer();
        let tasks = chunk_ranges(steps, TASK);
        let parts = self.phases.len() * 2 * groups;
        workers.for_each(parts * tasks.len(), |task| {
            let (part, task) = (task / tasks.len(), tasks[task % tasks.len()].clone());
            let (phase, parity, group) = (part / groups / 2, part / groups % 2, part % groups);
            let is_used = |tap: &Tap| tap.phase == phase && tap.shift % 2 == parity;
            if !self.taps.iter().any(is_used) {
                return;
            }
            let grid = &self.phases[phase];
            let start = part * steps * TILE;
            // SAFETY: this module is used where the processor has the instructions. No other task has these tiles.
            unsafe {
                match grid.step {
                    1 => pack_pairs::<1>(grid, input, group, task, parity, writer, start),
                    _ => pack_pairs::<2>(grid, input, group, task, parity, writer, start),
                }
            };
        });
        Pairs {
            buffer,
            groups,
            steps,
        }
    }

    /// Computes the gradients between 32 outputs and 32 inputs, over some blocks of cells.
    ///
    /// # Safety
    /// No other thread has these channels of `target`.
    #[expect(
        clippy::too_many_arguments,
        reason = "what all tasks share stands before the loop"
    )]
    #[target_feature(enable = "avx512f")]
    unsafe fn channels(
        &self,
        level: Level,
        rows: &Halves,
        pairs: &Pairs,
        count: usize,
        blocks: &[Range<usize>],
        [output_pair, input_pair]: [usize; 2],
        target: DisjointSlices<'_>,
    ) {
        let (outputs, inputs) = (self.output.channels, self.phases[0].channels);
        let taps = self.taps.len();
        let size = size_of::<Sums>() / size_of::<f32>();
        let mut scratch = Scratch::new(taps * size + LANES);
        let start = scratch.as_ptr().align_offset(align_of::<Sums>());
        // SAFETY: aligned; any bits are numbers.
        let (_, sums, _) = unsafe { scratch[start..].align_to_mut::<Sums>() };
        let sums = &mut sums[..taps];
        let steps: [Step; BLOCK] = std::array::from_fn(|step| {
            let offset = step * TILE * size_of::<u16>();
            Step {
                left: offset,
                right: offset,
            }
        });
        let tiles = Tiles::new(level);
        let left_groups = outputs.div_ceil(LANES);
        let group = |groups: usize, pair: usize| [2 * pair, (2 * pair + 1).min(groups - 1)];
        for (index, block) in blocks.iter().enumerate() {
            let left = group(left_groups, output_pair).map(|group| {
                rows.as_ptr()
                    .wrapping_add((group * count + block.start) * TILE)
            });
            for (tap, sums) in self.taps.iter().zip(sums.iter_mut()) {
                let right = group(pairs.groups, input_pair)
                    .map(|group| pairs.tile(tap, group, block.start));
                // SAFETY: the tiles of the block, and of those after it as far as taps reach, are there.
                unsafe {
                    tiles.multiply(left, right, &steps[..block.len()], sums, index > 0);
                };
            }
        }
        let weight = target
            .block(0, 1, outputs * inputs * taps, outputs * inputs * taps)
            .start;
        for (row, output) in (output_pair * 2 * LANES..outputs)
            .take(2 * LANES)
            .enumerate()
        {
            for column in 0..2 {
                let first = (2 * input_pair + column) * LANES;
                for tap in (0..taps).step_by(LANES) {
                    let mut lines = [_mm512_setzero_ps(); LANES];
                    let count = (taps - tap).min(LANES);
                    for index in 0..count {
                        let numbers = &sums[tap + index].0[row / LANES][column][row % LANES];
                        // SAFETY: there are 16 numbers.
                        lines[index] = unsafe { _mm512_loadu_ps(numbers.as_ptr()) };
                    }
                    let mask = u16::MAX >> (LANES - count);
                    let lines = transpose(&lines);
                    for lane in 0..LANES.min(inputs.saturating_sub(first)) {
                        let place = (output * inputs + first + lane) * taps + tap;
                        // SAFETY: inside the gradient, and this thread's, as the caller promises.
                        unsafe { _mm512_mask_storeu_ps(weight.add(place), mask, lines[lane]) };
                    }
                }
            }
        }
    }
}

impl Pairs {
    /// The tile of a step for a tap.
    fn tile(&self, tap: &Tap, group: usize, step: usize) -> *const u16 {
        let part = (tap.phase * 2 + tap.shift % 2) * self.groups + group;
        let pair = (part * self.steps + step) * (DEPTH / 2) + tap.shift / 2;
        self.buffer.as_ptr().wrapping_add(pair * 2 * LANES)
    }
}

/// # Safety
/// The grid's planes lie in `gradient`, and no other thread has these tiles.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn pack_rows(
    grid: &Grid,
    gradient: &[f32],
    group: usize,
    steps: Range<usize>,
    writer: Writer,
    start: usize,
) {
    let mut spans: [Vec<Span>; 2] = Default::default();
    for step in steps {
        // SAFETY: the caller's promise.
        let rows = unsafe { rounded_cells::<1>(grid, gradient, group, step * DEPTH, &mut spans) };
        for (row, cells) in rows.into_iter().enumerate() {
            let line = start + step * TILE + row * DEPTH;
            // SAFETY: the caller's promise.
            unsafe { _mm512_storeu_ps(writer.line(line), cells) };
        }
    }
}

/// # Safety
/// The grid's planes lie in `input`, and no other thread has these tiles.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn pack_pairs<const STEP: usize>(
    grid: &Grid,
    input: &[f32],
    group: usize,
    steps: Range<usize>,
    parity: usize,
    writer: Writer,
    start: usize,
) {
    let mut spans: [Vec<Span>; 2] = Default::default();
    for step in steps {
        let cell = step * DEPTH + parity;
        // SAFETY: the caller's promise.
        let rows = unsafe { rounded_cells::<STEP>(grid, input, group, cell, &mut spans) };
        let lines = transpose(&rows);
        for (pair, pixels) in lines.into_iter().enumerate() {
            let place = start + step * TILE + pair * 2 * LANES;
            // SAFETY: the caller's promise.
            unsafe { _mm512_storeu_ps(writer.line(place), pixels) };
        }
    }
}

/// [`DEPTH`] cells from `cell` on of each channel of a group, rounded, zeros for channels that are not there. `spans` is only kept to
/// be used again.
///
/// # Safety
/// The grid's planes lie in `values`.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn rounded_cells<const STEP: usize>(
    grid: &Grid,
    values: &[f32],
    group: usize,
    cell: usize,
    spans: &mut [Vec<Span>; 2],
) -> [__m512; LANES] {
    for (half, spans) in spans.iter_mut().enumerate() {
        let cell = cell + half * LANES;
        grid.spans(cell..cell + LANES, spans);
    }
    let pixels = grid.plane[0] * grid.plane[1];
    let first = group * LANES;
    let mut rows = [_mm512_setzero_ps(); LANES];
    for (row, cells) in rows.iter_mut().enumerate().take(grid.channels - first) {
        // SAFETY: the caller's promise.
        *cells = unsafe {
            let plane = values.as_ptr().add((first + row) * pixels);
            round(
                read_cells::<STEP>(|_| plane, &spans[0]),
                read_cells::<STEP>(|_| plane, &spans[1]),
            )
        };
    }
    rows
}
