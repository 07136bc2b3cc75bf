//! The pixels of a large translation, which are filled row by row.

use std::ops::Range;
use std::path::Path;

use crate::apply::output_values::Output;
use crate::apply::padding::Padding;
use crate::picture::{SpooledPicture, colour_type, image_from_values, is_16_bit};

/// A translation without the border that the network needed.
#[derive(Debug)]
pub(in crate::apply) struct Canvas {
    padding: Padding,
    channels: usize,
    pixels: CanvasPixels,
}

#[derive(Debug)]
enum CanvasPixels {
    /// Grey or RGB, of 8 or 16 bits.
    Picture(SpooledPicture),
    /// `[channels, height, width]`, flattened, of which so many rows are there.
    Values(Vec<f32>, usize),
}

/// What a canvas holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::apply) enum CanvasKind {
    Bits8,
    Bits16,
    /// Values that will become other numbers.
    Values,
}

impl Canvas {
    /// A translation without any rows yet; if it is large, they will be in a file in `folder`, unless they are values.
    pub(in crate::apply) fn new(
        padding: Padding,
        channels: usize,
        kind: CanvasKind,
        folder: &Path,
    ) -> Result<Self, String> {
        let colour = match kind {
            CanvasKind::Values => None,
            CanvasKind::Bits8 => Some(colour_type(channels, false)),
            CanvasKind::Bits16 => Some(colour_type(channels, true)),
        };
        let size = (padding.width as u32, padding.height as u32);
        let pixels = if let Some(colour) = colour {
            let pixels = SpooledPicture::new(size, colour, folder);
            CanvasPixels::Picture(pixels.map_err(|error| error.to_string())?)
        } else {
            let count = channels * padding.width * padding.height;
            CanvasPixels::Values(vec![0.0; count], 0)
        };
        Ok(Self {
            padding,
            channels,
            pixels,
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
        let width = padding.width;
        match &mut self.pixels {
            CanvasPixels::Picture(pixels) => {
                let size = (width as u32, inside.len() as u32);
                let is_16_bit = is_16_bit(pixels.colour());
                let rows = image_from_values(&cropped, self.channels, is_16_bit, size);
                let rows = rows.ok_or("the network gave another number of channels")?;
                pixels.push(&rows).map_err(|error| error.to_string())
            }
            CanvasPixels::Values(values, done) => {
                let area = padding.height * width;
                let planes = values.chunks_exact_mut(area);
                for (plane, rows) in planes.zip(cropped.chunks_exact(inside.len() * width)) {
                    plane[*done * width..][..rows.len()].copy_from_slice(rows);
                }
                *done += inside.len();
                Ok(())
            }
        }
    }

    /// All pixels; an error if there are not all of them.
    pub(in crate::apply) fn into_output(self) -> Result<Output, String> {
        match self.pixels {
            CanvasPixels::Picture(pixels) if pixels.is_complete() => Ok(Output::Spooled(pixels)),
            CanvasPixels::Values(values, done) if done == self.padding.height => {
                Ok(Output::Cropped(values))
            }
            _ => Err("the network gave fewer rows than the picture has".to_owned()),
        }
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
        let mut canvas = Canvas::new(padding, 1, CanvasKind::Bits8, Path::new("absent")).unwrap();
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
        let Output::Spooled(pixels) = canvas.into_output().unwrap() else {
            panic!("values");
        };
        let picture = pixels.whole().unwrap();
        assert_eq!(picture.into_luma8().into_raw(), expected);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let padding = Padding::new(4, 4, 4, 1);
        let mut canvas = Canvas::new(padding, 1, CanvasKind::Bits8, Path::new("absent")).unwrap();
        assert!(canvas.write(0..1, &[0.0; 3]).is_err());
        assert!(canvas.write(0..1, &[f32::NAN; 4]).is_err());
        canvas.write(0..1, &[0.0; 4]).unwrap();
        let error = canvas.into_output().err().unwrap();
        assert!(error.contains("fewer rows"));
    }
}
