//! What the network sees of a photo around a hole.

use super::filler::{FillWindow, Filler, HoleSupport};
use super::groups::HoleGroup;
use super::planes::{Planes, Rectangle};
use super::pyramid_level::PyramidLevel;

/// The part of a photo around a group of holes, at all scales at which it is filled.
pub(super) struct Surroundings {
    /// From the photo's own scale on, each at half the size of the one before.
    levels: Vec<PyramidLevel>,
    /// Where the window of the network lies in the coarsest level.
    window: Rectangle,
    /// The place in the photo of each pixel of the finest level.
    places: Vec<usize>,
}

impl Surroundings {
    /// `current` says for each pixel of the photo whether it belongs to the group.
    pub(super) fn new(
        photo: &Planes,
        unknown: &[bool],
        current: &[bool],
        group: &HoleGroup,
        filler: &dyn Filler,
    ) -> Self {
        let mut coarser = 0;
        while group.side() > filler.capacity() << coarser {
            coarser += 1;
        }
        let (width, height) = (photo.width, photo.height);
        let square = region(photo, group, filler, coarser);
        let region = square.clip_reflections(width, height, 1 << coarser);
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
        Self {
            levels,
            window,
            places,
        }
    }

    /// What the network is to fill at the coarsest scale; none where nothing is known there, of which it would make grey.
    pub(super) fn window(&self, reach: HoleSupport) -> Option<FillWindow> {
        let coarsest = &self.levels[self.levels.len() - 1];
        let is_known = coarsest.unknown.contains(&false);
        is_known.then(|| coarsest.window(self.window, reach))
    }

    /// Takes what the network has filled at the coarsest scale, or else the first guess, and goes on to the photo's own.
    pub(super) fn fill(
        &mut self,
        filled: Option<&[f32]>,
        filler: &mut dyn Filler,
    ) -> Result<(), String> {
        let coarser = self.levels.len() - 1;
        let levels = &mut self.levels;
        if let Some(filled) = filled {
            levels[coarser].put_window(self.window, filled);
        }
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
        Ok(())
    }

    /// Puts the holes into the photo.
    pub(super) fn put_into(&self, photo: &mut Planes) {
        let filled = &self.levels[0];
        let (area, own_area) = (photo.area(), filled.planes.area());
        for position in (0..own_area).filter(|&position| filled.hole[position]) {
            for channel in 0..photo.channels {
                photo.values[channel * area + self.places[position]] =
                    filled.planes.values[channel * own_area + position];
            }
        }
    }
}

/// The square around a hole that is one window of the network when it is halved `coarser` times.
pub(super) fn region(
    photo: &Planes,
    group: &HoleGroup,
    filler: &dyn Filler,
    coarser: usize,
) -> Rectangle {
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
