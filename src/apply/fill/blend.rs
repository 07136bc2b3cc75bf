//! Making a filled hole meet what is around it.

use rayon::prelude::*;

use super::edge_diffusion::continue_edges;
use super::membrane::{continued, runs};
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
/// At the border all comes from what is around, which spreads into the hole along edges (see [`continue_edges`]), further in less
/// and less, and beyond `feather` pixels all from the network. The network alone would leave a frame: it is seldom right where a hole
/// begins.
pub(super) fn blend(photo: &mut Planes, mask: &Mask, nearest: &DistanceTransform, feather: usize) {
    /// What lies this much deeper bears on it; the rest is a membrane.
    const DEEPER: usize = 8;
    if feather == 0 {
        return;
    }
    let runs = runs(mask, nearest, feather);
    let (width, area) = (photo.width, photo.area());
    let mut smooth = photo.clone();
    let planes = smooth.values.par_chunks_exact_mut(area);
    planes.for_each(|plane| plane.copy_from_slice(&continued(plane, width, nearest, &runs)));
    let deepest = feather
        .saturating_add(DEEPER)
        .min(width + photo.height)
        .pow(2);
    let missing = runs.iter().flat_map(|run| run.places(width));
    let missing: Vec<usize> = missing
        .filter(|&place| nearest.squares[place] as usize <= deepest)
        .collect();
    continue_edges(&mut smooth, &missing);
    let planes = photo.values.par_chunks_exact_mut(area);
    planes
        .zip(smooth.values.par_chunks_exact(area))
        .for_each(|(plane, smooth)| {
            for place in (0..area).filter(|&place| mask.holes()[place]) {
                let distance = (nearest.squares[place] as f32).sqrt();
                let near = (1.0 - distance / (feather as f32 + 1.0)).max(0.0);
                let share = near * near * (3.0 - 2.0 * near);
                if share > 0.0 {
                    plane[place] = share * smooth[place] + (1.0 - share) * plane[place];
                }
            }
        });
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
        // Wider than any photo: all of the hole comes from what is around.
        let mut smooth = before;
        blend(&mut smooth, &mask, &nearest, usize::MAX);
        let right = smooth.values.chunks_exact(60).map(|row| row[59]);
        assert!(
            right.clone().all(|value| (value - 0.1).abs() < 0.01),
            "{:?}",
            right.collect::<Vec<_>>()
        );
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
    fn a_first_guess_is_the_nearest_known_pixel() {
        let mask = Mask::from_fn(5, 1, |x, _| (1..4).contains(&x));
        let mut photo = row(&[0.5, 0.0, 0.0, 0.0, -0.5]);
        extend(&mut photo, &mask.distances());
        assert!((photo.values[1] - 0.5).abs() < 1e-6);
        assert!((photo.values[3] + 0.5).abs() < 1e-6);
    }
}
