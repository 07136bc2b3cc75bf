//! col2im: adds columns back into the pixels that they were taken from.

use std::ops::Range;

use super::geometry::Geometry;
use super::im2col::Phases;

/// Sums for some channels and rows of the input of one picture.
pub(super) struct Accumulator {
    phases: Phases,
    geometry: Geometry,
    rows: Range<usize>,
    /// `[channels, rows, stride, width of the phases]`.
    values: Vec<f32>,
}

impl Accumulator {
    /// Sums of zero for `channels` channels and these rows of the input.
    pub(super) fn new(geometry: &Geometry, channels: usize, rows: Range<usize>) -> Self {
        let phases = Phases::new(geometry);
        Self {
            values: vec![0.0; channels * rows.len() * phases.row()],
            phases,
            geometry: *geometry,
            rows,
        }
    }

    /// The rows of the output whose kernels reach these rows of the input.
    pub(super) fn output_rows(&self) -> Range<usize> {
        let geometry = &self.geometry;
        let start = (self.rows.start + geometry.padding_y + 1)
            .saturating_sub(geometry.kernel_height)
            .div_ceil(geometry.stride);
        let end = (self.rows.end - 1 + geometry.padding_y) / geometry.stride + 1;
        let end = end.min(geometry.output_height);
        start.min(end)..end
    }

    /// Adds the columns of these rows of the output, laid out as `im2col::im2col` does with a stride of all pixels.
    pub(super) fn add(&mut self, columns: &[f32], output_rows: Range<usize>) {
        let Geometry {
            stride,
            padding_y,
            output_width,
            ..
        } = self.geometry;
        let taps = self.geometry.taps();
        let row_length = self.phases.row();
        for (index, line) in columns
            .chunks_exact(output_rows.len() * output_width)
            .enumerate()
        {
            let (channel, tap) = (index / taps, index % taps);
            let (kernel_row, kernel_column) = (
                tap / self.geometry.kernel_width,
                tap % self.geometry.kernel_width,
            );
            let start = self.phases.start(kernel_column);
            for (output_row, line) in output_rows.clone().zip(line.chunks_exact(output_width)) {
                let row = (output_row * stride + kernel_row).wrapping_sub(padding_y);
                if !self.rows.contains(&row) {
                    continue;
                }
                let row = channel * self.rows.len() + row - self.rows.start;
                let sums = &mut self.values[row * row_length + start..][..output_width];
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += value;
                }
            }
        }
    }

    /// Writes the rows of one channel, numbered from 0 among those of these sums, plus `bias`.
    pub(super) fn write(&self, channel: usize, bias: f32, pixels: &mut [f32]) {
        let row_length = self.phases.row();
        let sums = &self.values[channel * self.rows.len() * row_length..];
        for (row, sums) in pixels
            .chunks_exact_mut(self.geometry.input_width)
            .zip(sums.chunks_exact(row_length))
        {
            // Columns right of the last kernel belong to no output.
            let reached = (self.phases.row()).saturating_sub(self.geometry.padding_x);
            row[reached.min(self.geometry.input_width)..].fill(bias);
            for (remainder, sums) in sums.chunks_exact(self.phases.width).enumerate() {
                let inside = self.phases.inside(remainder);
                if inside.is_empty() {
                    continue;
                }
                let first = self.phases.pixel(remainder, inside.start);
                let pixels = row[first..].iter_mut().step_by(self.geometry.stride);
                for (pixel, sum) in pixels.zip(&sums[inside]) {
                    *pixel = sum + bias;
                }
            }
        }
    }
}
