//! One scale of the part of a photo around a hole.

use rayon::prelude::*;

use super::blend::{blend, match_border};
use super::filler::{FillWindow, Filler, HoleSupport};
use super::planes::{Planes, Rectangle};
use super::tile::{Tile, middle, tile_starts};
use crate::data::Mask;

/// A window shows enough of a photo if one in so many of its pixels is known.
const LEAST_KNOWN: usize = 6;

/// A place of a level, and what is filled in there for each channel.
type FilledPixel = (usize, Vec<f32>);

/// A tile of the hole and the window of the network around it.
struct TileWindow {
    tile: Tile,
    window: Rectangle,
    /// For each pixel of the window its place in the level.
    places: Vec<usize>,
    /// For each pixel of the window whether the tile fills it.
    fills: Vec<bool>,
}

/// The part of a photo around a hole, at one scale.
#[derive(Debug, Clone)]
pub(super) struct PyramidLevel {
    pub(super) planes: Planes,
    /// What is to be filled.
    pub(super) hole: Vec<bool>,
    /// What is not known: the hole, other holes, and mirror images of holes.
    pub(super) unknown: Vec<bool>,
}

impl PyramidLevel {
    /// The same at half the size: a pixel is missing where any of its four is.
    pub(super) fn downsampled(&self) -> Self {
        let any = |bits: &[bool]| {
            let width = self.planes.width;
            let (half_width, half_height) = (width / 2, self.planes.height / 2);
            let mut downsampled = Vec::with_capacity(half_width * half_height);
            for y in 0..half_height {
                downsampled.extend((0..half_width).map(|x| {
                    let corner = 2 * y * width + 2 * x;
                    [corner, corner + 1, corner + width, corner + width + 1]
                        .iter()
                        .any(|&place| bits[place])
                }));
            }
            downsampled
        };
        Self {
            planes: self.planes.downsampled(),
            hole: any(&self.hole),
            unknown: any(&self.unknown),
        }
    }

    /// Puts what a level of half the size has in the hole into the hole.
    pub(super) fn upsample_from(&mut self, coarse: &Planes) {
        let (width, area) = (self.planes.width, self.planes.area());
        for (place, _) in self.hole.iter().enumerate().filter(|(_, hole)| **hole) {
            for channel in 0..self.planes.channels {
                let value = coarse.doubled_at(channel, place % width, place / width);
                self.planes.values[channel * area + place] = value;
            }
        }
    }

    /// A window of a network, and what it is to fill there.
    pub(super) fn window(&self, window: Rectangle, reach: HoleSupport) -> FillWindow {
        let mask = match reach {
            HoleSupport::CentreSquare(inner) => middle(window.width, inner),
            HoleSupport::Anywhere => {
                let places = window.places(self.planes.width, self.planes.height);
                places.map(|place| self.unknown[place]).collect()
            }
        };
        FillWindow {
            values: self.planes.part(window).values,
            mask,
        }
    }

    /// Puts what a network has filled in a window into the hole, which fits into it.
    pub(super) fn put_window(&mut self, window: Rectangle, filled: &[f32]) {
        let (width, height) = (self.planes.width, self.planes.height);
        let (area, side) = (self.planes.area(), window.width);
        for position in 0..side * side {
            // Mirror images of the hole are not taken.
            let place = window.inside(position % side, position / side, width, height);
            let Some(place) = place.filter(|&place| self.hole[place]) else {
                continue;
            };
            for channel in 0..self.planes.channels {
                self.planes.values[channel * area + place] =
                    filled[channel * side * side + position];
            }
        }
    }

    /// Takes the network's frame off the hole: towards its border what is filled in gives way to a smooth continuation of what
    /// is around. A finer scale would keep the frame as lines.
    pub(super) fn soften_border(&mut self, feather: usize) {
        let mask = self.unknown_mask();
        if !mask.is_full() {
            let nearest = mask.distances();
            blend(&mut self.planes, &mask, &nearest, feather);
        }
    }

    /// Gives what is filled in the colours of what is around it.
    pub(super) fn match_surroundings(&mut self) {
        let mask = self.unknown_mask();
        if !mask.is_full() && !mask.is_empty() {
            match_border(&mut self.planes, &mask, &mask.distances());
        }
    }

    fn unknown_mask(&self) -> Mask {
        let (width, height) = (self.planes.width, self.planes.height);
        Mask::from_fn(width, height, |x, y| self.unknown[y * width + x])
    }

    /// Fills the hole anew where it is near to what is known: in overlapping tiles, each in its own window. Deeper inside there is
    /// nothing that a finer scale could go on from.
    pub(super) fn refine(&mut self, filler: &mut dyn Filler) -> Result<(), String> {
        let (area, side) = (self.planes.area(), filler.capacity());
        // What is there already has little weight, and shows where no tile is.
        let already = 1.0 / 16.0;
        let values = self.planes.values.iter();
        let mut sums: Vec<f32> = values.map(|value| value * already).collect();
        let mut weights = vec![already; area];
        let [left, top, right, bottom] = self.bounds();
        let (rows, columns) = (
            tile_starts(top, bottom, side),
            tile_starts(left, right, side),
        );
        let tiles = rows
            .iter()
            .flat_map(|&y| columns.iter().map(move |&x| Tile { x, y, side }));
        let (window, reach) = (filler.side(), filler.reach());
        let mut tiles = tiles.filter_map(|tile| self.tile_window(tile, window, reach));
        loop {
            let batch: Vec<TileWindow> = tiles.by_ref().take(filler.batch_size().max(1)).collect();
            if batch.is_empty() {
                break;
            }
            for (tile, refined) in self.refined(batch, filler)? {
                for (place, filled) in refined {
                    let weight = tile.weight(place, self.planes.width);
                    weights[place] += weight;
                    for (channel, value) in filled.into_iter().enumerate() {
                        sums[channel * area + place] += weight * value;
                    }
                }
            }
        }
        for (position, value) in self.planes.values.iter_mut().enumerate() {
            if self.hole[position % area] {
                *value = sums[position] / weights[position % area];
            }
        }
        Ok(())
    }

