//! The pixels of a large translation, which are filled row by row.

use std::ops::Range;
use std::path::Path;

use image::ColorType;

use crate::apply::padding::Padding;
use crate::picture::{SpooledPicture, image_from_values};

/// A translation without the border that the network needed.
#[derive(Debug)]
pub(in crate::apply) struct Canvas {
    padding: Padding,
    channels: usize,
    is_16_bit: bool,
    pixels: SpooledPicture,
}

impl Canvas {
    /// A translation of 1 or 3 channels without any rows yet; if it is large, they will be in a file in `folder`.
    pub(in crate::apply) fn new(
        padding: Padding,
        channels: usize,
        is_16_bit: bool,
        folder: &Path,
    ) -> Result<Self, String> {
        let colour = match (channels, is_16_bit) {
            (1, false) => ColorType::L8,
            (1, true) => ColorType::L16,
            (_, false) => ColorType::Rgb8,
            (_, true) => ColorType::Rgb16,
        };
        let size = (padding.width as u32, padding.height as u32);
        let pixels = SpooledPicture::new(size, colour, folder);
        Ok(Self {
            padding,
            channels,
            is_16_bit,
            pixels: pixels.map_err(|error| error.to_string())?,
        })
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
        let size = (padding.width as u32, inside.len() as u32);
        let rows = image_from_values(&cropped, self.channels, self.is_16_bit, size);
        let rows = rows.ok_or("the network gave another number of channels")?;
        self.pixels.push(&rows).map_err(|error| error.to_string())
    }

    /// All pixels; an error if there are not all of them.
    pub(in crate::apply) fn into_pixels(self) -> Result<SpooledPicture, String> {
        if self.pixels.is_complete() {
            return Ok(self.pixels);
        }
        Err("the network gave fewer rows than the picture has".to_owned())
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
        let mut canvas = Canvas::new(padding, 1, false, Path::new("absent")).unwrap();
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
        let picture = canvas.into_pixels().unwrap().whole().unwrap();
        assert_eq!(picture.into_luma8().into_raw(), expected);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let padding = Padding::new(4, 4, 4, 1);
        let mut canvas = Canvas::new(padding, 1, false, Path::new("absent")).unwrap();
        assert!(canvas.write(0..1, &[0.0; 3]).is_err());
        assert!(canvas.write(0..1, &[f32::NAN; 4]).is_err());
        canvas.write(0..1, &[0.0; 4]).unwrap();
        assert!(canvas.into_pixels().unwrap_err().contains("fewer rows"));
    }
}
