//! Laplacian pyramids (Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983).

use image::RgbImage;

/// The binomial filter along one axis: 1 4 6 4 1 over 16.
const FILTER: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// A picture or the detail at one level of it: three planes of `height` x `width` numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

/// The details of a picture at sizes halved from its own, as long as both sides stay at `min_side` or more; the last one is what
/// remains. Values are those of bytes.
pub(super) fn laplacian(picture: &RgbImage, min_side: usize) -> Vec<Level> {
    let mut levels = vec![Level::from_picture(picture)];
    while let Some(finest) = levels.last_mut()
        && finest.width.min(finest.height) / 2 >= min_side
    {
        let half = finest.halved();
        finest.subtract(&half.doubled(finest.width, finest.height));
        levels.push(half);
    }
    levels
}

impl Level {
    fn from_picture(picture: &RgbImage) -> Self {
        let bytes = picture.as_raw();
        let plane = |channel: usize| {
            let samples = bytes.iter().skip(channel).step_by(3);
            samples.map(|&sample| f32::from(sample))
        };
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: (0..3).flat_map(plane).collect(),
        }
    }

    /// Filtered, every second row and column.
    fn halved(&self) -> Self {
        let filtered = self.filtered(1.0);
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let rows = filtered.chunks_exact(self.width);
        let kept = rows
            .enumerate()
            .filter(|(row, _)| (row % self.height).is_multiple_of(2));
        Self {
            width,
            height,
            values: kept
                .flat_map(|(_, row)| row.iter().step_by(2))
                .copied()
                .collect(),
        }
    }

    /// Spread to `width` x `height` with zeros between, then filtered, times four.
    fn doubled(&self, width: usize, height: usize) -> Self {
        let mut values = vec![0.0; 3 * width * height];
        let planes = values.chunks_exact_mut(width * height);
        for (plane, source) in planes.zip(self.values.chunks_exact(self.width * self.height)) {
            let rows = plane.chunks_exact_mut(width).step_by(2);
            for (row, source) in rows.zip(source.chunks_exact(self.width)) {
                for (value, source) in row.iter_mut().step_by(2).zip(source) {
                    *value = *source;
                }
            }
        }
        let spread = Self {
            width,
            height,
            values,
        };
        Self {
            values: spread.filtered(2.0),
            ..spread
        }
    }

    fn subtract(&mut self, other: &Self) {
        for (value, other) in self.values.iter_mut().zip(&other.values) {
            *value -= other;
        }
    }

    /// Filtered along both axes, each times `gain`; beyond the border lies the mirror image, without the border itself.
    fn filtered(&self, gain: f32) -> Vec<f32> {
        let weights = FILTER.map(|weight| weight * gain);
        let mut across = vec![0.0; self.values.len()];
        let rows = self.values.chunks_exact(self.width);
        for (row, target) in rows.zip(across.chunks_exact_mut(self.width)) {
            for (x, target) in target.iter_mut().enumerate() {
                let taps = weights.iter().enumerate();
                *target = taps
                    .map(|(tap, weight)| weight * row[mirrored(x + tap, self.width)])
                    .sum();
            }
        }
        let mut both = vec![0.0; across.len()];
        let area = self.width * self.height;
        for (plane, target) in across.chunks_exact(area).zip(both.chunks_exact_mut(area)) {
            for (y, target) in target.chunks_exact_mut(self.width).enumerate() {
                for (tap, weight) in weights.iter().enumerate() {
                    let row = mirrored(y + tap, self.height) * self.width;
                    for (target, value) in target.iter_mut().zip(&plane[row..]) {
                        *target += weight * value;
                    }
                }
            }
        }
        both
    }
}

/// The index within `0..size` of the tap at `shifted - 2`, mirrored at the border.
fn mirrored(shifted: usize, size: usize) -> usize {
    let last = size as isize - 1;
    if last == 0 {
        return 0;
    }
    let index = (shifted as isize - 2).rem_euclid(2 * last);
    index.min(2 * last - index) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_add_up_to_the_picture() {
        let picture = RgbImage::from_fn(70, 64, |x, y| {
            image::Rgb([(x * 3) as u8, (y * 2 + x) as u8, (x * y % 251) as u8])
        });
        let mut levels = laplacian(&picture, 16);
        let sizes: Vec<_> = levels
            .iter()
            .map(|level| (level.width, level.height))
            .collect();
        assert_eq!(sizes, [(70, 64), (35, 32), (18, 16)]);
        let mut sum = levels.pop().unwrap();
        while let Some(mut level) = levels.pop() {
            let coarse = sum.doubled(level.width, level.height);
            for (value, coarse) in level.values.iter_mut().zip(&coarse.values) {
                *value += coarse;
            }
            sum = level;
        }
        let expected = Level::from_picture(&picture);
        for (got, expected) in sum.values.iter().zip(&expected.values) {
            assert!((got - expected).abs() < 1e-3, "{got} {expected}");
        }
    }

    #[test]
    fn a_flat_picture_has_no_details() {
        let picture = RgbImage::from_pixel(32, 32, image::Rgb([10, 20, 30]));
        let levels = laplacian(&picture, 16);
        assert_eq!(levels.len(), 2);
        assert!(levels[0].values.iter().all(|value| value.abs() < 1e-4));
        assert!(
            levels[1].values[..256]
                .iter()
                .all(|value| (value - 10.0).abs() < 1e-4)
        );
    }
}
