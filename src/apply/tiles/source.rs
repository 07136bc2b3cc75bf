//! Where the rows of a large picture come from: its pixels, of which only some rows are values at one time.

use std::ops::Range;

use crate::apply::padding::{Padding, reflected};
use crate::data::Raster;

/// The pixels of a picture (or its maps, one after the other) and the border that the network needs around them.
#[derive(Debug)]
pub(in crate::apply) struct Source {
    /// Each of the padding's width and height.
    pub(in crate::apply) rasters: Vec<Raster>,
    pub(in crate::apply) padding: Padding,
}

impl Source {
    /// Rows with their border, `[channels, rows, padded_width]`, flattened.
    pub(in crate::apply) fn rows(&self, rows: Range<usize>) -> Vec<f32> {
        let padding = &self.padding;
        let mut values = Vec::new();
        for raster in &self.rasters {
            let first = values.len();
            for (place, row) in rows.clone().enumerate() {
                let row = reflected(row as isize - padding.top as isize, padding.height);
                let row = raster.rows(row..row + 1).values();
                let channels = row.chunks_exact(padding.width);
                let line = rows.len() * padding.padded_width;
                values.resize(first + channels.len() * line, 0.0);
                for (channel, row) in channels.enumerate() {
                    let start = first + channel * line + place * padding.padded_width;
                    padding.pad_row(row, &mut values[start..start + padding.padded_width]);
                }
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn rows_are_those_of_the_padded_picture() {
        let pixels: Vec<u8> = (0..7 * 5 * 3).map(|value| value as u8 * 2).collect();
        let picture = RgbImage::from_raw(5, 7, pixels).unwrap();
        let raster = Raster::new(picture, 3);
        let padding = Padding::new(7, 5, 8, 16);
        let whole = padding.pad(raster.values());
        let source = Source {
            rasters: vec![raster],
            padding,
        };
        assert_eq!(source.rows(0..16), whole);
        let plane = 16 * 16;
        for rows in [0..1, 3..9, 12..16] {
            let expected: Vec<f32> = (0..3)
                .flat_map(|channel| &whole[channel * plane..][rows.start * 16..rows.end * 16])
                .copied()
                .collect();
            assert_eq!(source.rows(rows.clone()), expected, "{rows:?}");
        }
    }
}
