//! Rows of some channels with zeros around them.

use std::ops::Range;

/// The layout of a part of some channels in a buffer: `[channels, rows, width]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// The first row and column; what lies outside of a plane is 0.
    pub(super) first: [isize; 2],
    pub(super) rows: usize,
    pub(super) width: usize,
}

impl Layout {
    /// Numbers of a channel.
    pub(super) fn channel(&self) -> usize {
        self.rows * self.width
    }

    /// Copies channels of a picture, `[channels, height, width]`.
    pub(super) fn copy(
        &self,
        picture: &[f32],
        [height, width]: [usize; 2],
        channels: Range<usize>,
        buffer: &mut [f32],
    ) {
        let [top, left] = self.first;
        for (channel, buffer) in channels.zip(buffer.chunks_exact_mut(self.channel())) {
            let plane = &picture[channel * height * width..][..height * width];
            for (row, line) in buffer.chunks_exact_mut(self.width).enumerate() {
                match usize::try_from(top + row as isize) {
                    Ok(row) if row < height => copy_row(&plane[row * width..][..width], left, line),
                    _ => line.fill(0.0),
                }
            }
        }
    }
}

/// Copies the pixels of a row from `first` on.
fn copy_row(row: &[f32], first: isize, line: &mut [f32]) {
    let before = usize::try_from(-first).unwrap_or(0).min(line.len());
    let pixels = row.get(first.max(0) as usize..).unwrap_or_default();
    let count = pixels.len().min(line.len() - before);
    line[..before].fill(0.0);
    line[before..before + count].copy_from_slice(&pixels[..count]);
    line[before + count..].fill(0.0);
}
