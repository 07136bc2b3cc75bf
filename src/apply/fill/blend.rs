//! Making a filled hole meet what is around it.

use rayon::prelude::*;

use super::planes::Planes;
use crate::data::Mask;
use crate::picture::DistanceTransform;

/// Puts the nearest known pixel into every missing one.
pub(super) fn extend(photo: &mut Planes, nearest: &DistanceTransform) {
    let area = photo.area();
    for plane in photo.values.chunks_exact_mut(area) {
        for place in 0..area {
            plane[place] = plane[nearest.places[place] as usize];
        }
    }
}

/// Blends what is in the holes into what is around them: over `feather` pixels, inside the holes alone.
///
/// At the border all comes from a smooth continuation of what is around (see [`continued`]), further in less and less, and
/// beyond `feather` pixels all from the network. The network alone would leave a frame: it is seldom right where a hole begins.
pub(super) fn blend(photo: &mut Planes, mask: &Mask, nearest: &DistanceTransform, feather: usize) {
    if feather == 0 {
        return;
    }
    let runs = runs(mask, nearest, feather);
    let (width, area) = (photo.width, photo.area());
    for plane in photo.values.chunks_exact_mut(area) {
        let smooth = continued(plane, width, nearest, &runs);
        for place in (0..area).filter(|&place| mask.holes()[place]) {
            let distance = (nearest.squares[place] as f32).sqrt();
            let near = (1.0 - distance / (feather as f32 + 1.0)).max(0.0);
            let share = near * near * (3.0 - 2.0 * near);
            if share > 0.0 {
                plane[place] = share * smooth[place] + (1.0 - share) * plane[place];
            }
        }
    }
}

/// Shifts what is in the holes so that at their border it has the values of what is around, and inside the more of that shift the
/// nearer the border is: colours that the network has guessed wrong become those of the photo (Farbman et al., "Coordinates
/// for Instant Image Cloning", 2009, do the same with other weights).
pub(super) fn match_border(photo: &mut Planes, mask: &Mask, nearest: &DistanceTransform) {
    let (width, height) = mask.size();
    let runs = runs(mask, nearest, usize::MAX);
    let from_outside = Mask::from_fn(width, height, |x, y| !mask.is_hole(x, y));
    let nearest_hole = from_outside.distances();
    let area = photo.area();
    for plane in photo.values.chunks_exact_mut(area) {
        let around = continued(plane, width, nearest, &runs);
        let mut own = plane.to_vec();
        for place in (0..area).filter(|&place| !mask.holes()[place]) {
            own[place] = mean_in_hole(plane, mask, nearest_hole.places[place] as usize);
        }
        let own = continued(&own, width, nearest, &runs);
        for place in (0..area).filter(|&place| mask.holes()[place]) {
            plane[place] = (plane[place] + around[place] - own[place]).clamp(-1.0, 1.0);
        }
    }
}

/// The mean of what is in a hole around one of its places: the outermost pixels alone are seldom like the rest.
fn mean_in_hole(plane: &[f32], mask: &Mask, place: usize) -> f32 {
    const REACH: usize = 3;
    let (width, height) = mask.size();
    let (x, y) = (place % width, place / width);
    let (mut sum, mut count) = (0.0, 0.0);
    for row in y.saturating_sub(REACH)..(y + REACH + 1).min(height) {
        for column in x.saturating_sub(REACH)..(x + REACH + 1).min(width) {
            if mask.is_hole(column, row) {
                sum += plane[row * width + column];
                count += 1.0;
            }
        }
    }
    sum / count
}

/// Missing pixels beside each other.
struct Run {
    y: usize,
    /// The first column, and the one after the last.
    columns: [usize; 2],
}

/// The missing pixels that are near enough to the border to bear on what is blended.
fn runs(mask: &Mask, nearest: &DistanceTransform, feather: usize) -> Vec<Run> {
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
fn continued(plane: &[f32], width: usize, nearest: &DistanceTransform, runs: &[Run]) -> Vec<f32> {
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
        let start = run.y * width;
        let [first, end] = run.columns;
        plane[start + first..start + end].copy_from_slice(&values);
    }
}

impl Run {
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

    fn row(values: &[f32]) -> Planes {
        Planes {
            channels: 1,
            width: values.len(),
            height: 1,
            values: values.to_vec(),
        }
    }

    /// Columns from `from` on are missing.
    fn half(width: usize, height: usize, from: usize) -> (Mask, DistanceTransform) {
        let mask = Mask::from_fn(width, height, |x, _| x >= from);
        let nearest = mask.distances();
        (mask, nearest)
    }

    #[test]
    fn a_network_that_is_right_at_the_border_alone_leaves_no_frame() {
        let (mask, nearest) = half(60, 20, 10);
        // Right where it touches the border, 0.2 too light behind.
        let values = (0..60 * 20).map(|place| if place % 60 > 10 { 0.3 } else { 0.1 });
        let mut photo = Planes {
            channels: 1,
            width: 60,
            height: 20,
            values: values.collect(),
        };
        let before = photo.clone();
        blend(&mut photo, &mask, &nearest, 16);
        for row in photo.values.chunks_exact(60) {
            for pair in row.windows(2) {
                assert!((pair[1] - pair[0]).abs() < 0.02, "{row:?}");
            }
        }
        for (place, (after, before)) in photo.values.iter().zip(&before.values).enumerate() {
            // Ten known columns; the hole's seventeenth is out of reach.
            if !(10..26).contains(&(place % 60)) {
                assert_eq!(after.to_bits(), before.to_bits(), "{place}");
            }
        }
        let mut untouched = before.clone();
        blend(&mut untouched, &mask, &nearest, 0);
        assert_eq!(untouched, before);
    }

    #[test]
    fn wrong_colours_become_those_around() {
        let mask = Mask::from_fn(40, 30, |x, y| (10..26).contains(&x) && (8..20).contains(&y));
        let nearest = mask.distances();
        // A pattern that goes on in the hole, 0.6 too light there.
        let wanted = |place: usize| {
            if (place % 40 / 2).is_multiple_of(2) {
                0.1
            } else {
                -0.1
            }
        };
        let shift = |place: usize| if mask.holes()[place] { 0.6 } else { 0.0 };
        let mut photo = Planes {
            channels: 1,
            width: 40,
            height: 30,
            values: (0..40 * 30)
                .map(|place| wanted(place) + shift(place))
                .collect(),
        };
        match_border(&mut photo, &mask, &nearest);
        for (place, value) in photo.values.iter().enumerate() {
            assert!((value - wanted(place)).abs() < 0.12, "{value} at {place}");
        }
    }

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

    #[test]
    fn a_first_guess_is_the_nearest_known_pixel() {
        let mask = Mask::from_fn(5, 1, |x, _| (1..4).contains(&x));
        let mut photo = row(&[0.5, 0.0, 0.0, 0.0, -0.5]);
        extend(&mut photo, &mask.distances());
        assert!((photo.values[1] - 0.5).abs() < 1e-6);
        assert!((photo.values[3] + 0.5).abs() < 1e-6);
    }
}
