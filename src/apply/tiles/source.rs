//! Where the rows of a large picture come from: its pixels, of which only some rows are values at one time.

use std::ops::Range;
use std::sync::Arc;

use image::DynamicImage;

use crate::apply::padding::{Padding, reflected};
use crate::config::Colours;
use crate::picture::{LuminanceSums, Raster, SpooledPicture, lightness_values, network_values};

/// One picture or map.
#[derive(Debug)]
pub(in crate::apply) enum InputPlanes {
    /// A picture at its own size, of which the network sees so many channels.
    Picture {
        pixels: Arc<SpooledPicture>,
        channels: usize,
        colours: Colours,
    },
    /// Of 8 bits, or of ids.
    Raster(Raster),
    /// Of 16 bits: `[channels, height, width]`, flattened, in [-1, 1].
    Planes(Vec<f32>),
}

impl InputPlanes {
    /// All values, `[channels, height, width]`, flattened.
    pub(in crate::apply) fn into_values(self) -> Result<Vec<f32>, String> {
        match self {
            Self::Picture {
                pixels,
                channels,
                colours,
            } => {
                let whole = pixels.whole().map_err(|error| error.to_string())?;
                Ok(seen_values(whole, channels, colours))
            }
            Self::Raster(raster) => Ok(raster.values()),
            Self::Planes(values) => Ok(values),
        }
    }

    /// The values of one row, `[channels, width]`, flattened; `padding` has the picture's height and width.
    fn row(&self, row: usize, padding: &Padding) -> Result<Vec<f32>, String> {
        match self {
            Self::Picture {
                pixels,
                channels,
                colours,
            } => {
                let row = pixels.rows(row..row + 1);
                let row = row.map_err(|error| error.to_string())?;
                Ok(seen_values(row, *channels, *colours))
            }
            Self::Raster(raster) => Ok(raster.rows(row..row + 1).values()),
            Self::Planes(values) => Ok(values
                .chunks_exact(padding.height * padding.width)
                .flat_map(|plane| &plane[row * padding.width..][..padding.width])
                .copied()
                .collect()),
        }
    }
}

/// What networks see of a picture.
fn seen_values(picture: DynamicImage, channels: usize, colours: Colours) -> Vec<f32> {
    match colours {
        Colours::Rgb => network_values(picture, channels),
        Colours::Lab => lightness_values(&picture),
    }
}

/// The pixels of a picture (or its maps, one after the other) and the border that the network needs around them.
#[derive(Debug)]
pub(in crate::apply) struct InputRows {
    /// Each of the padding's width and height.
    pub(in crate::apply) layers: Vec<InputPlanes>,
    pub(in crate::apply) padding: Padding,
}

impl InputRows {
    /// Adds the pixels of a picture, without their border, of so many channels.
    pub(in crate::apply) fn add_luminance(
        &self,
        sums: &mut LuminanceSums,
        channels: usize,
    ) -> Result<(), String> {
        for layer in &self.layers {
            for row in 0..self.padding.height {
                sums.add(&layer.row(row, &self.padding)?, channels);
            }
        }
        Ok(())
    }

    /// Rows with their border, `[channels, rows, padded_width]`, flattened.
    pub(in crate::apply) fn rows(&self, rows: Range<usize>) -> Result<Vec<f32>, String> {
        let padding = &self.padding;
        let mut values = Vec::new();
        for layer in &self.layers {
            let first = values.len();
            for (place, row) in rows.clone().enumerate() {
                let row = reflected(row as isize - padding.top as isize, padding.height);
                let row = layer.row(row, padding)?;
                let channels = row.chunks_exact(padding.width);
                let line = rows.len() * padding.padded_width;
                values.resize(first + channels.len() * line, 0.0);
                for (channel, row) in channels.enumerate() {
                    let start = first + channel * line + place * padding.padded_width;
                    padding.pad_row(row, &mut values[start..start + padding.padded_width]);
                }
            }
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use image::RgbImage;

    use super::*;

    #[test]
    fn rows_are_those_of_the_padded_picture() {
        let pixels: Vec<u8> = (0..7 * 5 * 3).map(|value| value as u8 * 2).collect();
        let picture = RgbImage::from_raw(5, 7, pixels).unwrap();
        let spooled = SpooledPicture::of(&picture.clone().into(), Path::new("absent")).unwrap();
        let raster = Raster::new(picture, 3);
        let padding = Padding::new(7, 5, 8, 16);
        let whole = padding.pad(raster.values());
        let planes = InputPlanes::Planes(raster.values());
        let spooled = InputPlanes::Picture {
            pixels: Arc::new(spooled),
            channels: 3,
            colours: Colours::Rgb,
        };
        for layer in [InputPlanes::Raster(raster), planes, spooled] {
            let source = InputRows {
                layers: vec![layer],
                padding,
            };
            assert_eq!(source.rows(0..16).unwrap(), whole);
            let plane = 16 * 16;
            for rows in [0..1, 3..9, 12..16] {
                let expected: Vec<f32> = (0..3)
                    .flat_map(|channel| &whole[channel * plane..][rows.start * 16..rows.end * 16])
                    .copied()
                    .collect();
                assert_eq!(source.rows(rows.clone()).unwrap(), expected, "{rows:?}");
            }
        }
    }
}
