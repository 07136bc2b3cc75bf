//! The squares in which large holes are filled.

/// A square of a level that is filled in one window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    pub(super) x: isize,
    pub(super) y: isize,
    pub(super) side: usize,
}

impl Tile {
    /// Where a place of a level of this width lies in the tile.
    fn within(self, place: usize, width: usize) -> [isize; 2] {
        [
            (place % width) as isize - self.x,
            (place / width) as isize - self.y,
        ]
    }

    pub(super) fn contains(self, place: usize, width: usize) -> bool {
        let side = 0..self.side as isize;
        self.within(place, width)
            .iter()
            .all(|position| side.contains(position))
    }

    /// Tiles fade into each other without a kink: the weight falls from 1 in the middle to nearly 0 at the edges, and those of
    /// tiles that overlap by a half add up to 1.
    pub(super) fn weight(self, place: usize, width: usize) -> f32 {
        let fade = |position: isize| {
            let part = (position as f32 + 0.5) / self.side as f32;
            (std::f32::consts::PI * part).sin().powi(2)
        };
        let [x, y] = self.within(place, width);
        fade(x) * fade(y)
    }
}

/// A square of `inner` in the middle of one of `side`.
pub(super) fn middle(side: usize, inner: usize) -> Vec<bool> {
    let start = (side - inner) / 2;
    let within = |position: usize| (start..start + inner).contains(&position);
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    places.map(|(x, y)| within(x) && within(y)).collect()
}

/// Where tiles begin that cover `from..to` and half a tile on each side of it, so that both ends lie in the middle of a tile. Each
/// covers at least half of its neighbour.
pub(super) fn tile_starts(from: usize, to: usize, tile: usize) -> Vec<isize> {
    let range = to - from;
    let steps = range.div_ceil((tile / 2).max(1));
    let first = from as isize - (tile / 2) as isize;
    (0..=steps)
        .map(|step| first + (range * step / steps) as isize)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_everything_and_overlap() {
        assert_eq!(tile_starts(10, 14, 8), [6, 10]);
        assert_eq!(tile_starts(3, 12, 8), [-1, 2, 5, 8]);
        for length in 1..60 {
            let starts = tile_starts(0, length, 8);
            assert_eq!(starts[0], -4);
            assert_eq!(*starts.last().unwrap(), length as isize - 4);
            for pair in starts.windows(2) {
                assert!(
                    pair[1] > pair[0] && pair[1] - pair[0] <= 4,
                    "{length}: {starts:?}"
                );
            }
        }
    }

    #[test]
    fn tiles_that_overlap_by_a_half_add_up_to_one() {
        let weight = |x, y, place| Tile { x, y, side: 8 }.weight(place, 20);
        for place in [4 * 20 + 4, 5 * 20 + 7, 7 * 20 + 6] {
            let sum: f32 = [(0, 0), (4, 0), (0, 4), (4, 4)]
                .into_iter()
                .map(|(x, y)| weight(x, y, place))
                .sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum} at {place}");
        }
    }

    #[test]
    fn a_square_lies_in_the_middle() {
        let bits: Vec<usize> = middle(4, 2).iter().map(|&bit| usize::from(bit)).collect();
        assert_eq!(bits, [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    }
}
