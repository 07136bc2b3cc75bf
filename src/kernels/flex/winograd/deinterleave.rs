//! Rows sorted by the index of their numbers in tiles, and back.

use std::array::from_fn;

use super::lines::lines;
use super::transform::OUTPUTS;

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

/// Merges lines to a row without a border, adding `bias`.
pub(super) fn interleave(lines: [&[f32]; OUTPUTS], bias: f32, row: &mut [f32]) {
    let (tiles, last) = row.as_chunks_mut::<OUTPUTS>();
    for (line, number) in lines.iter().zip(last) {
        *number = line[tiles.len()] + bias;
    }
    let lines = lines.map(|line| &line[..tiles.len()]);
    for (index, tile) in tiles.iter_mut().enumerate() {
        *tile = from_fn(|slot| lines[slot][index] + bias);
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

    #[test]
    fn sorted_rows_are_merged_again() {
        for length in 1..24 {
            let deinterleaver = Deinterleaver {
                width: usize::div_ceil(length, OUTPUTS),
                border: 0,
            };
            let row: Vec<f32> = (1..=length).map(|value| value as f32).collect();
            let mut numbers = vec![f32::NAN; deinterleaver.length()];
            deinterleaver.deinterleave(&row, &mut numbers);
            let mut merged = vec![f32::NAN; length];
            let lines =
                from_fn(|slot| &numbers[slot * deinterleaver.width..][..deinterleaver.width]);
            interleave(lines, 10.0, &mut merged);
            assert!(
                merged
                    .iter()
                    .zip(&row)
                    .all(|(merged, number)| *merged == number + 10.0)
            );
        }
    }
}
