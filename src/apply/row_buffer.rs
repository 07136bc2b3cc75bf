//! A picture in memory, by rows.

use std::ops::Range;

use super::row_access::RowAccess;
use crate::nn::BandLimits;

/// Bytes for the features of one band, after a whole picture was too much.
const WORKING: u64 = 128 << 20;

/// Bytes for the features between the passes.
const KEPT: u64 = 1 << 30;

/// A picture, and the one that is made of it.
#[derive(Debug)]
pub(super) struct RowBuffer {
    picture: Vec<f32>,
    channels: usize,
    height: usize,
    width: usize,
    /// How many times larger the output is.
    scale: usize,
    /// Parts of the output, each of some of its rows.
    made: Vec<(Range<usize>, Vec<f32>)>,
}

impl RowBuffer {
    /// `picture` is `[channels, height, width]`, flattened, and both sides of what is made of it are `scale` times as long.
    pub(super) fn new(picture: Vec<f32>, dims: [usize; 3], scale: usize) -> Self {
        let [channels, height, width] = dims;
        Self {
            picture,
            channels,
            height,
            width,
            scale,
            made: Vec::new(),
        }
    }

    /// How much its bands may take.
    pub(super) fn limits() -> BandLimits {
        BandLimits {
            rows: None,
            working: WORKING,
            kept: KEPT,
            folder: std::env::temp_dir(),
        }
    }

    /// The output, `[channels, scale * height, scale * width]`, flattened.
    pub(super) fn into_made(self) -> Vec<f32> {
        let width = self.width * self.scale;
        let area = self.height * self.scale * width;
        let channels = self
            .made
            .iter()
            .map(|(_, values)| values.len())
            .sum::<usize>()
            / area.max(1);
        let mut all = vec![0.0; channels * area];
        for (rows, values) in self.made {
            let (start, length) = (rows.start * width, rows.len() * width);
            for (plane, part) in all.chunks_exact_mut(area).zip(values.chunks_exact(length)) {
                plane[start..start + length].copy_from_slice(part);
            }
        }
        all
    }
}

impl RowAccess for RowBuffer {
    fn padded_height(&self) -> usize {
        self.height
    }

    fn padded_width(&self) -> usize {
        self.width
    }

    fn read(&self, rows: Range<usize>) -> Result<Vec<f32>, String> {
        let planes = self.picture.chunks_exact(self.height * self.width);
        let inside = rows.start * self.width..rows.end * self.width;
        Ok(planes
            .take(self.channels)
            .flat_map(|plane| &plane[inside.clone()])
            .copied()
            .collect())
    }

    fn write(&mut self, rows: Range<usize>, values: Vec<f32>) -> Result<(), String> {
        self.made.push((rows, values));
        Ok(())
    }

    fn progress(&mut self, _share: f64) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_where_they_belong() {
        let picture: Vec<f32> = (0..2 * 5 * 3).map(|value| value as f32).collect();
        let mut buffer = RowBuffer::new(picture.clone(), [2, 5, 3], 1);
        for rows in [0..2, 2..3, 3..5] {
            let values = buffer.read(rows.clone()).unwrap();
            assert_eq!(values.len(), 2 * rows.len() * 3);
            buffer.write(rows, values).unwrap();
        }
        assert_eq!(buffer.into_made(), picture);
    }
}
