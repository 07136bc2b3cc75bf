//! Rows sorted by the index of their numbers in tiles, and back.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use std::array::from_fn;

use pulp::Simd;

use super::lines::{Line, lines};
use super::transform::OUTPUTS;
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

/// Splits the pixels of a row by their place in tiles, from those of the tiles and those of the tiles after each, `STEP` for a tile.
///
/// Tiles are in an order of the processor's own that [`merge`] undoes.
#[inline(always)]
pub(super) fn split<S: Simd, const STEP: usize>(
    simd: S,
    pixels: &[f32],
    next: &[f32],
    lines: &mut [Line],
) {
    const { assert!(STEP == OUTPUTS || STEP == 2) };
    let (first, last) = lines.split_at_mut(STEP);
    for (pixels, lines) in [(pixels, first), (next, last)] {
        if lines.is_empty() {
            continue;
        }
        for part in 0..SEGMENT / S::F32_LANES {
            let start = part * STEP * S::F32_LANES;
            let pixels = &pixels[start..start + STEP * S::F32_LANES];
            let pixels = S::as_simd_f32s(pixels).0;
            let zero = simd.splat_f32s(0.0);
            let mut tiles = [zero; OUTPUTS];
            tiles[..STEP].copy_from_slice(pixels);
            // Arrays of a length that is a parameter cannot be interleaved.
            if STEP == OUTPUTS {
                tiles = simd.deinterleave_shfl_f32s(tiles);
            } else {
                let pair = simd.deinterleave_shfl_f32s([tiles[0], tiles[1]]);
                tiles[..2].copy_from_slice(&pair);
            }
            for (line, tile) in lines.iter_mut().zip(tiles) {
                S::as_mut_simd_f32s(line).0[part] = tile;
            }
        }
    }
}

/// Merges lines to pixels, `SIDE` for each tile, and adds `bias`. The lines are in the order of those that [`split`] made of tiles
/// with this step.
#[inline(always)]
pub(super) fn merge<S: Simd, const STEP: usize, const SIDE: usize>(
    simd: S,
    lines: &[Line; SIDE],
    bias: f32,
    pixels: &mut [[f32; SIDE]; SEGMENT],
) {
    if STEP != SIDE {
        // Interleaving has another order.
        let tiles: [[f32; STEP]; SEGMENT] = from_fn(|tile| [tile as f32; STEP]);
        let mut order = [[0.0; SEGMENT]; STEP];
        split::<S, STEP>(simd, tiles.as_flattened(), &[], &mut order);
        for (lane, tile) in order[0].iter().enumerate() {
            for (pixel, line) in pixels[*tile as usize % SEGMENT].iter_mut().zip(lines) {
                *pixel = line[lane] + bias;
            }
        }
        return;
    }
    let bias = simd.splat_f32s(bias);
    let pixels = pixels.as_flattened_mut();
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
