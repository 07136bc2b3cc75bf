//! From holes of any size and place to windows of the network.

use std::collections::VecDeque;

use super::filler::Filler;
use super::groups::{Bounds, HoleGroup, group_holes, overlap};
use super::planes::Planes;
use super::surroundings::{Surroundings, region};
use crate::data::Mask;
use crate::picture::DistanceTransform;

/// Fills the holes of a photo, in which the holes hold a first guess.
///
/// A hole that fits into a window is filled at once, from the pixels around it. A larger one is first filled where the
/// photo is small enough for it, then again at each larger scale up to the photo's own.
pub(super) fn fill_holes(
    photo: &mut Planes,
    mask: &Mask,
    nearest: &DistanceTransform,
    filler: &mut dyn Filler,
) -> Result<(), String> {
    let mut unknown = mask.holes().to_vec();
    let mut current = vec![false; unknown.len()];
    let mut groups = group_holes(mask, nearest, filler.capacity()).into();
    loop {
        let batch = next_batch(&mut groups, photo, filler);
        if batch.is_empty() {
            return Ok(());
        }
        let mut surroundings = Vec::with_capacity(batch.len());
        for group in &batch {
            group.places.iter().for_each(|&place| current[place] = true);
            surroundings.push(Surroundings::new(photo, &unknown, &current, group, filler));
            group
                .places
                .iter()
                .for_each(|&place| current[place] = false);
        }
        let (mut windows, mut has_window) = (Vec::new(), Vec::new());
        for part in &surroundings {
            let window = part.window(filler.reach());
            has_window.push(window.is_some());
            windows.extend(window);
        }
        let filled = if windows.is_empty() {
            Vec::new()
        } else {
            filler.fill(windows)?
        };
        let mut filled = filled.into_iter();
        for (mut part, has_window) in surroundings.into_iter().zip(has_window) {
            let filled = has_window.then(|| filled.next()).flatten();
            part.fill(filled.as_deref(), filler)?;
            part.put_into(photo);
        }
        // What is filled is context for what comes after.
        for place in batch.iter().flat_map(|group| &group.places) {
            unknown[*place] = false;
        }
    }
}

