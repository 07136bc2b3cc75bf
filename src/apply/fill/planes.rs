//! Values of a photo, or of a part of it, plane by plane.

use super::groups::Bounds;
use crate::apply::padding::reflected;

/// `[channels, height, width]`, flattened, in [-1, 1].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planes {
    pub(super) channels: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

/// A rectangle that may reach beyond a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rectangle {
    pub(super) left: isize,
    pub(super) top: isize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Rectangle {
    pub(super) fn square(left: isize, top: isize, side: usize) -> Self {
        Self {
            left,
            top,
            width: side,
            height: side,
        }
    }

    /// What is left of a square without the parts beyond the border of a picture, but for those that make the sides, and the
    /// steps from those of the square, multiples of `unit`.
    pub(super) fn clip_reflections(self, width: usize, height: usize, unit: usize) -> Self {
        let shortened = |start: isize, side: usize, length: usize| {
            let before = (-start).max(0) as usize / unit * unit;
            let needed = (length as isize - start).max(0) as usize;
            let end = needed.next_multiple_of(unit).min(side);
            (start + before as isize, end - before)
        };
        let (left, width) = shortened(self.left, self.width, width);
        let (top, height) = shortened(self.top, self.height, height);
        Self {
            left,
            top,
            width,
            height,
        }
    }

    /// For each position of the rectangle, row by row, its place in a picture of `width` x `height`; beyond the border, that
    /// of its mirror image.
    pub(super) fn places(self, width: usize, height: usize) -> impl Iterator<Item = usize> {
        let columns: Vec<usize> = (0..self.width)
            .map(|column| reflected(self.left + column as isize, width))
            .collect();
        (0..self.height).flat_map(move |row| {
            let start = reflected(self.top + row as isize, height) * width;
            let places: Vec<usize> = columns.iter().map(|column| start + column).collect();
            places
        })
    }

    /// The smallest rectangle of a picture of `width` x `height` that has all [places](Self::places).
    pub(super) fn bounds(self, width: usize, height: usize) -> Bounds {
        let ends = |start: isize, side: usize, length: usize| {
            let places = (0..side).map(|step| reflected(start + step as isize, length));
            places.fold([usize::MAX, 0], |[first, end], place| {
                [first.min(place), end.max(place + 1)]
            })
        };
        let [left, right] = ends(self.left, self.width, width);
        let [top, bottom] = ends(self.top, self.height, height);
        [left, top, right, bottom]
    }

    /// The place of (`x`, `y`) of the rectangle in a picture of `width` x `height`; none beyond the border.
    pub(super) fn inside(self, x: usize, y: usize, width: usize, height: usize) -> Option<usize> {
        let (x, y) = (self.left + x as isize, self.top + y as isize);
        let within = |position: isize, side: usize| (0..side as isize).contains(&position);
        (within(x, width) && within(y, height)).then(|| y as usize * width + x as usize)
    }
}

impl Planes {
    /// Pixels of one plane.
    pub(super) fn area(&self) -> usize {
        self.width * self.height
    }

    /// A part, mirrored beyond the border.
    pub(super) fn part(&self, rectangle: Rectangle) -> Self {
        let places: Vec<usize> = rectangle.places(self.width, self.height).collect();
        let mut values = Vec::with_capacity(self.channels * places.len());
        for plane in self.values.chunks_exact(self.area()) {
            values.extend(places.iter().map(|&place| plane[place]));
        }
        Self {
            channels: self.channels,
            width: rectangle.width,
            height: rectangle.height,
            values,
        }
    }

    /// At half the size, each pixel the mean of four; width and height are even.
    pub(super) fn downsampled(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut values = Vec::with_capacity(self.channels * width * height);
        for plane in self.values.chunks_exact(self.area()) {
            for y in 0..height {
                let (upper, lower) = (2 * y * self.width, (2 * y + 1) * self.width);
                values.extend((0..width).map(|x| {
                    let four = plane[upper + 2 * x]
                        + plane[upper + 2 * x + 1]
                        + plane[lower + 2 * x]
                        + plane[lower + 2 * x + 1];
                    four / 4.0
                }));
            }
        }
        Self {
            channels: self.channels,
            width,
            height,
            values,
        }
    }

    /// The value that a picture of twice the size has at (`x`, `y`), by linear interpolation between the pixels of this one.
    pub(super) fn doubled_at(&self, channel: usize, x: usize, y: usize) -> f32 {
        let neighbours = |position: usize, side: usize| {
            let place = (0.5 * position as f32 - 0.25).clamp(0.0, side as f32 - 1.0);
            let first = place as usize;
            (first, (first + 1).min(side - 1), place - place.floor())
        };
        let (left, right, across) = neighbours(x, self.width);
        let (upper, lower, down) = neighbours(y, self.height);
        let plane = &self.values[channel * self.area()..];
        let row = |start: usize| {
            plane[start * self.width + left] * (1.0 - across)
                + plane[start * self.width + right] * across
        };
        row(upper) * (1.0 - down) + row(lower) * down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: usize, height: usize) -> Planes {
        Planes {
            channels: 1,
            width,
            height,
            values: (0..width * height).map(|value| value as f32).collect(),
        }
    }

    #[test]
    fn a_part_beyond_the_border_is_mirrored() {
        let part = numbered(3, 2).part(Rectangle::square(-1, -1, 3));
        assert_eq!(part.values, [4.0, 3.0, 4.0, 1.0, 0.0, 1.0, 4.0, 3.0, 4.0]);
        let rectangle = Rectangle::square(-1, -1, 3);
        assert_eq!(rectangle.bounds(3, 2), [0, 0, 2, 2]);
        assert_eq!(rectangle.inside(0, 1, 3, 2), None);
        assert_eq!(rectangle.inside(1, 2, 3, 2), Some(3));
    }

    #[test]
    fn halving_takes_means_and_doubling_interpolates() {
        let half = numbered(4, 2).downsampled();
        assert_eq!((half.width, half.height), (2, 1));
        assert_eq!(half.values, [2.5, 4.5]);
        let row: Vec<f32> = (0..4).map(|x| half.doubled_at(0, x, 1)).collect();
        assert_eq!(row, [2.5, 3.0, 4.0, 4.5]);
    }
}
