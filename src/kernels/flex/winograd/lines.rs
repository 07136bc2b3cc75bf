//! Linear combinations of lines of numbers, and rows whose every second number goes to one half.

use std::ops::Range;

/// Writes the sum of the lines, each times its factor in `factors`, to `target`. At least one factor is not 0.
pub(super) fn combine<'a>(target: &mut [f32], factors: &[f32], line: impl Fn(usize) -> &'a [f32]) {
    let mut terms = factors
        .iter()
        .enumerate()
        .filter(|(_, factor)| **factor != 0.0)
        .map(|(index, &factor)| (factor, line(index)));
    match (terms.next(), terms.next()) {
        (Some((first, one)), Some((second, other))) => {
            for ((target, one), other) in target.iter_mut().zip(one).zip(other) {
                *target = first * one + second * other;
            }
        }
        (Some((1.0, one)), None) => target.copy_from_slice(&one[..target.len()]),
        (Some((factor, one)), None) => {
            for (target, one) in target.iter_mut().zip(one) {
                *target = factor * one;
            }
        }
        _ => target.fill(0.0),
    }
    for (factor, line) in terms {
        for (target, value) in target.iter_mut().zip(line) {
            *target += factor * value;
        }
    }
}

/// Numbers that [`across`] works on at once.
const STRETCH: usize = 8;

/// Applies a small matrix to the numbers that lie side by side in `sources`, and writes the results side by side to `targets`.
///
/// What [`combine`] does, for all lines at once: where lines are short, as rows of tiles are, it takes a third of the time.
#[expect(
    clippy::inline_always,
    reason = "with the matrix known the compiler leaves out what is multiplied by 0 or 1"
)]
#[inline(always)]
pub(super) fn across<const IN: usize, const OUT: usize>(
    matrix: &[[f32; IN]; OUT],
    sources: [&[f32]; IN],
    mut targets: [&mut [f32]; OUT],
) {
    let length = targets[0].len();
    let sources = sources.map(|source| &source[..length]);
    let dot = |row: &[f32; IN], values: &[f32; IN]| {
        let mut sum = None;
        for index in 0..IN {
            if row[index] != 0.0 {
                let term = row[index] * values[index];
                sum = Some(sum.map_or(term, |sum: f32| sum + term));
            }
        }
        sum.unwrap_or(0.0)
    };
    let whole = length / STRETCH * STRETCH;
    for start in (0..whole).step_by(STRETCH) {
        let mut values = [[0.0; STRETCH]; IN];
        for (values, source) in values.iter_mut().zip(sources) {
            values.copy_from_slice(&source[start..start + STRETCH]);
        }
        for (row, target) in matrix.iter().zip(&mut targets) {
            let results: [f32; STRETCH] = std::array::from_fn(|lane| {
                dot(row, &std::array::from_fn(|line| values[line][lane]))
            });
            target[start..start + STRETCH].copy_from_slice(&results);
        }
    }
    for index in whole..length {
        let values = sources.map(|source| source[index]);
        for (row, target) in matrix.iter().zip(&mut targets) {
            target[index] = dot(row, &values);
        }
    }
}

/// A row with a border, dealt out to two halves: the even positions, counted from the beginning of the border, and the odd ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halves {
    /// Numbers in each half.
    pub(super) width: usize,
    /// Positions before the row's first number.
    pub(super) border: usize,
}

impl Halves {
    /// Numbers in both halves.
    pub(super) fn length(&self) -> usize {
        2 * self.width
    }

