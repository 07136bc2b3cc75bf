//! Linear combinations of lines of numbers, and lines whose every n-th number goes to the same lane.

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

/// A row with a border, dealt out to `count` lanes: number `place` of lane `lane` is position `place * count + lane`, counted
/// from the beginning of the border.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes {
    pub(super) count: usize,
    /// Numbers in each lane.
    pub(super) width: usize,
    /// Positions before the row's first number.
    pub(super) border: usize,
}

impl Lanes {
    /// Numbers in all lanes.
    pub(super) fn length(&self) -> usize {
        self.count * self.width
    }

    /// The places of `lane` that lie in a row of `length` numbers.
    fn inside(&self, lane: usize, length: usize) -> Range<usize> {
        let places = |positions: usize| positions.saturating_sub(lane).div_ceil(self.count);
        let end = places(self.border + length).min(self.width);
        places(self.border).min(end)..end
    }

    /// Deals out a row, with zeros beside it.
    pub(super) fn split(&self, row: &[f32], lanes: &mut [f32]) {
        for (lane, places) in lanes.chunks_exact_mut(self.width).enumerate() {
            let inside = self.inside(lane, row.len());
            places[..inside.start].fill(0.0);
            places[inside.end..].fill(0.0);
            if inside.is_empty() {
                continue;
            }
            let first = inside.start * self.count + lane - self.border;
            let places = &mut places[inside];
            match self.count {
                2 => every::<2>(&row[first..], places),
                4 => every::<4>(&row[first..], places),
                count => {
                    for (place, value) in places.iter_mut().zip(row[first..].iter().step_by(count))
                    {
                        *place = *value;
                    }
                }
            }
        }
    }

    /// Puts a row together, adding `bias`.
    pub(super) fn merge(&self, lanes: &[f32], bias: f32, row: &mut [f32]) {
        for (lane, places) in lanes.chunks_exact(self.width).enumerate() {
            let inside = self.inside(lane, row.len());
            if inside.is_empty() {
                continue;
            }
            let first = inside.start * self.count + lane - self.border;
            let numbers = row[first..].iter_mut().step_by(self.count);
            for (number, value) in numbers.zip(&places[inside]) {
                *number = value + bias;
            }
        }
    }
}

/// Copies every `STEP`-th number; with a constant step the loop becomes vector instructions.
fn every<const STEP: usize>(row: &[f32], places: &mut [f32]) {
    let (whole, rest) = row.as_chunks::<STEP>();
    for (place, numbers) in places.iter_mut().zip(whole) {
        *place = numbers[0];
    }
    if let (Some(place), Some(number)) = (places.get_mut(whole.len()), rest.first()) {
        *place = *number;
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
    fn merging_undoes_splitting() {
        for count in [2, 3, 4_usize] {
            for border in 0..4_usize {
                for length in 1..14 {
                    let width = (border + length).div_ceil(count) + 1;
                    let lanes = Lanes {
                        count,
                        width,
                        border,
                    };
                    let row: Vec<f32> = (1..=length).map(|value| value as f32).collect();
                    let mut split = vec![f32::NAN; lanes.length()];
                    lanes.split(&row, &mut split);
                    for (position, expected) in
                        std::iter::repeat_n(&0.0, border).chain(&row).enumerate()
                    {
                        let value = split[position % count * width + position / count];
                        assert_eq!(value, *expected);
                    }
                    assert_eq!(split.iter().sum::<f32>(), row.iter().sum::<f32>());
                    let mut merged = vec![f32::NAN; length];
                    lanes.merge(&split, 0.0, &mut merged);
                    assert_eq!(merged, row);
                }
            }
        }
    }
}
