//! One scale of the part of a photo around a hole.

use super::filler::{Filler, Reach};
use super::planes::{Planes, Rectangle};

/// The part of a photo around a hole, at one scale.
#[derive(Debug, Clone)]
pub(super) struct Level {
    pub(super) planes: Planes,
    /// What is to be filled.
    pub(super) hole: Vec<bool>,
    /// What is not known: the hole, other holes, and mirror images of holes.
    pub(super) unknown: Vec<bool>,
}

impl Level {
    /// The same at half the size: a pixel is missing where any of its four is.
    pub(super) fn halved(&self) -> Self {
        let any = |bits: &[bool]| {
            let width = self.planes.width;
            let (half_width, half_height) = (width / 2, self.planes.height / 2);
            let mut halved = Vec::with_capacity(half_width * half_height);
            for y in 0..half_height {
                halved.extend((0..half_width).map(|x| {
                    let corner = 2 * y * width + 2 * x;
                    [corner, corner + 1, corner + width, corner + width + 1]
                        .iter()
                        .any(|&place| bits[place])
                }));
            }
            halved
        };
        Self {
            planes: self.planes.halved(),
            hole: any(&self.hole),
            unknown: any(&self.unknown),
        }
    }

    /// Puts what a level of half the size has in the hole into the hole.
    pub(super) fn take_from(&mut self, coarse: &Planes) {
        let (width, area) = (self.planes.width, self.planes.area());
        for (place, _) in self.hole.iter().enumerate().filter(|(_, hole)| **hole) {
            for channel in 0..self.planes.channels {
                let value = coarse.doubled_at(channel, place % width, place / width);
                self.planes.values[channel * area + place] = value;
            }
        }
    }

    /// Fills the hole, which fits into the window of the network that this level is.
    pub(super) fn fill_at_once(&mut self, filler: &mut dyn Filler) -> Result<(), String> {
        let mask = match filler.reach() {
            Reach::Middle(side) => middle(filler.side(), side),
            Reach::Anywhere => self.unknown.clone(),
        };
        let filled = filler.fill(self.planes.values.clone(), &mask)?;
        let area = self.planes.area();
        for (position, value) in self.planes.values.iter_mut().enumerate() {
            if self.hole[position % area] {
                *value = filled[position];
            }
        }
        Ok(())
    }

    /// Fills the hole anew in overlapping tiles, each in its own window, with what is in it already as context.
    pub(super) fn refine(&mut self, filler: &mut dyn Filler) -> Result<(), String> {
        let (width, height, area) = (self.planes.width, self.planes.height, self.planes.area());
        let (tile, side) = (filler.capacity(), filler.side());
        let margin = (side - tile) / 2;
        let mut sums = vec![0.0; self.planes.values.len()];
        let mut weights = vec![0.0; area];
        let [left, top, right, bottom] = self.bounds();
        for y in tile_starts(top, bottom, tile) {
            for x in tile_starts(left, right, tile) {
                let origin = |start: isize, length: usize| {
                    let origin = start - margin as isize;
                    match filler.reach() {
                        Reach::Middle(_) => origin,
                        Reach::Anywhere => origin.clamp(0, (length - side) as isize),
                    }
                };
                let window = Rectangle::square(origin(x, width), origin(y, height), side);
                let in_tile = |place: usize| {
                    let (column, row) = ((place % width) as isize, (place / width) as isize);
                    let tile = tile as isize;
                    (x..x + tile).contains(&column) && (y..y + tile).contains(&row)
                };
                let places: Vec<usize> = window.places(width, height).collect();
                if !places
                    .iter()
                    .any(|&place| self.hole[place] && in_tile(place))
                {
                    continue;
                }
                let mask = match filler.reach() {
                    Reach::Middle(tile) => middle(side, tile),
                    Reach::Anywhere => places
                        .iter()
                        .map(|&place| {
                            if self.hole[place] {
                                in_tile(place)
                            } else {
                                self.unknown[place]
                            }
                        })
                        .collect(),
                };
                let mut filled = filler.fill(self.planes.part(window).values, &mask)?;
                self.keep_means(&mut filled, &places, side, &in_tile);
                for position in 0..side * side {
                    let (column, row) = (position % side, position / side);
                    let Some(place) = window.inside(column, row, width, height) else {
                        continue;
                    };
                    if !self.hole[place] || !in_tile(place) {
                        continue;
                    }
                    // Tiles fade into each other.
                    let fade = |position: usize, start: isize| {
                        let within = (position as isize - start) as f32 + 0.5;
                        within.min(tile as f32 - within)
                    };
                    let weight = fade(place % width, x) * fade(place / width, y);
                    weights[place] += weight;
                    for channel in 0..self.planes.channels {
                        sums[channel * area + place] +=
                            weight * filled[channel * side * side + position];
                    }
                }
            }
        }
        for (position, value) in self.planes.values.iter_mut().enumerate() {
            let weight: f32 = weights[position % area];
            if weight > 0.0 {
                *value = sums[position] / weight;
            }
        }
        Ok(())
    }

