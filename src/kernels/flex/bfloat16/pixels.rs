//! Pictures as left tiles: the channels of each cell side by side.
#![expect(unsafe_code, reason = "threads write lines of one buffer")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::grid::{Grid, Span};
use super::halves::{Halves, Writer};
use super::tiles::DEPTH;
use super::vectors::{LANES, read_cells, round_in_turn, transpose};
use crate::kernels::flex::geometry::chunk_ranges;
use crate::kernels::workers::Workers;

/// Vectors of cells per task.
const TASK: usize = 16;

/// Pictures in bfloat16, `[phase][block of 32 channels][cell][32]`: a tile is 16 cells that follow each other, in whatever row they are.
pub(super) struct Pixels {
    buffer: Halves,
    blocks: usize,
    /// Cells of a block, of which the last are not defined.
    room: usize,
}

impl Pixels {
    /// Rounds the cells of each of `phases`, grids of one size on the planes of `input`. As many as `slack` cells after the last one can be read,
    /// and a tile from there on.
    pub(super) fn new(phases: &[Grid], input: &[f32], slack: usize, workers: impl Workers) -> Self {
        let channels = phases[0].channels;
        let blocks = channels.div_ceil(DEPTH);
        let count = phases[0].count();
        let room = count.next_multiple_of(LANES) + slack + LANES;
        let mut buffer = Halves::new(phases.len() * blocks * room * DEPTH);
        let writer = buffer.writer();
        let tasks = chunk_ranges(count.div_ceil(LANES), TASK);
        workers.for_each(phases.len() * tasks.len(), |task| {
            let (phase, vectors) = (task / tasks.len(), tasks[task % tasks.len()].clone());
            let grid = &phases[phase];
            assert!(grid.batch * channels * grid.plane[0] * grid.plane[1] <= input.len());
            let start = phase * blocks * room;
            // SAFETY: this module is used where the processor has the instructions. No other task has these cells.
            unsafe {
                match grid.step {
                    1 => pack::<1>(grid, input, vectors, writer, start, room),
                    _ => pack::<2>(grid, input, vectors, writer, start, room),
                }
            };
        });
        Self {
            buffer,
            blocks,
            room,
        }
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The tile from a cell of the first block of the first phase on.
    pub(super) fn tile(&self, cell: usize) -> *const u16 {
        assert!(cell < self.room);
        self.buffer.as_ptr().wrapping_add(cell * DEPTH)
    }

    /// Bytes from a tile of the first block of the first phase to that of another, `shift` cells later.
    pub(super) fn offset(&self, phase: usize, block: usize, shift: usize) -> usize {
        ((phase * self.blocks + block) * self.room + shift) * DEPTH * size_of::<u16>()
    }
}

/// # Safety
/// The grid's planes lie in `input`, and no other thread has the lines of these cells, of which the first block's begin at cell `start` of the
/// buffer.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pack<const STEP: usize>(
    grid: &Grid,
    input: &[f32],
    vectors: Range<usize>,
    writer: Writer,
    start: usize,
    room: usize,
) {
    let pixels = grid.plane[0] * grid.plane[1];
    let mut spans: [Vec<Span>; TASK] = Default::default();
    for (vector, spans) in vectors.clone().zip(&mut spans) {
        grid.spans(vector * LANES..vector * LANES + LANES, spans);
    }
    for (block, first) in (0..grid.channels).step_by(DEPTH).enumerate() {
        for (vector, spans) in vectors.clone().zip(&spans) {
            let mut pairs = [_mm512_setzero_ps(); LANES];
            for index in 0..LANES {
                let channel = first + 2 * index;
                if channel >= grid.channels {
                    break;
                }
                // SAFETY: the caller's promise.
                pairs[index] = unsafe {
                    let plane = input.as_ptr().add(channel * pixels);
                    let even = read_cells::<STEP>(plane, spans);
                    if channel + 1 < grid.channels {
                        round_in_turn(even, read_cells::<STEP>(plane.add(pixels), spans))
                    } else {
                        round_in_turn(even, _mm512_setzero_ps())
                    }
                };
            }
            let cell = start + block * room + vector * LANES;
            let lines = transpose(&pairs);
            for index in 0..LANES {
                // SAFETY: the caller's promise.
                unsafe { _mm512_storeu_ps(writer.line((cell + index) * DEPTH), lines[index]) };
            }
        }
    }
}
