//! Tiles of pictures to the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one channel has a line in the matrix of every point"
)]

use std::array::from_fn;
use std::ops::Range;

use super::deinterleave::Deinterleaver;
use super::lines::{Lines, Transform, across, lines};
use super::transform::{OUTPUTS, POINTS, ReadGradient, ReadInput};
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
    pub(super) fn pixels(&self) -> usize {
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
