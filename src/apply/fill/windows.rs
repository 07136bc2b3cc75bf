//! From holes of any size and place to windows of the network.

use super::filler::{Filler, HoleSupport};
use super::groups::{HoleGroup, group_holes};
use super::planes::{Planes, Rectangle};
use super::pyramid_level::PyramidLevel;
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
    for group in group_holes(mask, nearest, filler.capacity()) {
        for &place in &group.places {
            current[place] = true;
        }
        fill_group(photo, &unknown, &current, &group, filler)?;
        // What is filled is context for what comes after.
        for place in group.places {
            (unknown[place], current[place]) = (false, false);
        }
    }
    Ok(())
}

/// Fills one group of holes; `current` says for each pixel of the photo whether it belongs to it.
fn fill_group(
    photo: &mut Planes,
    unknown: &[bool],
    current: &[bool],
    group: &HoleGroup,
    filler: &mut dyn Filler,
) -> Result<(), String> {
    let capacity = filler.capacity();
    let mut coarser = 0;
    while group.side() > capacity << coarser {
        coarser += 1;
    }
    let (width, height) = (photo.width, photo.height);
    let square = region(photo, group, filler, coarser);
    let region = square.clip_reflections(width, height, 1 << coarser);
    // Where the square lies in the coarsest level.
    let window = Rectangle::square(
        (square.left - region.left) >> coarser,
        (square.top - region.top) >> coarser,
        filler.side(),
    );
    let places: Vec<usize> = region.places(width, height).collect();
    let mut levels = vec![PyramidLevel {
        planes: photo.part(region),
        unknown: places.iter().map(|&place| unknown[place]).collect(),
        // Mirror images of the hole are not filled.
        hole: (0..places.len())
            .map(|position| {
                let (x, y) = (position % region.width, position / region.width);
                let place = region.inside(x, y, width, height);
                place.is_some_and(|place| current[place])
            })
            .collect(),
    }];
    for level in 0..coarser {
        levels.push(levels[level].downsampled());
    }
    levels[coarser].fill_window(window, filler)?;
    if coarser > 0 {
        levels[coarser].match_surroundings();
        levels[coarser].soften_border(filler.side() / 8);
    }
    for level in (0..coarser).rev() {
        let (fine, coarse) = levels.split_at_mut(level + 1);
        fine[level].upsample_from(&coarse[0].planes);
        fine[level].refine(filler)?;
        // The last one is blended as the user asks.
        if level > 0 {
            fine[level].soften_border(filler.side() / 8);
        }
    }
    let filled = &levels[0];
    let (area, region_area) = (photo.area(), filled.planes.area());
    for position in (0..region_area).filter(|&position| filled.hole[position]) {
        for channel in 0..photo.channels {
            photo.values[channel * area + places[position]] =
                filled.planes.values[channel * region_area + position];
        }
    }
    Ok(())
}

/// The square around a hole that is one window of the network when it is halved `coarser` times.
fn region(photo: &Planes, group: &HoleGroup, filler: &dyn Filler, coarser: usize) -> Rectangle {
    let side = filler.side() << coarser;
    let capacity = filler.capacity() << coarser;
    let margin = ((filler.side() - filler.capacity()) / 2) << coarser;
    let [left, top, right, bottom] = group.bounds;
    let origin = |from: usize, to: usize, length: usize| {
        let slack = (capacity - (to - from)) / 2;
        let origin = from as isize - slack as isize - margin as isize;
        // Real context is better than mirror images of it.
        match filler.reach() {
            HoleSupport::Anywhere if length >= side => origin.clamp(0, (length - side) as isize),
            _ => origin,
        }
    };
    Rectangle::square(
        origin(left, right, photo.width),
        origin(top, bottom, photo.height),
        side,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::apply::fill::filler::FillWindow;

    /// Fills with the mean of what is known in the window, and remembers how often it was asked.
    struct MeanFiller {
        side: usize,
        reach: HoleSupport,
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
            3
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
        let mut filler = MeanFiller { side, reach, calls };
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
            let mut filler = MeanFiller { side: 16, reach, calls: 0 };
            let filled = fill_holes(&mut photo, &mask, &mask.distances(), &mut filler);
            // A photo that is nearly all hole can leave a window without anything known.
            prop_assume!(filled.is_ok());
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