/// The next holes to fill: one, or several that fit into windows and see nothing of each other nor of those that come before them,
/// so that the result is that of one after the other.
fn next_batch(
    groups: &mut VecDeque<HoleGroup>,
    photo: &Planes,
    filler: &dyn Filler,
) -> Vec<HoleGroup> {
    /// How many holes are looked at, for each that a batch has room for.
    const AHEAD: usize = 8;
    let room = filler.batch_size().max(1);
    let mut batch = Vec::new();
    let mut before: Vec<[Bounds; 2]> = Vec::new();
    let mut position = 0;
    while batch.len() < room && before.len() < AHEAD * room && position < groups.len() {
        let group = &groups[position];
        if group.side() > filler.capacity() {
            break;
        }
        let window = region(photo, group, filler, 0);
        let [seen, hole] = [window.bounds(photo.width, photo.height), group.bounds];
        let is_apart = |[other_seen, other_hole]: &[Bounds; 2]| {
            !overlap(seen, *other_hole) && !overlap(hole, *other_seen)
        };
        let goes = before.iter().all(is_apart);
        before.push([seen, hole]);
        if goes {
            batch.extend(groups.remove(position));
        } else {
            position += 1;
        }
    }
    if batch.is_empty() {
        batch.extend(groups.pop_front());
    }
    batch
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::apply::fill::filler::{FillWindow, HoleSupport};
    use crate::apply::fill::planes::Rectangle;

    /// Fills with the mean of what is known in the window, and remembers how often it was asked.
    struct MeanFiller {
        side: usize,
        reach: HoleSupport,
        batch_size: usize,
        calls: usize,
    }

    impl Filler for MeanFiller {
        fn channels(&self) -> usize {
            1
        }

        fn side(&self) -> usize {
            self.side
        }

        fn reach(&self) -> HoleSupport {
            self.reach
        }

        fn feather(&self) -> usize {
            0
        }

        fn batch_size(&self) -> usize {
            self.batch_size
        }

        fn fill(&mut self, windows: Vec<FillWindow>) -> Result<Vec<Vec<f32>>, String> {
            assert!(windows.len() <= self.batch_size());
            self.calls += windows.len();
            windows
                .into_iter()
                .map(|window| self.mean(window))
                .collect()
        }
    }

    impl MeanFiller {
        fn mean(&self, FillWindow { values, mask }: FillWindow) -> Result<Vec<f32>, String> {
            assert_eq!(
                (values.len(), mask.len()),
                (self.side.pow(2), self.side.pow(2))
            );
            assert!(mask.contains(&true));
            let known = || values.iter().zip(&mask).filter(|(_, mask)| !**mask);
            let count = known().count();
            if count == 0 {
                return Err("nothing is known".to_owned());
            }
            let mean = known().map(|(value, _)| value).sum::<f32>() / count as f32;
            Ok(vec![mean; values.len()])
        }
    }

    /// How often windows of `side` pixels are asked to fill the holes of a photo.
    fn calls(mask: &Mask, side: usize, reach: HoleSupport) -> usize {
        let (width, height) = mask.size();
        let mut photo = Planes {
            channels: 1,
            width,
            height,
            values: vec![0.0; width * height],
        };
        let calls = 0;
        let mut filler = MeanFiller {
            side,
            reach,
            batch_size: 3,
            calls,
        };
        fill_holes(&mut photo, mask, &mask.distances(), &mut filler).unwrap();
        filler.calls
    }

    fn reaches() -> impl Strategy<Value = HoleSupport> {
        prop_oneof![
            Just(HoleSupport::Anywhere),
            Just(HoleSupport::CentreSquare(6))
        ]
    }

    proptest! {
        /// Holes of every shape, size and place: all are filled, nothing else is touched.
        #[test]
        fn holes_are_filled_and_nothing_else_changes(
            width in 1usize..70,
            height in 1usize..70,
            left in 0usize..60,
            top in 0usize..60,
            hole_width in 1usize..60,
            hole_height in 1usize..60,
            bits in prop::collection::vec(prop::bool::weighted(0.02), 4900),
            reach in reaches(),
        ) {
            let mask = Mask::from_fn(width, height, |x, y| {
                bits[y * 70 + x]
                    || ((left..left + hole_width).contains(&x) && (top..top + hole_height).contains(&y))
            });
            prop_assume!(!mask.is_full() && !mask.is_empty());
            let known = |place: usize| 0.1 + 0.001 * (place % 7) as f32;
            let values = (0..width * height)
                .map(|place| if mask.holes()[place] { 0.1 } else { known(place) })
                .collect();
            let mut photo = Planes { channels: 1, width, height, values };
            let mut filler = MeanFiller { side: 16, reach, batch_size: 3, calls: 0 };
            let filled = fill_holes(&mut photo, &mask, &mask.distances(), &mut filler);
            prop_assert_eq!(filled, Ok(()));
            for (place, value) in photo.values.iter().enumerate() {
                if mask.holes()[place] {
                    // What is known lies in 0.1..=0.106; matching a hole to its surroundings shifts by the width of that at most.
                    prop_assert!((0.0939..0.1121).contains(value), "{value} at {place}");
                } else {
                    prop_assert_eq!(value.to_bits(), known(place).to_bits());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn holes_filled_at_once_are_as_filled_one_after_the_other(
            width in 1usize..90,
            height in 1usize..90,
            bits in prop::collection::vec(prop::bool::weighted(0.01), 8100),
            values in prop::collection::vec(-1.0f32..1.0, 97),
            reach in reaches(),
        ) {
            let mask = Mask::from_fn(width, height, |x, y| bits[y * 90 + x]);
            prop_assume!(!mask.is_full());
            let fill = |batch_size: usize| {
                let values = (0..width * height).map(|place| values[place % 97]).collect();
                let mut photo = Planes { channels: 1, width, height, values };
                let mut filler = MeanFiller { side: 16, reach, batch_size, calls: 0 };
                fill_holes(&mut photo, &mask, &mask.distances(), &mut filler).map(|()| photo)
            };
            let single = fill(1);
            prop_assert_eq!(&fill(5), &single);
            prop_assert_eq!(&fill(64), &single);
        }
    }

    #[test]
    fn where_a_scale_shows_nothing_known_the_first_guess_stays() {
        // All but two pixels along the border.
        let inner = |place: usize| (2..398).contains(&place);
        let mask = Mask::from_fn(400, 400, |x, y| inner(x) && inner(y));
        let mut photo = Planes {
            channels: 1,
            width: 400,
            height: 400,
            values: vec![0.5; 400 * 400],
        };
        let reach = HoleSupport::Anywhere;
        let mut filler = MeanFiller {
            side: 16,
            reach,
            batch_size: 3,
            calls: 0,
        };
        fill_holes(&mut photo, &mask, &mask.distances(), &mut filler).unwrap();
        assert!(photo.values.iter().all(|value| (value - 0.5).abs() < 0.01));
    }

    #[test]
    fn holes_far_from_each_other_are_filled_at_once() {
        let mask = Mask::from_fn(200, 40, |x, y| x % 50 == 20 && y == 20);
        let photo = Planes {
            channels: 1,
            width: 200,
            height: 40,
            values: vec![0.0; 8000],
        };
        let batches = |batch_size| {
            let reach = HoleSupport::Anywhere;
            let filler = MeanFiller {
                side: 16,
                reach,
                batch_size,
                calls: 0,
            };
            let filler: &dyn Filler = &filler;
            let mut groups = group_holes(&mask, &mask.distances(), filler.capacity()).into();
            let batches = std::iter::from_fn(|| {
                Some(next_batch(&mut groups, &photo, filler).len()).filter(|&count| count > 0)
            });
            batches.collect::<Vec<_>>()
        };
        assert_eq!(batches(3), [3, 1]);
        assert_eq!(batches(1), [1, 1, 1, 1]);
    }

    #[test]
    fn a_hole_that_fits_takes_one_window_and_a_larger_one_several() {
        let calls = |hole: usize, reach| {
            let mask = Mask::from_fn(80, 80, |x, y| {
                (20..20 + hole).contains(&x) && (20..20 + hole).contains(&y)
            });
            calls(&mask, 16, reach)
        };
        assert_eq!(calls(6, HoleSupport::Anywhere), 1);
        assert_eq!(calls(6, HoleSupport::CentreSquare(6)), 1);
        // One at half the size, then tiles of 6 that begin every 3 pixels, from half a tile before the hole.
        assert_eq!(calls(9, HoleSupport::Anywhere), 1 + 4 * 4);
        assert_eq!(calls(12, HoleSupport::CentreSquare(6)), 1 + 5 * 5);
    }

    #[test]
    fn a_scratch_across_a_photo_takes_windows_along_it_alone() {
        let mask = Mask::from_fn(3000, 2000, |x, y| (2 * x).abs_diff(3 * y) < 12);
        let calls = calls(&mask, 128, HoleSupport::Anywhere);
        // Windows fill squares of 24; the scratch crosses 125 columns and 84 rows of them.
        assert!((125..300).contains(&calls), "{calls}");
    }

    #[test]
    fn no_level_is_larger_than_the_photo_and_what_halving_adds() {
        // All but the leftmost columns: the square around it is several times as large.
        let region = Rectangle::square(-700, -900, 128 << 4).clip_reflections(500, 400, 16);
        assert_eq!((region.left, region.width), (-12, 512));
        assert_eq!((region.top, region.height), (-4, 416));
    }

    #[test]
    fn several_small_holes_share_a_window_and_distant_ones_do_not() {
        let calls = |places: &[(usize, usize)]| {
            let mask = Mask::from_fn(80, 80, |x, y| places.contains(&(x, y)));
            calls(&mask, 16, HoleSupport::Anywhere)
        };
        assert_eq!(calls(&[(0, 0), (2, 2)]), 1);
        assert_eq!(calls(&[(1, 1), (60, 3), (79, 79)]), 3);
    }
}
