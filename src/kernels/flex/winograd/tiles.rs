//! Tiles of pictures to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one channel has a line in the matrix of every point"
)]

use std::array::from_fn;
use std::ops::Range;

use super::deinterleave::{Deinterleaver, interleave};
use super::lines::{Lines, Transform, across, lines};
use super::transform::{OUTPUTS, POINTS, ReadGradient, ReadInput, WriteOutput};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// The planes of one picture and the tiles on them, each [`OUTPUTS`] pixels after the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows above, and columns left of, the first pixel where the first tile begins.
    pub(super) border: usize,
    /// Tiles per row.
    pub(super) tile_columns: usize,
}

impl Planes {
    fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Sorts rows of pixels for tiles of `reach` pixels.
    fn deinterleaver(&self, reach: usize) -> Deinterleaver {
        Deinterleaver {
            width: self.tile_columns + (reach - 1) / OUTPUTS,
            border: self.border,
        }
    }
}

/// Writes some rows of tiles of inputs, `[channels, height, width]`, to `matrices`, `[points, channels, tiles]`.
pub(super) fn read_inputs(
    planes: &Planes,
    inputs: &[f32],
    tile_rows: Range<usize>,
    workers: impl Workers,
    matrices: &mut [f32],
) {
    read(ReadInput, planes, inputs, tile_rows, workers, matrices);
}

/// As [`read_inputs`], for gradients of outputs.
pub(super) fn read_gradients(
    planes: &Planes,
    gradients: &[f32],
    tile_rows: Range<usize>,
    workers: impl Workers,
    matrices: &mut [f32],
) {
    read(
        ReadGradient,
        planes,
        gradients,
        tile_rows,
        workers,
        matrices,
    );
}

fn read<const REACH: usize>(
    transform: impl Transform<REACH, POINTS> + Copy + Sync,
    planes: &Planes,
    picture: &[f32],
    tile_rows: Range<usize>,
    workers: impl Workers,
    matrices: &mut [f32],
) {
    let channels = picture.len() / planes.pixels();
    let (rows, columns) = (tile_rows.len(), planes.tile_columns);
    let deinterleaver = planes.deinterleaver(REACH);
    // Rows are sorted, too, so that what belongs together in all tiles is contiguous.
    let line_rows = rows + (REACH - 1) / OUTPUTS;
    let (line, length) = (
        line_rows * deinterleaver.length(),
        rows * deinterleaver.length(),
    );
    let parts = DisjointSlices::new(matrices);
    workers.for_each(channels, |channel| {
        let plane = &picture[channel * planes.pixels()..][..planes.pixels()];
        let mut numbers = Scratch::new(OUTPUTS * line);
        let mut points = Scratch::new(POINTS * length);
        for (index, numbers) in numbers.chunks_exact_mut(deinterleaver.length()).enumerate() {
            let row = (tile_rows.start + index % line_rows) * OUTPUTS + index / line_rows;
            let row = row.wrapping_sub(planes.border);
            if row < planes.height {
                deinterleaver.deinterleave(&plane[row * planes.width..][..planes.width], numbers);
            } else {
                numbers.fill(0.0);
            }
        }
        let sources = from_fn(|number| {
            &numbers[number % OUTPUTS * line + number / OUTPUTS * deinterleaver.length()..]
        });
        across(
            transform,
            Lines::one(length),
            sources,
            lines(&mut points, length),
        );
        let tiles = Lines {
            count: rows,
            length: columns,
            source_stride: deinterleaver.length(),
        };
        for (point, rows) in points.chunks_exact(length).enumerate() {
            let targets = from_fn(|column| {
                let line = (point * POINTS + column) * channels + channel;
                let start = line * tiles.count * columns;
                // SAFETY: no other task has this channel.
                unsafe { parts.slice(start..start + tiles.count * columns) }
            });
            let sources = from_fn(|number| deinterleaver.from(rows, number));
            across(transform, tiles, sources, targets);
        }
    });
}

/// Writes some rows of tiles from `matrices`, `[points, channels, tiles]`, to a picture, `[channels, height, width]`, plus
/// `bias` for each channel where it is not empty. Zeroes and writes all pixels of these rows.
///
/// # Safety
/// Nobody else reads or writes them meanwhile.
pub(super) unsafe fn write(
    planes: &Planes,
    matrices: &[f32],
    tile_rows: Range<usize>,
    bias: &[f32],
    workers: impl Workers,
    picture: DisjointSlices<'_>,
) {
    let channels = picture.len() / planes.pixels();
    let columns = planes.tile_columns;
    let tiles = tile_rows.len() * columns;
    let rows = tile_rows.start * OUTPUTS..(tile_rows.end * OUTPUTS).min(planes.height);
    workers.for_each(channels, |channel| {
        let start = channel * planes.pixels();
        let pixels = start + rows.start * planes.width..start + rows.end * planes.width;
        // SAFETY: no other task has this channel.
        let pixels = unsafe { picture.zeroed(pixels) };
        let bias = bias.get(channel).copied().unwrap_or(0.0);
        let mut half = Scratch::new(POINTS * OUTPUTS * tiles);
        let mut outputs = Scratch::new(OUTPUTS * tiles);
        for (column, half) in half.chunks_exact_mut(OUTPUTS * tiles).enumerate() {
            let points = from_fn(|row| {
                let line = (row * POINTS + column) * channels + channel;
                &matrices[line * tiles..]
            });
            across(WriteOutput, Lines::one(tiles), points, lines(half, tiles));
        }
        for slot in 0..OUTPUTS {
            let points = from_fn(|column| &half[(column * OUTPUTS + slot) * tiles..]);
            across(
                WriteOutput,
                Lines::one(tiles),
                points,
                lines(&mut outputs, tiles),
            );
            let rows = pixels.chunks_exact_mut(planes.width);
            for (tile_row, row) in rows.skip(slot).step_by(OUTPUTS).enumerate() {
                let lines = from_fn(|column| &outputs[column * tiles + tile_row * columns..]);
                interleave(lines, bias, row);
            }
        }
    });
}
