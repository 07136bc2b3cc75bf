//! Pictures as left tiles: the channels of each cell side by side.
#![expect(
    clippy::needless_range_loop,
    reason = "one index counts in several arrays of vectors"
)]
#![expect(unsafe_code, reason = "threads write lines of one buffer")]

use std::arch::x86_64::{
    __m512, _CMP_GT_OQ, _mm512_cmp_ps_mask, _mm512_mask_mul_ps, _mm512_maskz_add_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};
use std::ops::Range;

use super::channel::Channel;
use super::grid::{Grid, LANES, Span};
use super::halves::{Halves, Writer};
use super::tiles::DEPTH;
use super::vectors::{read_cells, round_in_turn, transpose};
use crate::kernels::flex::geometry::chunk_ranges;
use crate::kernels::row_source::RowPadding;
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
    /// Rounds the cells of each of `phases`, grids of one size on the planes of `channels`. As many as `slack` cells after the last one can be
    /// read, and a tile from there on.
    pub(super) fn new(
        phases: &[Grid],
        channels: &[Channel<'_>],
        slack: usize,
        workers: impl Workers,
    ) -> Self {
        let blocks = channels.len().div_ceil(DEPTH);
        let count = phases[0].count();
        let room = count.next_multiple_of(LANES) + slack + LANES;
        let mut buffer = Halves::new(phases.len() * blocks * room * DEPTH);
        let writer = buffer.writer();
        let is_plain = channels.iter().all(Channel::is_plain);
        for lengths in phases.iter().map(Grid::lengths) {
            let has_all = |channel: &Channel<'_>| {
                let mut pieces = lengths.iter().zip(channel.pieces);
                pieces.all(|(length, piece)| *length <= piece.len())
            };
            assert!(channels.iter().all(has_all));
        }
        let tasks = chunk_ranges(count.div_ceil(LANES), TASK);
        workers.for_each(phases.len() * tasks.len(), |task| {
            let (phase, vectors) = (task / tasks.len(), tasks[task % tasks.len()].clone());
            let grid = &phases[phase];
            let start = phase * blocks * room;
            // SAFETY: this module is used where the processor has the instructions. No other task has these cells.
            unsafe {
                match (grid.step, is_plain) {
                    (1, true) => pack::<1, true>(grid, channels, vectors, writer, start, room),
                    (1, false) => pack::<1, false>(grid, channels, vectors, writer, start, room),
                    (_, true) => pack::<2, true>(grid, channels, vectors, writer, start, room),
                    (_, false) => pack::<2, false>(grid, channels, vectors, writer, start, room),
                }
            };
        });
        Self {
            buffer,
            blocks,
            room,
        }
    }

    /// Fills the cells of the border around one picture, of `size` with it, with those inside, mirrored at the outermost of these, of which there
    /// are more than in the border.
    pub(super) fn mirror(&mut self, size: [usize; 2], border: RowPadding, workers: impl Workers) {
        let writer = self.buffer.writer();
        let room = self.room;
        workers.for_each(self.blocks, |block| {
            let [height, width] = size;
            let line = |row: usize, column: usize| (block * room + row * width + column) * DEPTH;
            // SAFETY: no other task has this block. Lines do not overlap.
            let copy = |from: usize, to: usize| unsafe {
                writer
                    .line(to)
                    .copy_from_nonoverlapping(writer.line(from), DEPTH / 2);
            };
            let RowPadding {
                top, bottom, sides, ..
            } = border;
            for row in top..height - bottom {
                for side in 0..sides {
                    copy(line(row, 2 * sides - side), line(row, side));
                    let last = width - 1 - 2 * sides + side;
                    copy(line(row, last), line(row, width - 1 - side));
                }
            }
            for column in 0..width {
                for row in 0..top {
                    copy(line(2 * top - row, column), line(row, column));
                }
                for row in 0..bottom {
                    let last = height - 1 - 2 * bottom + row;
                    copy(line(last, column), line(height - 1 - row, column));
                }
            }
        });
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
/// The grid's elements lie in the channels' pieces, and no other thread has the lines of these cells, of which the first block's begin at cell
/// `start` of the buffer.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pack<const STEP: usize, const PLAIN: bool>(
    grid: &Grid,
    channels: &[Channel<'_>],
    vectors: Range<usize>,
    writer: Writer,
    start: usize,
    room: usize,
) {
    let mut spans: [Vec<Span>; TASK] = Default::default();
    for (vector, spans) in vectors.clone().zip(&mut spans) {
        grid.spans(vector * LANES..vector * LANES + LANES, spans);
    }
    for (block, channels) in channels.chunks(DEPTH).enumerate() {
        for (vector, spans) in vectors.clone().zip(&spans) {
            let mut pairs = [_mm512_setzero_ps(); LANES];
            for index in 0..channels.len().div_ceil(2) {
                // SAFETY: the caller's promise.
                pairs[index] = unsafe {
                    let even = read::<STEP, PLAIN>(&channels[2 * index], spans);
                    let odd = if let Some(channel) = channels.get(2 * index + 1) {
                        read::<STEP, PLAIN>(channel, spans)
                    } else {
                        _mm512_setzero_ps()
                    };
                    round_in_turn(even, odd)
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

/// Cells of a channel.
///
/// # Safety
/// The spans lie in the channel's pieces.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn read<const STEP: usize, const PLAIN: bool>(
    channel: &Channel<'_>,
    spans: &[Span],
) -> __m512 {
    // SAFETY: the caller's promise.
    let values = unsafe { read_cells::<STEP>(|piece| channel.pieces[piece].as_ptr(), spans) };
    if PLAIN {
        return values;
    }
    let mut cells = 0;
    for span in spans {
        cells |= span.cells;
    }
    let scaled = _mm512_mul_ps(values, _mm512_set1_ps(channel.factor));
    let scaled = _mm512_maskz_add_ps(cells, scaled, _mm512_set1_ps(channel.offset));
    let negative = !_mm512_cmp_ps_mask::<_CMP_GT_OQ>(scaled, _mm512_setzero_ps());
    _mm512_mask_mul_ps(scaled, negative, scaled, _mm512_set1_ps(channel.slope))
}
