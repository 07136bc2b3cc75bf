//! The pixels of a large translation, which are filled row by row.

use std::ops::Range;

use crate::apply::levels::Levels;
use crate::apply::padding::Padding;

/// A translation without the border that the network needed.
#[derive(Debug)]
pub(in crate::apply) struct Canvas {
    padding: Padding,
    channels: usize,
    /// Rows, as many as are there.
    levels: Levels,
}

impl Canvas {
    pub(in crate::apply) fn new(padding: Padding, channels: usize, is_deep: bool) -> Self {
        Self {
            padding,
            channels,
            levels: Levels::with_capacity(padding.height * padding.width * channels, is_deep),
        }
    }

    /// Takes the next rows, `[channels, rows, padded_width]`.
    pub(in crate::apply) fn write(
        &mut self,
        rows: Range<usize>,
        values: &[f32],
    ) -> Result<(), String> {
        let padding = &self.padding;
        let expected = self.channels * rows.len() * padding.padded_width;
        if values.len() != expected {
            return Err(format!(
                "the network gave {} values instead of {expected}",
                values.len()
            ));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err("the network gave values that are not finite numbers".to_owned());
        }
        let inside = rows.start.max(padding.top)..rows.end.min(padding.top + padding.height);
        let mut cropped = Vec::with_capacity(self.channels * inside.len() * padding.width);
        for channel in values.chunks_exact(rows.len() * padding.padded_width) {
            for row in inside.clone() {
                let start = (row - rows.start) * padding.padded_width + padding.left;
                cropped.extend_from_slice(&channel[start..start + padding.width]);
            }
        }
        self.levels.extend(&cropped, self.channels);
        Ok(())
    }

    /// All levels; an error if there are not all of them.
    pub(in crate::apply) fn into_levels(self) -> Result<Levels, String> {
        let expected = self.padding.height * self.padding.width * self.channels;
        if self.levels.len() == expected {
            return Ok(self.levels);
        }
        Err(format!(
            "the network gave {} levels instead of {expected}",
            self.levels.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_cropped_to_the_picture() {
        let padding = Padding::new(5, 3, 4, 1);
        let (height, width) = (padding.padded_height, padding.padded_width);
        let value = |row: usize, column: usize| (row * 10 + column) as f32 / 127.5 - 1.0;
        let mut canvas = Canvas::new(padding, 1, false);
        for rows in [0..1, 1..6, 6..height] {
            let values: Vec<f32> = rows
                .clone()
                .flat_map(|row| (0..width).map(move |column| value(row, column)))
                .collect();
            canvas.write(rows, &values).unwrap();
        }
        let expected: Vec<u8> = (padding.top..padding.top + 5)
            .flat_map(|row| (padding.left..padding.left + 3).map(move |column| row * 10 + column))
            .map(|level| level as u8)
            .collect();
        let Levels::Eight(levels) = canvas.into_levels().unwrap() else {
            panic!("eight bits were asked for");
        };
        assert_eq!(levels, expected);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let padding = Padding::new(4, 4, 4, 1);
        let mut canvas = Canvas::new(padding, 1, false);
        assert!(canvas.write(0..1, &[0.0; 3]).is_err());
        assert!(canvas.write(0..1, &[f32::NAN; 4]).is_err());
        canvas.write(0..1, &[0.0; 4]).unwrap();
        assert!(
            canvas
                .into_levels()
                .unwrap_err()
                .contains("4 levels instead of 16")
        );
    }
}
