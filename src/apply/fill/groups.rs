//! Which missing pixels are filled together.

use std::collections::HashMap;

use crate::data::Mask;

/// Missing pixels that are filled together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// Places of the pixels in the photo.
    pub(super) places: Vec<usize>,
    /// The smallest rectangle around them: left, top, right and bottom (exclusive).
    pub(super) bounds: [usize; 4],
}

impl Group {
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
/// group.
pub(super) fn groups(mask: &Mask, capacity: usize) -> Vec<Group> {
    let cell = (capacity / 2).max(1);
    let mut large = Vec::new();
    let mut small: HashMap<(usize, usize), Group> = HashMap::new();
    for hole in connected(mask) {
        if hole.side() > cell {
            large.push(hole);
            continue;
        }
        // What begins in one cell and is no larger than it ends within two.
        let key = (hole.bounds[0] / cell, hole.bounds[1] / cell);
        let group = small.entry(key).or_insert_with(Group::new);
        for place in hole.places {
            group.add(place, mask.size().0);
        }
    }
    large.extend(small.into_values());
    large.sort_by_key(|group| (group.side(), group.bounds));
    large
}

/// The connected holes of a mask; pixels that touch at a corner are connected.
fn connected(mask: &Mask) -> Vec<Group> {
    let (width, height) = mask.size();
    let mut seen = vec![false; width * height];
    let mut holes = Vec::new();
    let mut open = Vec::new();
    for start in 0..width * height {
        if seen[start] || !mask.holes()[start] {
            continue;
        }
        let mut hole = Group::new();
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
            let groups = groups(&mask, capacity);
            groups.iter().map(|group| group.bounds).collect::<Vec<_>>()
        };
        assert_eq!(bounds(4), [[8, 0, 9, 1], [0, 0, 2, 2]]);
        assert_eq!(bounds(2), [[8, 0, 9, 1], [0, 0, 2, 2]]);
        assert_eq!(bounds(20), [[0, 0, 9, 2]]);
    }

    proptest! {
        #[test]
        fn every_missing_pixel_is_in_one_group_that_fits_or_is_one_hole(
            bits in prop::collection::vec(prop::bool::weighted(0.2), 400),
            capacity in 1usize..15,
        ) {
            let mask = Mask::from_fn(20, 20, |x, y| bits[y * 20 + x]);
            let groups = groups(&mask, capacity);
            let mut places: Vec<usize> = groups.iter().flat_map(|group| group.places.clone()).collect();
            places.sort_unstable();
            let wanted: Vec<usize> = (0..400).filter(|&place| mask.holes()[place]).collect();
            prop_assert_eq!(places, wanted);
            for group in &groups {
                let alone = Mask::from_fn(20, 20, |x, y| group.places.contains(&(y * 20 + x)));
                prop_assert!(group.side() <= capacity || connected(&alone).len() == 1);
            }
        }
    }
}
