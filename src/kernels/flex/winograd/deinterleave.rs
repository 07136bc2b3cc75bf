//! Rows sorted by the index of their numbers in tiles, and back.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use pulp::Simd;

use super::lines::{Line, lines};
use super::transform::{OUTPUTS, POINTS};
use crate::kernels::flex::tile::SEGMENT;

/// Distributes a row with a border to [`OUTPUTS`] lines in turn, so that numbers with the same index in all tiles lie in one
/// line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deinterleaver {
    /// Numbers in each line.
    pub(super) width: usize,
    /// Positions before the row's first number, fewer than [`OUTPUTS`].
    pub(super) border: usize,
}

impl Deinterleaver {
    /// Numbers in all lines.
    pub(super) fn length(&self) -> usize {
        OUTPUTS * self.width
    }

    /// The numbers at `position` of each tile, counted from the start of the border.
    pub(super) fn from<'a>(&self, buffer: &'a [f32], position: usize) -> &'a [f32] {
        &buffer[position % OUTPUTS * self.width + position / OUTPUTS..]
    }

    /// Distributes a row, with zeros in the border.
    pub(super) fn deinterleave(&self, row: &[f32], buffer: &mut [f32]) {
        buffer.fill(0.0);
        let lines: [_; OUTPUTS] = lines(buffer, self.width);
        let (first, rest) = row.split_at(row.len().min(OUTPUTS - self.border));
        let (tiles, last) = rest.as_chunks::<OUTPUTS>();
        for (slot, line) in lines.into_iter().enumerate() {
            if let Some(number) = slot.checked_sub(self.border).and_then(|at| first.get(at)) {
                line[0] = *number;
            }
            for (number, tile) in line[1..].iter_mut().zip(tiles) {
                *number = tile[slot];
            }
            if let Some(number) = last.get(slot) {
                line[1 + tiles.len()] = *number;
            }
        }
    }
}

/// Splits the pixels of a row by their place in the tiles, from those of the tiles and those of the tiles after each.
///
/// Tiles are in an order of the processor's own that [`merge`] undoes.
#[inline(always)]
pub(super) fn split<S: Simd>(
    simd: S,
    pixels: &[f32; OUTPUTS * SEGMENT],
    next: &[f32; OUTPUTS * SEGMENT],
    lines: &mut [Line; POINTS],
) {
    let (first, last) = lines.split_at_mut(OUTPUTS);
    for (pixels, lines) in [(pixels, first), (next, last)] {
        for part in 0..SEGMENT / S::F32_LANES {
            let start = part * OUTPUTS * S::F32_LANES;
            let pixels = &pixels[start..start + OUTPUTS * S::F32_LANES];
            let mut tiles = [simd.splat_f32s(0.0); OUTPUTS];
            tiles.copy_from_slice(S::as_simd_f32s(pixels).0);
            let tiles = simd.deinterleave_shfl_f32s(tiles);
            for (line, tile) in lines.iter_mut().zip(tiles) {
                S::as_mut_simd_f32s(line).0[part] = tile;
            }
        }
    }
}

/// Merges lines to a row of pixels, and adds `bias`.
#[inline(always)]
pub(super) fn merge<S: Simd>(
    simd: S,
    lines: &[Line; OUTPUTS],
    bias: f32,
    pixels: &mut [f32; OUTPUTS * SEGMENT],
) {
    let bias = simd.splat_f32s(bias);
    for part in 0..SEGMENT / S::F32_LANES {
        let mut tiles = [bias; OUTPUTS];
        for (tile, line) in tiles.iter_mut().zip(lines) {
            *tile = simd.add_f32s(*tile, S::as_simd_f32s(line).0[part]);
        }
        let start = part * OUTPUTS * S::F32_LANES;
        let pixels = &mut pixels[start..start + OUTPUTS * S::F32_LANES];
        let pixels = S::as_mut_simd_f32s(pixels).0;
        pixels.copy_from_slice(&simd.interleave_shfl_f32s(tiles));
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers, of which none is rounded")]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_index_in_tiles() {
        for border in 0..OUTPUTS {
            for length in 1..24 {
                let deinterleaver = Deinterleaver {
                    width: usize::div_ceil(border + length, OUTPUTS) + 1,
                    border,
                };
                let row: Vec<f32> = (1..=length).map(|value| value as f32).collect();
                let mut numbers = vec![f32::NAN; deinterleaver.length()];
                deinterleaver.deinterleave(&row, &mut numbers);
                let expected = std::iter::repeat_n(&0.0, border).chain(&row);
                for (position, expected) in expected.enumerate() {
                    assert_eq!(deinterleaver.from(&numbers, position)[0], *expected);
                }
                assert_eq!(numbers.iter().sum::<f32>(), row.iter().sum::<f32>());
            }
        }
    }
}