    /// Shifts what a window has in a tile of the hole so that its local means are those that are there already: a finer scale
    /// adds detail, and tiles do not differ in colour.
    fn keep_means(
        &self,
        filled: &mut [f32],
        places: &[usize],
        side: usize,
        in_tile: &dyn Fn(usize) -> bool,
    ) {
        let (area, reach) = (self.planes.area(), side / 10);
        let counts: Vec<bool> = places
            .iter()
            .map(|&place| self.hole[place] && in_tile(place))
            .collect();
        for (channel, plane) in filled.chunks_exact_mut(places.len()).enumerate() {
            let known = &self.planes.values[channel * area..][..area];
            let differences: Vec<f32> = (0..places.len())
                .map(|position| known[places[position]] - plane[position])
                .collect();
            for position in (0..places.len()).filter(|&position| counts[position]) {
                let (x, y) = (position % side, position / side);
                let (mut sum, mut count) = (0.0, 0.0);
                for row in y.saturating_sub(reach)..(y + reach + 1).min(side) {
                    for column in x.saturating_sub(reach)..(x + reach + 1).min(side) {
                        let near = row * side + column;
                        if counts[near] {
                            sum += differences[near];
                            count += 1.0;
                        }
                    }
                }
                plane[position] = (plane[position] + sum / count).clamp(-1.0, 1.0);
            }
        }
    }

    /// The smallest rectangle around the hole: left, top, right and bottom (exclusive).
    fn bounds(&self) -> [usize; 4] {
        let width = self.planes.width;
        let places = self.hole.iter().enumerate().filter(|(_, hole)| **hole);
        places.fold([usize::MAX, usize::MAX, 0, 0], |bounds, (place, _)| {
            let (x, y) = (place % width, place / width);
            [
                bounds[0].min(x),
                bounds[1].min(y),
                bounds[2].max(x + 1),
                bounds[3].max(y + 1),
            ]
        })
    }
}

/// A square of `inner` in the middle of one of `side`.
fn middle(side: usize, inner: usize) -> Vec<bool> {
    let start = (side - inner) / 2;
    let within = |position: usize| (start..start + inner).contains(&position);
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    places.map(|(x, y)| within(x) && within(y)).collect()
}

/// Where tiles begin that cover `from..to`: in the middle if one is enough, else from end to end, each over at least half
/// of its neighbour.
fn tile_starts(from: usize, to: usize, tile: usize) -> Vec<isize> {
    let length = to - from;
    if length <= tile {
        let slack = (tile - length) / 2;
        return vec![from as isize - slack as isize];
    }
    let range = length - tile;
    let steps = range.div_ceil((tile / 2).max(1));
    (0..=steps)
        .map(|step| (from + range * step / steps) as isize)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_everything_and_overlap() {
        assert_eq!(tile_starts(10, 14, 8), [8]);
        assert_eq!(tile_starts(0, 8, 8), [0]);
        assert_eq!(tile_starts(3, 12, 8), [3, 4]);
        for length in 9..60 {
            let starts = tile_starts(0, length, 8);
            assert_eq!(starts[0], 0);
            assert_eq!(*starts.last().unwrap(), length as isize - 8);
            for pair in starts.windows(2) {
                assert!(
                    pair[1] > pair[0] && pair[1] - pair[0] <= 4,
                    "{length}: {starts:?}"
                );
            }
        }
    }

    #[test]
    fn a_square_lies_in_the_middle() {
        let bits: Vec<usize> = middle(4, 2).iter().map(|&bit| usize::from(bit)).collect();
        assert_eq!(bits, [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
    }
}
