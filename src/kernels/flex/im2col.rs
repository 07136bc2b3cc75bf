//! im2col: for each output pixel a column of the input pixels under its kernel.

use std::ops::Range;

use super::geometry::Geometry;

/// Padded rows of one channel, split by the remainder of the column divided by the stride.
///
/// Whatever the stride, the pixels under one tap of the kernel are then neighbours for neighbouring outputs.
pub(super) struct Phases {
    /// Pixels per remainder in a row.
    pub(super) width: usize,
    stride: usize,
    padding: usize,
    input_width: usize,
}

impl Phases {
    pub(super) fn new(geometry: &Geometry) -> Self {
        Self {
            width: geometry.output_width + (geometry.kernel_width - 1) / geometry.stride,
            stride: geometry.stride,
            padding: geometry.padding_x,
            input_width: geometry.input_width,
        }
    }

    /// Elements of one split row.
    pub(super) fn row(&self) -> usize {
        self.width * self.stride
    }

    /// Where the pixels under the taps of one column of the kernel start in a split row.
    pub(super) fn start(&self, kernel_column: usize) -> usize {
        (kernel_column % self.stride) * self.width + kernel_column / self.stride
    }

    /// The slots of one remainder that lie on pixels of the input, not in the padding.
    pub(super) fn inside(&self, remainder: usize) -> Range<usize> {
        let first = self.padding.saturating_sub(remainder).div_ceil(self.stride);
        let end = (self.input_width + self.padding)
            .saturating_sub(remainder)
            .div_ceil(self.stride)
            .min(self.width);
        first.min(end)..end
    }

    /// The input pixel of a slot inside.
    pub(super) fn pixel(&self, remainder: usize, slot: usize) -> usize {
        slot * self.stride + remainder - self.padding
    }

    /// Splits one row of the input.
    fn split(&self, row: &[f32], split: &mut [f32]) {
        for (remainder, slots) in split.chunks_exact_mut(self.width).enumerate() {
            let inside = self.inside(remainder);
            slots[..inside.start].fill(0.0);
            slots[inside.end..].fill(0.0);
            if inside.is_empty() {
                continue;
            }
            let pixels = &row[self.pixel(remainder, inside.start)..];
            let slots = &mut slots[inside];
            match self.stride {
                1 => slots.copy_from_slice(&pixels[..slots.len()]),
                2 => every_second(pixels, slots),
                stride => {
                    for (slot, &pixel) in slots.iter_mut().zip(pixels.iter().step_by(stride)) {
                        *slot = pixel;
                    }
                }
            }
        }
    }
}

/// Copies every second pixel, in a loop of its own because a constant step is vectorised.
fn every_second(pixels: &[f32], slots: &mut [f32]) {
    let pairs = pixels.chunks_exact(2);
    let rest = pairs.remainder();
    let count = pairs.len();
    for (slot, pair) in slots.iter_mut().zip(pairs) {
        *slot = pair[0];
    }
    if let (Some(slot), Some(&pixel)) = (slots.get_mut(count), rest.first()) {
        *slot = pixel;
    }
}

/// Writes the columns of some input channels and some rows of the output of one picture.
///
/// `picture` is `[inputs, height, width]`. Row `(channel, kernel row, kernel column)` of `columns` starts `stride`
/// elements after the one before and holds the input pixels under that tap, output pixel by output pixel.
pub(super) fn im2col(
    geometry: &Geometry,
    picture: &[f32],
    channels: Range<usize>,
    rows: Range<usize>,
    columns: &mut [f32],
    stride: usize,
    scratch: &mut Vec<f32>,
) {
    let phases = Phases::new(geometry);
    let width = geometry.output_width;
    let split_rows = (rows.len() - 1) * geometry.stride + geometry.kernel_height;
    scratch.resize(split_rows * phases.row(), 0.0);
    let mut lines = columns.chunks_mut(stride);
    for channel in channels {
        let plane = &picture[channel * geometry.input_pixels()..][..geometry.input_pixels()];
        for (row, split) in scratch.chunks_exact_mut(phases.row()).enumerate() {
            let row = (rows.start * geometry.stride + row).wrapping_sub(geometry.padding_y);
            if row < geometry.input_height {
                let row = &plane[row * geometry.input_width..][..geometry.input_width];
                phases.split(row, split);
            } else {
                split.fill(0.0);
            }
        }
        for kernel_row in 0..geometry.kernel_height {
            for kernel_column in 0..geometry.kernel_width {
                let Some(line) = lines.next() else { return };
                let start = phases.start(kernel_column);
                for (row, line) in line.chunks_exact_mut(width).take(rows.len()).enumerate() {
                    let split = (row * geometry.stride + kernel_row) * phases.row() + start;
                    line.copy_from_slice(&scratch[split..split + width]);
                }
            }
        }
    }
}