    /// What lies at every second position from `position` on.
    pub(super) fn from<'a>(&self, halves: &'a [f32], position: usize) -> &'a [f32] {
        &halves[position % 2 * self.width + position / 2..]
    }

    /// The places of a half that lie in a row of `length` numbers.
    fn inside(&self, half: usize, length: usize) -> Range<usize> {
        let places = |positions: usize| positions.saturating_sub(half).div_ceil(2);
        let end = places(self.border + length).min(self.width);
        places(self.border).min(end)..end
    }

    /// Deals out a row, with zeros beside it.
    pub(super) fn split(&self, row: &[f32], halves: &mut [f32]) {
        for (half, places) in halves.chunks_exact_mut(self.width).enumerate() {
            let inside = self.inside(half, row.len());
            places[..inside.start].fill(0.0);
            places[inside.end..].fill(0.0);
            if inside.is_empty() {
                continue;
            }
            let (pairs, rest) = row[inside.start * 2 + half - self.border..].as_chunks::<2>();
            let places = &mut places[inside];
            for (place, pair) in places.iter_mut().zip(pairs) {
                *place = pair[0];
            }
            if let (Some(place), Some(number)) = (places.get_mut(pairs.len()), rest.first()) {
                *place = *number;
            }
        }
    }
}

/// Puts together a row without a border whose halves these are, adding `bias`.
pub(super) fn merge(even: &[f32], odd: &[f32], bias: f32, row: &mut [f32]) {
    let (pairs, rest) = row.as_chunks_mut::<2>();
    for ((pair, even), odd) in pairs.iter_mut().zip(even).zip(odd) {
        *pair = [even + bias, odd + bias];
    }
    if let (Some(number), Some(even)) = (rest.first_mut(), even.get(pairs.len())) {
        *number = even + bias;
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers, of which none is rounded")]
mod tests {
    use super::*;

    #[test]
    fn lines_are_combined() {
        let lines = [[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]];
        for (factors, expected) in [
            ([0.0, 1.0, 0.0], [10.0, 20.0]),
            ([0.0, 0.5, 0.0], [5.0, 10.0]),
            ([1.0, 0.0, -1.0], [-99.0, -198.0]),
            ([1.0, 1.0, 0.5], [61.0, 122.0]),
        ] {
            let mut target = [f32::NAN; 2];
            combine(&mut target, &factors, |index| &lines[index]);
            assert_eq!(target, expected);
        }
    }

    #[test]
    fn a_matrix_is_applied_to_lines_of_any_length() {
        const MATRIX: [[f32; 3]; 2] = [[1.0, 0.0, -1.0], [0.0, 0.5, 0.0]];
        for length in 0..20 {
            let line = |first: f32| -> Vec<f32> { (0..length).map(|i| first + i as f32).collect() };
            let [a, b, c] = [line(1.0), line(20.0), line(400.0)];
            let [mut first, mut second] = [vec![f32::NAN; length], vec![f32::NAN; length]];
            across(&MATRIX, [&a, &b, &c], [&mut first, &mut second]);
            assert_eq!(first, vec![-399.0; length]);
            assert!(
                second
                    .iter()
                    .zip(&b)
                    .all(|(half, whole)| half * 2.0 == *whole)
            );
        }
    }

    #[test]
    fn rows_are_split_into_halves() {
        for border in 0..4 {
            for length in 1..14 {
                let halves = Halves {
                    width: usize::div_ceil(border + length, 2) + 1,
                    border,
                };
                let row: Vec<f32> = (1..=length).map(|value| value as f32).collect();
                let mut split = vec![f32::NAN; halves.length()];
                halves.split(&row, &mut split);
                let expected = std::iter::repeat_n(&0.0, border).chain(&row);
                for (position, expected) in expected.enumerate() {
                    assert_eq!(halves.from(&split, position)[0], *expected);
                }
                assert_eq!(split.iter().sum::<f32>(), row.iter().sum::<f32>());
            }
        }
    }

    #[test]
    fn halves_are_put_together() {
        for length in 1..8 {
            let halves = Halves {
                width: usize::div_ceil(length, 2),
                border: 0,
            };
            let row: Vec<f32> = (1..=length).map(|value| value as f32).collect();
            let mut split = vec![f32::NAN; halves.length()];
            halves.split(&row, &mut split);
            let (even, odd) = split.split_at(halves.width);
            let mut merged = vec![f32::NAN; length];
            merge(even, odd, 10.0, &mut merged);
            assert!(
                merged
                    .iter()
                    .zip(&row)
                    .all(|(merged, number)| *merged == number + 10.0)
            );
        }
    }
}
