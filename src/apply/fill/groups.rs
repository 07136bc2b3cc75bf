//! Which missing pixels are filled together.

use std::collections::HashMap;

use crate::data::Mask;
use crate::picture::DistanceTransform;

/// A rectangle in a photo: left, top, right and bottom (both exclusive).
pub(super) type Bounds = [usize; 4];

/// Whether two rectangles have a pixel in common.
pub(super) fn overlap(one: Bounds, other: Bounds) -> bool {
    let meet = |from: usize, to: usize| one[from] < other[to] && other[from] < one[to];
    meet(0, 2) && meet(1, 3)
}

/// Missing pixels that are filled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HoleGroup {
    /// Places of the pixels in the photo.
    pub(super) places: Vec<usize>,
    /// The smallest rectangle around them.
    pub(super) bounds: Bounds,
}

impl HoleGroup {
    fn new() -> Self {
        Self {
            places: Vec::new(),
            bounds: [usize::MAX, usize::MAX, 0, 0],
        }
    }

    fn add(&mut self, place: usize, width: usize) {
        let (x, y) = (place % width, place / width);
        let [left, top, right, bottom] = self.bounds;
        self.bounds = [left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)];
        self.places.push(place);
    }

    /// The longer side of the rectangle.
    pub(super) fn side(&self) -> usize {
        let [left, top, right, bottom] = self.bounds;
        (right - left).max(bottom - top)
    }
}

/// The holes of a mask, the smallest first. Small ones that are close together, within a square of `capacity`, make one
/// group. Holes that are long for their thickness, such as a scratch, are cut into pieces: filling them as a whole would take
/// a scale at which nothing is left of them.
pub(super) fn group_holes(
    mask: &Mask,
    nearest: &DistanceTransform,
    capacity: usize,
) -> Vec<HoleGroup> {
    let width = mask.size().0;
    let cell = (capacity / 2).max(1);
    let mut large = Vec::new();
    // By the side of their cell, its column and row, and their hole where a cell is larger than two holes may fill together.
    let mut small: HashMap<(usize, usize, usize, usize), HoleGroup> = HashMap::new();
    for (index, hole) in connected(mask).into_iter().enumerate() {
        if hole.side() <= cell {
            // What begins in one cell and is no larger than it ends within two.
            let key = (cell, hole.bounds[0] / cell, hole.bounds[1] / cell, 0);
            let group = small.entry(key).or_insert_with(HoleGroup::new);
            for place in hole.places {
                group.add(place, width);
            }
            continue;
        }
        let squares = hole.places.iter().map(|&place| nearest.squares[place]);
        let depth = f64::from(squares.max().unwrap_or_default()).sqrt();
        let mut piece = cell;
        while 2.0 * depth > piece as f64 {
            piece *= 2;
        }
        if hole.side() <= 2 * piece {
            large.push(hole);
            continue;
        }
        let index = if piece > cell { index + 1 } else { 0 };
        for place in hole.places {
            let key = (piece, place % width / piece, place / width / piece, index);
            small
                .entry(key)
                .or_insert_with(HoleGroup::new)
                .add(place, width);
        }
    }
    large.extend(small.into_values());
    // Pieces of two holes can have the same bounds, but no pixel in common.
    large.sort_by_key(|group| (group.side(), group.bounds, group.places.first().copied()));
    large
}

/// The connected holes of a mask; pixels that touch at a corner are connected.
fn connected(mask: &Mask) -> Vec<HoleGroup> {
    let (width, height) = mask.size();
    let mut seen = vec![false; width * height];
    let mut holes = Vec::new();
    let mut open = Vec::new();
    for start in 0..width * height {
        if seen[start] || !mask.holes()[start] {
            continue;
        }
        let mut hole = HoleGroup::new();
        seen[start] = true;
        open.push(start);
        while let Some(place) = open.pop() {
            hole.add(place, width);
            let (x, y) = (place % width, place / width);
            for row in y.saturating_sub(1)..(y + 2).min(height) {
                for column in x.saturating_sub(1)..(x + 2).min(width) {
                    let next = row * width + column;
                    if !seen[next] && mask.holes()[next] {
                        seen[next] = true;
                        open.push(next);
                    }
                }
            }
        }
        holes.push(hole);
    }
    holes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(rows: &[&str]) -> Mask {
        Mask::from_fn(rows[0].len(), rows.len(), |x, y| {
            rows[y].as_bytes()[x] == b'#'
        })
    }

    #[test]
    fn holes_are_connected_at_corners_and_small_ones_are_joined() {
        let mask = mask(&["#.......#", ".#.......", "........."]);
        let bounds = |capacity| {
            let groups = group_holes(&mask, &mask.distances(), capacity);
            groups.iter().map(|group| group.bounds).collect::<Vec<_>>()
        };
        assert_eq!(bounds(4), [[8, 0, 9, 1], [0, 0, 2, 2]]);
        assert_eq!(bounds(2), [[8, 0, 9, 1], [0, 0, 2, 2]]);
        assert_eq!(bounds(20), [[0, 0, 9, 2]]);
    }

    #[test]
    fn a_scratch_is_cut_into_pieces_and_a_block_is_not() {
        let scratch = Mask::from_fn(200, 200, |x, y| x.abs_diff(y) < 3);
        let pieces = group_holes(&scratch, &scratch.distances(), 24);
        assert!(pieces.iter().all(|piece| piece.side() <= 12));
        let block = Mask::from_fn(200, 200, |x, y| x < 60 && (10..90).contains(&y));
        assert_eq!(group_holes(&block, &block.distances(), 24).len(), 1);
    }

    #[test]
    fn holes_that_wind_around_each_other_have_one_order() {
        let is_blob =
            |x: usize, y: usize, at: usize| x.abs_diff(at).pow(2) + y.abs_diff(at).pow(2) <= 324;
        let mask = Mask::from_fn(512, 512, |x, y| {
            // A line with a blob, and a hairpin around it.
            let line = x == y && (130..340).contains(&x) || is_blob(x, y, 120);
            let sides = x.abs_diff(y) == 10 && x.min(y) >= 165 && x + y <= 720;
            let end = (719..722).contains(&(x + y)) && x.abs_diff(y) <= 11;
            line || sides || end || is_blob(x, y, 372)
        });
        let groups = || group_holes(&mask, &mask.distances(), 48);
        let once = groups();
        let bounds = |pair: &[HoleGroup]| pair[0].bounds == pair[1].bounds;
        assert!(once.windows(2).any(bounds));
        for _ in 0..20 {
            assert_eq!(groups(), once);
        }
    }

    proptest! {
        #[test]
        fn every_missing_pixel_is_in_one_group_that_fits_or_is_of_one_hole(
            bits in prop::collection::vec(prop::bool::weighted(0.2), 400),
            capacity in 1usize..15,
        ) {
            let mask = Mask::from_fn(20, 20, |x, y| bits[y * 20 + x]);
            prop_assume!(!mask.is_full());
            let groups = group_holes(&mask, &mask.distances(), capacity);
            let mut places: Vec<usize> = groups.iter().flat_map(|group| group.places.clone()).collect();
            places.sort_unstable();
            let wanted: Vec<usize> = (0..400).filter(|&place| mask.holes()[place]).collect();
            prop_assert_eq!(places, wanted);
            for group in &groups {
                let whole = |hole: &HoleGroup| group.places.iter().all(|place| hole.places.contains(place));
                prop_assert!(group.side() <= capacity || connected(&mask).iter().any(whole));
            }
        }
    }
}