    /// The window of a network in which a tile is filled; none where it would see too little.
    fn tile_window(&self, tile: Tile, side: usize, reach: HoleSupport) -> Option<TileWindow> {
        let (width, height) = (self.planes.width, self.planes.height);
        let origin = |start: isize, length: usize| {
            let origin = start - ((side - tile.side) / 2) as isize;
            match reach {
                HoleSupport::Anywhere if length >= side => {
                    origin.clamp(0, (length - side) as isize)
                }
                _ => origin,
            }
        };
        let window = Rectangle::square(origin(tile.x, width), origin(tile.y, height), side);
        let places: Vec<usize> = window.places(width, height).collect();
        let fills: Vec<bool> = places
            .iter()
            .map(|&place| self.hole[place] && tile.contains(place, width))
            .collect();
        let known = places.iter().filter(|&&place| !self.unknown[place]).count();
        if known * LEAST_KNOWN < places.len() || !fills.contains(&true) {
            return None;
        }
        Some(TileWindow {
            tile,
            window,
            places,
            fills,
        })
    }

    /// What a network fills in: for each tile the places of the hole that are in it, with a value for each channel.
    fn refined(
        &self,
        tiles: Vec<TileWindow>,
        filler: &mut dyn Filler,
    ) -> Result<Vec<(Tile, Vec<FilledPixel>)>, String> {
        let reach = filler.reach();
        let windows = tiles.par_iter().map(|tile| {
            // All of the hole is to be filled, not the tile alone: what is there already is too smooth to go on from.
            self.window(tile.window, reach)
        });
        let windows = windows.collect();
        let filled = filler.fill(windows)?;
        let tiles = tiles.into_par_iter().zip(filled);
        let refined = tiles.map(|(tile, filled)| (tile.tile, self.refined_tile(&tile, filled)));
        Ok(refined.collect())
    }

    /// The places of the hole that are in a tile, with what was filled in for each channel.
    fn refined_tile(&self, tile: &TileWindow, mut filled: Vec<f32>) -> Vec<FilledPixel> {
        let (width, height) = (self.planes.width, self.planes.height);
        let (places, side) = (&tile.places, tile.window.width);
        self.keep_means(&mut filled, places, side, &tile.fills);
        let inside = |position: &usize| {
            // Not the mirror images of the hole.
            let (x, y) = (position % side, position / side);
            tile.fills[*position] && tile.window.inside(x, y, width, height).is_some()
        };
        let planes = filled.chunks_exact(places.len());
        (0..places.len())
            .filter(inside)
            .map(|position| {
                let values = planes.clone().map(|plane| plane[position]);
                (places[position], values.collect())
            })
            .collect()
    }

    /// Shifts what a window has in a tile of the hole so that its local means are those that are there already: a finer scale
    /// adds detail, and tiles do not differ in colour.
    fn keep_means(&self, filled: &mut [f32], places: &[usize], side: usize, fills: &[bool]) {
        let (area, reach) = (self.planes.area(), side / 10);
        for (channel, plane) in filled.chunks_exact_mut(places.len()).enumerate() {
            let known = &self.planes.values[channel * area..][..area];
            let differences: Vec<f32> = (0..places.len())
                .map(|position| known[places[position]] - plane[position])
                .collect();
            let counted = |position: usize| f64::from(u8::from(fills[position]));
            let sums = box_sums(side, reach, |position| {
                counted(position) * f64::from(differences[position])
            });
            let counts = box_sums(side, reach, counted);
            for position in (0..places.len()).filter(|&position| fills[position]) {
                let mean = (sums[position] / counts[position]) as f32;
                plane[position] = (plane[position] + mean).clamp(-1.0, 1.0);
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

/// For each position of a square plane the sum of the values in the square that reaches `reach` to each side, as far as it is in the
/// plane.
fn box_sums(side: usize, reach: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let along = |value: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
        let mut sums = Vec::with_capacity(side * side);
        let mut before = vec![0.0; side + 1];
        for line in 0..side {
            for position in 0..side {
                before[position + 1] = before[position] + value(line, position);
            }
            sums.extend((0..side).map(|position| {
                before[(position + reach + 1).min(side)] - before[position.saturating_sub(reach)]
            }));
        }
        sums
    };
    let rows = along(&|row, column| value(row * side + column));
    // Line by line of columns: the result is turned back by the second turn.
    let columns = along(&|column, row| rows[row * side + column]);
    (0..side * side)
        .map(|position| columns[position % side * side + position / side])
        .collect()
}
