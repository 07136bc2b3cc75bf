//! Which pixels of a picture are missing.

use image::GrayImage;

use super::transform::Size;
use crate::picture::DistanceTransform;

/// The holes of a picture: a mask of its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: usize,
    height: usize,
    /// `[height, width]`, flattened; true inside a hole.
    holes: Vec<bool>,
}

impl Mask {
    /// A mask of `width` x `height` whose holes are where `is_hole(x, y)`.
    pub fn from_fn(width: usize, height: usize, is_hole: impl Fn(usize, usize) -> bool) -> Self {
        let rows = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            width,
            height,
            holes: rows.map(|(x, y)| is_hole(x, y)).collect(),
        }
    }

    /// The mask as a picture: white holes on black.
    pub fn to_picture(&self) -> GrayImage {
        let levels = self.holes.iter().map(|&hole| u8::from(hole) * 255);
        GrayImage::from_raw(self.width as u32, self.height as u32, levels.collect())
            .expect("a mask has one level for each pixel")
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Whether the pixel at (`x`, `y`) is missing; it lies inside.
    pub fn is_hole(&self, x: usize, y: usize) -> bool {
        self.holes[y * self.width + x]
    }

    /// For each pixel, row by row, whether it is missing.
    pub fn holes(&self) -> &[bool] {
        &self.holes
    }

    /// Number of missing pixels.
    pub fn area(&self) -> usize {
        self.holes.iter().filter(|&&hole| hole).count()
    }

    /// Whether no pixel is missing.
    pub fn is_empty(&self) -> bool {
        !self.holes.contains(&true)
    }

    /// Whether every pixel is missing.
    pub fn is_full(&self) -> bool {
        !self.holes.contains(&false)
    }

    /// The nearest known pixel of each hole of a mask that is not full.
    pub(crate) fn distances(&self) -> DistanceTransform {
        DistanceTransform::new(&self.holes, self.size())
    }

    /// The holes grown by `by` pixels in every direction, diagonals included.
    pub fn dilated(&self, by: usize) -> Self {
        if by == 0 {
            return self.clone();
        }
        // A square is a row of columns: first along the rows, then along the columns.
        let mut wide = vec![false; self.holes.len()];
        let mut counts = Vec::new();
        for y in 0..self.height {
            let row = y * self.width;
            spread(
                self.width,
                by,
                &mut counts,
                |x| self.holes[row + x],
                |x| {
                    wide[row + x] = true;
                },
            );
        }
        let mut grown = vec![false; self.holes.len()];
        for x in 0..self.width {
            let at = |y: usize| y * self.width + x;
            spread(
                self.height,
                by,
                &mut counts,
                |y| wide[at(y)],
                |y| {
                    grown[at(y)] = true;
                },
            );
        }
        Self {
            holes: grown,
            ..*self
        }
    }

    /// The mask at another size, by the nearest pixel.
    pub(super) fn resized(&self, (width, height): Size) -> Self {
        let nearest = |position: usize, from: usize, to: usize| {
            let source = (position as f64 + 0.5) * from as f64 / to as f64;
            (source as usize).min(from - 1)
        };
        Self::from_fn(width, height, |x, y| {
            self.is_hole(
                nearest(x, self.width, width),
                nearest(y, self.height, height),
            )
        })
    }

    /// Mirrored left to right.
    pub(super) fn flipped(&self) -> Self {
        Self::from_fn(self.width, self.height, |x, y| {
            self.is_hole(self.width - 1 - x, y)
        })
    }

    /// 1 inside holes and 0 elsewhere, `[height, width]`, flattened.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.holes.iter().map(|&hole| f32::from(u8::from(hole)))
    }
}

/// Calls `set` for each of `0..length` that is within `by` of one that `is_set`. `counts` is room to work in.
fn spread(
    length: usize,
    by: usize,
    counts: &mut Vec<u32>,
    is_set: impl Fn(usize) -> bool,
    mut set: impl FnMut(usize),
) {
    counts.clear();
    counts.push(0);
    for position in 0..length {
        counts.push(counts[position] + u32::from(is_set(position)));
    }
    for position in 0..length {
        let from = position.saturating_sub(by);
        let to = position.saturating_add(by).saturating_add(1).min(length);
        if counts[to] > counts[from] {
            set(position);
        }
    }
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
    fn holes_grow_in_every_direction_and_stop_at_the_border() {
        let small = mask(&["#....", ".....", "...#.", "....."]);
        assert_eq!(
            small.dilated(1),
            mask(&["##...", "#####", "..###", "..###"])
        );
        assert_eq!(small.dilated(0), small);
        assert!(small.dilated(4).is_full());
        assert!(small.dilated(usize::MAX).is_full());
    }

    #[test]
    fn holes_are_counted_shown_and_mirrored() {
        let mask = mask(&["..##"]);
        assert_eq!(mask.area(), 2);
        assert_eq!(mask.to_picture().as_raw(), &[0, 0, 255, 255]);
        assert_eq!(mask.flipped().holes(), [true, true, false, false]);
    }

    #[test]
    fn a_resized_mask_has_its_holes_at_the_same_places() {
        let twice = mask(&["#.", ".#"]).resized((4, 4));
        assert_eq!(twice, mask(&["##..", "##..", "..##", "..##"]));
        assert_eq!(twice.resized((2, 2)), mask(&["#.", ".#"]));
    }

    proptest! {
        #[test]
        fn a_pixel_is_in_the_grown_hole_exactly_when_a_hole_is_near(
            width in 1usize..12,
            height in 1usize..12,
            by in 0usize..5,
            bits in prop::collection::vec(prop::bool::weighted(0.1), 144),
        ) {
            let mask = Mask::from_fn(width, height, |x, y| bits[y * 12 + x]);
            let near = |x: usize, y: usize| {
                (0..height).any(|v| (0..width).any(|u| {
                    mask.is_hole(u, v) && u.abs_diff(x) <= by && v.abs_diff(y) <= by
                }))
            };
            prop_assert_eq!(mask.dilated(by), Mask::from_fn(width, height, near));
        }
    }
}
