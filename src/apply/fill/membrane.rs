//! A membrane over the holes of a plane, held by what is around them.

use std::ops::Range;

use rayon::prelude::*;

use crate::data::Mask;
use crate::picture::DistanceTransform;

/// Missing pixels beside each other.
pub(super) struct Run {
    y: usize,
    /// The first column, and the one after the last.
    columns: [usize; 2],
}

/// The missing pixels that are near enough to the border to bear on what is blended.
pub(super) fn runs(mask: &Mask, nearest: &DistanceTransform, feather: usize) -> Vec<Run> {
    /// What lies this much deeper than the blend has no visible effect on it.
    const DEEPER: usize = 32;
    let (width, height) = mask.size();
    let deepest = feather.saturating_add(DEEPER).min(width + height).pow(2);
    let mut runs = Vec::new();
    for y in 0..height {
        let row = y * width;
        let counts = |x: usize| mask.is_hole(x, y) && nearest.squares[row + x] as usize <= deepest;
        let mut x = 0;
        while x < width {
            let first = x;
            while x < width && counts(x) {
                x += 1;
            }
            if x > first {
                runs.push(Run {
                    y,
                    columns: [first, x],
                });
            }
            x += 1;
        }
    }
    runs
}

/// A smooth continuation of what is known into the holes, nearly a membrane that is held by it: the nearest known pixels, then
/// averages over squares that get smaller and smaller, in which what is known stays, and at last of the four neighbours.
pub(super) fn continued(
    plane: &[f32],
    width: usize,
    nearest: &DistanceTransform,
    runs: &[Run],
) -> Vec<f32> {
    /// How far the squares reach to each side, and how often each is taken.
    const SQUARES: [(usize, usize); 5] = [(16, 4), (8, 4), (4, 4), (2, 4), (1, 30)];
    /// How often the neighbours are. Laplace's equation for the membrane, and nearer to photos: 0.1 dB on free-form holes.
    const NEIGHBOURS: usize = 60;
    let places = nearest.places.iter();
    let mut smooth: Vec<f32> = places.map(|&place| plane[place as usize]).collect();
    for (reach, times) in SQUARES {
        for _ in 0..times {
            replace(&mut smooth, width, runs, |run, plane| {
                run.averages(plane, width, reach)
            });
        }
    }
    for _ in 0..NEIGHBOURS {
        replace(&mut smooth, width, runs, |run, plane| {
            run.neighbours(plane, width)
        });
    }
    smooth
}

/// Puts into all runs at once what `values` makes of the plane as it is.
fn replace(
    plane: &mut [f32],
    width: usize,
    runs: &[Run],
    values: impl Fn(&Run, &[f32]) -> Vec<f32> + Sync,
) {
    let values: Vec<Vec<f32>> = runs.par_iter().map(|run| values(run, plane)).collect();
    for (run, values) in runs.iter().zip(values) {
        plane[run.places(width)].copy_from_slice(&values);
    }
}

impl Run {
    /// The places of the pixels in a plane.
    pub(super) fn places(&self, width: usize) -> Range<usize> {
        let start = self.y * width;
        let [first, end] = self.columns;
        start + first..start + end
    }

    /// For each pixel the mean of the square that reaches `reach` pixels to each side, as far as it is in the plane.
    fn averages(&self, plane: &[f32], width: usize, reach: usize) -> Vec<f32> {
        let height = plane.len() / width;
        let [first, end] = self.columns;
        let (left, right) = (first.saturating_sub(reach), (end + reach).min(width));
        let rows = self.y.saturating_sub(reach)..(self.y + reach + 1).min(height);
        let mut columns = vec![0.0f32; right - left];
        for y in rows.clone() {
            let row = &plane[y * width..][left..right];
            for (sum, value) in columns.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let mut sums = Vec::with_capacity(columns.len() + 1);
        let mut sum = 0.0f64;
        sums.push(sum);
        for column in columns {
            sum += f64::from(column);
            sums.push(sum);
        }
        (first..end)
            .map(|x| {
                let (from, to) = (x.saturating_sub(reach), (x + reach + 1).min(width));
                let count = (to - from) * rows.len();
                ((sums[to - left] - sums[from - left]) / count as f64) as f32
            })
            .collect()
    }

    /// For each pixel the mean of those left, right, above and below that are in the plane.
    fn neighbours(&self, plane: &[f32], width: usize) -> Vec<f32> {
        let height = plane.len() / width;
        let [first, end] = self.columns;
        (first..end)
            .map(|x| {
                let place = self.y * width + x;
                let around = [
                    (x > 0).then(|| plane[place - 1]),
                    (x + 1 < width).then(|| plane[place + 1]),
                    (self.y > 0).then(|| plane[place - width]),
                    (self.y + 1 < height).then(|| plane[place + width]),
                ];
                let (sum, count) = around
                    .iter()
                    .flatten()
                    .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
                // Alone in a plane of one pixel.
                if count > 0.0 {
                    sum / count
                } else {
                    plane[place]
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_continued_smoothly_across_a_hole() {
        let mask = Mask::from_fn(40, 30, |x, y| (10..26).contains(&x) && (8..20).contains(&y));
        let nearest = mask.distances();
        let slope = |place: usize| (place % 40) as f32 / 40.0 + (place / 40) as f32 / 60.0 - 0.75;
        let plane: Vec<f32> = (0..40 * 30)
            .map(|place| {
                if mask.holes()[place] {
                    0.9
                } else {
                    slope(place)
                }
            })
            .collect();
        let smooth = continued(&plane, 40, &nearest, &runs(&mask, &nearest, 16));
        for (place, value) in smooth.iter().enumerate() {
            assert!((value - slope(place)).abs() < 0.03, "{value} at {place}");
        }
    }
}
