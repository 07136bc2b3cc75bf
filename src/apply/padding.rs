//! Any picture size through networks that need multiples: reflect, translate, crop back.

/// How a picture is enlarged to a size that a network takes, and where it lies in it. Sizes are in pixels.
///
/// The border is split evenly between opposite sides (the odd pixel goes to the bottom and the right). A network's own padding
/// disturbs its outermost pixels; with a border on each side, it is the border that takes this, and the picture sees its own reflection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding {
    /// Height of the picture.
    pub height: usize,
    /// Width of the picture.
    pub width: usize,
    /// Height with the border.
    pub padded_height: usize,
    /// Width with the border.
    pub padded_width: usize,
    /// Rows above the picture.
    pub top: usize,
    /// Columns left of the picture.
    pub left: usize,
}

impl Padding {
    /// The smallest border with which each side is a multiple of `multiple` and at least `smallest`.
    pub fn new(height: usize, width: usize, multiple: usize, smallest: usize) -> Self {
        let padded = |side: usize| side.max(smallest).next_multiple_of(multiple.max(1));
        let (padded_height, padded_width) = (padded(height), padded(width));
        Self {
            height,
            width,
            padded_height,
            padded_width,
            top: (padded_height - height) / 2,
            left: (padded_width - width) / 2,
        }
    }

    /// The same of a picture whose sides are `scale` times as long.
    pub(super) fn enlarged(self, scale: usize) -> Self {
        Self {
            height: self.height * scale,
            width: self.width * scale,
            padded_height: self.padded_height * scale,
            padded_width: self.padded_width * scale,
            top: self.top * scale,
            left: self.left * scale,
        }
    }

    /// Planes of `[channels, height, width]` to planes of `[channels, padded_height, padded_width]`.
    ///
    /// The picture is mirrored without repeating its edge, back and forth as often as the border is wide.
    pub fn pad(&self, values: Vec<f32>) -> Vec<f32> {
        if self.is_none() {
            return values;
        }
        let plane = self.height * self.width;
        let channels = values.len() / plane;
        let mut padded = Vec::with_capacity(channels * self.padded_height * self.padded_width);
        for channel in values.chunks_exact(plane) {
            for row in 0..self.padded_height {
                let start = reflected(row as isize - self.top as isize, self.height) * self.width;
                let end = padded.len();
                padded.resize(end + self.padded_width, 0.0);
                self.pad_row(&channel[start..start + self.width], &mut padded[end..]);
            }
        }
        padded
    }

    /// One row of `width` pixels to one of `padded_width`.
    pub(super) fn pad_row(&self, row: &[f32], padded: &mut [f32]) {
        let at = |column: usize| row[reflected(column as isize - self.left as isize, self.width)];
        let (left, right) = (self.left, self.left + self.width);
        padded[left..right].copy_from_slice(row);
        for column in (0..left).chain(right..self.padded_width) {
            padded[column] = at(column);
        }
    }

    /// Planes of `[channels, padded_height, padded_width]` to planes of `[channels, height, width]`.
    pub fn crop(&self, values: Vec<f32>) -> Vec<f32> {
        if self.is_none() {
            return values;
        }
        let plane = self.padded_height * self.padded_width;
        let mut cropped = Vec::with_capacity(values.len() / plane * self.height * self.width);
        for channel in values.chunks_exact(plane) {
            for row in self.top..self.top + self.height {
                let start = row * self.padded_width + self.left;
                cropped.extend_from_slice(&channel[start..start + self.width]);
            }
        }
        cropped
    }

    fn is_none(&self) -> bool {
        self.height == self.padded_height && self.width == self.padded_width
    }
}

/// The pixel that is seen at `position` when a row of `count` pixels lies between two mirrors at its outer pixels.
pub(super) fn reflected(position: isize, count: usize) -> usize {
    if count == 1 {
        return 0;
    }
    let period = 2 * (count - 1);
    let position = position.rem_euclid(period as isize) as usize;
    position.min(period - position)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reflection_does_not_repeat_the_edge_and_goes_back_and_forth() {
        let row: Vec<usize> = (-5..8).map(|position| reflected(position, 3)).collect();
        assert_eq!(row, [1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1]);
        assert_eq!(reflected(-9, 1), 0);
    }

    #[test]
    fn a_small_picture_is_padded_on_all_sides() {
        let padding = Padding::new(2, 3, 4, 1);
        let padded = padding.pad(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        #[rustfmt::skip]
        let expected = [
            4.0, 5.0, 6.0, 5.0,
            1.0, 2.0, 3.0, 2.0,
            4.0, 5.0, 6.0, 5.0,
            1.0, 2.0, 3.0, 2.0,
        ];
        assert_eq!(padded, expected);
    }

    proptest! {
        #[test]
        fn padding_is_minimal_and_cropping_undoes_it(
            height in 1usize..71,
            width in 1usize..71,
            channels in prop_oneof![Just(1usize), Just(3)],
            multiple in 4usize..65,
            smallest in 1usize..100,
        ) {
            let padding = Padding::new(height, width, multiple, smallest);
            for (padded, side) in [(padding.padded_height, height), (padding.padded_width, width)] {
                prop_assert!(padded % multiple == 0 && padded >= side && padded >= smallest);
                prop_assert!(padded - multiple < side.max(smallest));
            }
            let values: Vec<f32> = (0..channels * height * width).map(|value| value as f32).collect();
            let padded = padding.pad(values.clone());
            prop_assert_eq!(padded.len(), channels * padding.padded_height * padding.padded_width);
            prop_assert_eq!(padding.crop(padded), values);
        }
    }
}
