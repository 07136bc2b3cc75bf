//! The pixels of a large translation, which are filled row by row.

use std::ops::Range;

use crate::apply::padding::Padding;
use crate::data::pixels_from_values;

/// A translation without the border that the network needed.
#[derive(Debug)]
pub(in crate::apply) struct Canvas {
    padding: Padding,
    channels: usize,
    /// Rows of interleaved channels, as many as are there.
    pixels: Vec<u8>,
}

impl Canvas {
    pub(in crate::apply) fn new(padding: Padding, channels: usize) -> Self {
        Self {
            padding,
            channels,
            pixels: Vec::with_capacity(padding.height * padding.width * channels),
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
        self.pixels
            .extend(pixels_from_values(&cropped, self.channels));
        Ok(())
    }

    /// The pixels, `[height, width, channels]`, flattened; an error if there are not all of them.
    pub(in crate::apply) fn into_pixels(self) -> Result<Vec<u8>, String> {
        let expected = self.padding.height * self.padding.width * self.channels;
        if self.pixels.len() == expected {
            return Ok(self.pixels);
        }
        Err(format!(
            "the network gave {} pixels instead of {expected}",
            self.pixels.len()
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
        let mut canvas = Canvas::new(padding, 1);
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
        assert_eq!(canvas.into_pixels().unwrap(), expected);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let padding = Padding::new(4, 4, 4, 1);
        let mut canvas = Canvas::new(padding, 1);
        assert!(canvas.write(0..1, &[0.0; 3]).is_err());
        assert!(canvas.write(0..1, &[f32::NAN; 4]).is_err());
        canvas.write(0..1, &[0.0; 4]).unwrap();
        assert!(
            canvas
                .into_pixels()
                .unwrap_err()
                .contains("4 pixels instead of 16")
        );
    }
}
