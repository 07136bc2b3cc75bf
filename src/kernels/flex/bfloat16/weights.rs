//! Weights as right tiles.
#![expect(
    clippy::needless_range_loop,
    reason = "one index counts in several arrays of vectors"
)]
#![expect(unsafe_code, reason = "threads write lines of one buffer")]

use std::arch::x86_64::{__m512, _mm512_maskz_loadu_ps, _mm512_setzero_ps, _mm512_storeu_ps};

use half::bf16;

use super::grid::LANES;
use super::halves::{Halves, Writer};
use super::tiles::{DEPTH, TILE};
use super::vectors::{round_in_turn, transpose};
use crate::kernels::flex::prefetch::prefetch_at;
use crate::kernels::workers::Workers;

/// Inputs whose weights are requested before they are read: they lie far apart.
const AHEAD: usize = 4;

/// The numbers of a weight.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernels::flex) enum Weight<'a> {
    /// In the order of the tensor.
    Plain(&'a [f32]),
    /// The right tiles of all groups of outputs.
    Packed(&'a [bf16]),
}

/// Weights from inputs to outputs.
#[derive(Debug, Clone)]
pub(super) struct Weights<'a> {
    pub(super) weight: Weight<'a>,
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    /// Numbers of a plain weight from one output to the next, and from one input to the next. Taps are neighbours.
    pub(super) strides: [usize; 2],
    pub(super) taps: usize,
}

impl Weights<'_> {
    /// Groups of 16 outputs.
    pub(super) fn groups(&self) -> usize {
        self.outputs.div_ceil(LANES)
    }

    /// Blocks of 32 inputs.
    fn blocks(&self) -> usize {
        self.inputs.div_ceil(DEPTH)
    }

    /// Numbers of the tiles of one group, `[block][tap]`.
    pub(super) fn group_length(&self) -> usize {
        self.blocks() * self.taps * TILE
    }

    /// Bytes from the first tile of a group to another one.
    pub(super) fn offset(&self, block: usize, tap: usize) -> usize {
        (block * self.taps + tap) * TILE * size_of::<u16>()
    }

    /// Whether all groups and blocks are full, so that the tiles have as many numbers as the weight.
    pub(super) fn fills_tiles(&self) -> bool {
        self.outputs.is_multiple_of(LANES) && self.inputs.is_multiple_of(DEPTH)
    }

    /// The tiles, if the weight has come packed.
    pub(super) fn packed(&self) -> Option<*const u16> {
        match self.weight {
            Weight::Plain(_) => None,
            Weight::Packed(numbers) => {
                assert!(self.fills_tiles());
                assert_eq!(numbers.len(), self.groups() * self.group_length());
                Some(numbers.as_ptr().cast())
            }
        }
    }

    /// Rounds and packs the tiles of all groups.
    pub(super) fn pack(&self, workers: impl Workers) -> Halves {
        let mut packed = Halves::new(self.groups() * self.group_length());
        let writer = packed.writer();
        workers.for_each(self.groups() * self.blocks(), |task| {
            let (group, block) = (task / self.blocks(), task % self.blocks());
            // SAFETY: this module is used where the processor has the instructions. No other task has this block.
            unsafe { self.pack_block(group, block, writer, group * self.group_length()) };
        });
        packed
    }

    /// The tiles of two groups from `first` on, of which the second need not exist.
    pub(super) fn pack_groups(&self, first: usize) -> Halves {
        let mut packed = Halves::new(2 * self.group_length());
        let writer = packed.writer();
        for (index, group) in (first..self.groups()).take(2).enumerate() {
            for block in 0..self.blocks() {
                // SAFETY: this module is used where the processor has the instructions, and the buffer is this call's own.
                unsafe { self.pack_block(group, block, writer, index * self.group_length()) };
            }
        }
        packed
    }

    /// Writes the tiles of one block, of a group that begins at `start` of the buffer.
    ///
    /// # Safety
    /// No other thread has these tiles.
    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    unsafe fn pack_block(&self, group: usize, block: usize, writer: Writer, start: usize) {
        let Weight::Plain(values) = self.weight else {
            return;
        };
        let taps = self.taps;
        for pair in 0..DEPTH / 2 {
            for first in (0..taps).step_by(LANES) {
                let count = (taps - first).min(LANES);
                let mask = u16::MAX >> (LANES - count);
                let input = block * DEPTH + 2 * pair;
                let even = self.of_input(values, group, input, first, mask);
                let odd = self.of_input(values, group, input + 1, first, mask);
                for tap in 0..count {
                    let tile = block * taps + first + tap;
                    let line = start + tile * TILE + pair * DEPTH;
                    // SAFETY: inside the tile, which is this thread's, as the caller promises.
                    unsafe {
                        _mm512_storeu_ps(writer.line(line), round_in_turn(even[tap], odd[tap]));
                    };
                }
            }
        }
    }

    /// Weights from one input to the outputs of a group, for up to 16 taps, of which `mask` has the number.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn of_input(
        &self,
        values: &[f32],
        group: usize,
        input: usize,
        first_tap: usize,
        mask: u16,
    ) -> [__m512; LANES] {
        let mut rows = [_mm512_setzero_ps(); LANES];
        if input >= self.inputs {
            return rows;
        }
        let first = group * LANES;
        for lane in 0..LANES.min(self.outputs - first) {
            let from = (first + lane) * self.strides[0] + input * self.strides[1] + first_tap;
            // SAFETY: as many numbers are read as the mask has, which there are.
            rows[lane] = unsafe { _mm512_maskz_loadu_ps(mask, values.as_ptr().add(from)) };
            prefetch_at(values.as_ptr().wrapping_add(from + AHEAD * self.strides[1]));
        }
        transpose(&rows)
    }
}
