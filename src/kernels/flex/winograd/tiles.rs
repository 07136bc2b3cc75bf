//! Tiles of pictures at the points of the transform, and back.
#![expect(
    unsafe_code,
    reason = "one channel has a line in the matrix of every point"
)]

use std::array::from_fn;
use std::ops::Range;

use super::lines::{Halves, across, combine, merge};
use super::transform::{INPUT, OUTPUT, OUTPUT_GRADIENT, OUTPUTS, POINTS};
use crate::kernels::flex::parts::Parts;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::workers::Workers;

/// The planes of one picture and where the tiles lie on them, each [`OUTPUTS`] pixels after the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows above, and columns left of, the first pixel where the first tile begins.
    pub(super) border: usize,
    /// Tiles beside each other.
    pub(super) tile_columns: usize,
}

impl Planes {
    fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Rows of pixels as halves in which the pixels of tiles that reach `reach` pixels far are neighbours.
    fn halves(&self, reach: usize) -> Halves {
        Halves {
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
    workers: Workers,
    matrices: &mut [f32],
) {
    read(
        &INPUT,
        |numbers, points| across(&INPUT, numbers, points),
        planes,
        inputs,
        tile_rows,
        workers,
        matrices,
    );
}

/// The same for gradients of outputs.
pub(super) fn read_gradients(
    planes: &Planes,
    gradients: &[f32],
    tile_rows: Range<usize>,
    workers: Workers,
    matrices: &mut [f32],
) {
    read(
        &OUTPUT_GRADIENT,
        |numbers, points| across(&OUTPUT_GRADIENT, numbers, points),
        planes,
        gradients,
        tile_rows,
        workers,
        matrices,
    );
}

/// Reads tiles with a transform that is given for the rows, and as a function for the columns: there it has to be known when
/// the program is compiled, or it takes four times as long.
fn read<const REACH: usize>(
    rows_transform: &[[f32; REACH]; POINTS],
    columns_transform: impl Fn([&[f32]; REACH], [&mut [f32]; POINTS]) + Sync,
    planes: &Planes,
    picture: &[f32],
    tile_rows: Range<usize>,
    workers: Workers,
    matrices: &mut [f32],
) {
    let channels = picture.len() / planes.pixels();
    let (rows, columns) = (tile_rows.len(), planes.tile_columns);
    let halves = planes.halves(REACH);
    // Even rows first, then odd ones, as the columns are: what belongs together in all tiles is then one stretch.
    let half_rows = rows + (REACH - 1) / OUTPUTS;
    let (half, length) = (half_rows * halves.length(), rows * halves.length());
    let parts = Parts::new(matrices);
    workers.for_each(channels, |channel| {
        let plane = &picture[channel * planes.pixels()..][..planes.pixels()];
        let mut split = Scratch::new(OUTPUTS * half);
        let mut points = Scratch::new(POINTS * length);
        for (index, numbers) in split.chunks_exact_mut(halves.length()).enumerate() {
            let row = (tile_rows.start + index % half_rows) * OUTPUTS + index / half_rows;
            let row = row.wrapping_sub(planes.border);
            if row < planes.height {
                halves.split(&plane[row * planes.width..][..planes.width], numbers);
            } else {
                numbers.fill(0.0);
            }
        }
        for (line, factors) in points.chunks_exact_mut(length).zip(rows_transform) {
            combine(line, factors, |number| {
                let start = number % OUTPUTS * half + number / OUTPUTS * halves.length();
                &split[start..start + length]
            });
        }
        for (index, row) in points.chunks_exact(halves.length()).enumerate() {
            let (point, tile_row) = (index / rows, index % rows);
            let targets = from_fn(|column| {
                let line = (point * POINTS + column) * channels + channel;
                let start = (line * rows + tile_row) * columns;
                // SAFETY: no other task has this channel.
                unsafe { parts.slice(start..start + columns) }
            });
            columns_transform(from_fn(|number| halves.from(row, number)), targets);
        }
    });
}

/// Writes some rows of tiles from `matrices`, `[points, channels, tiles]`, to a picture, `[channels, height, width]`, plus
/// `bias` for each channel where it is not empty.
pub(super) fn write(
    planes: &Planes,
    matrices: &[f32],
    tile_rows: Range<usize>,
    bias: &[f32],
    workers: Workers,
    picture: &mut [f32],
) {
    let channels = picture.len() / planes.pixels();
    let columns = planes.tile_columns;
    let tiles = tile_rows.len() * columns;
    let rows = tile_rows.start * OUTPUTS..(tile_rows.end * OUTPUTS).min(planes.height);
    let parts = Parts::new(picture);
    workers.for_each(channels, |channel| {
        let pixels = channel * planes.pixels()..(channel + 1) * planes.pixels();
        // SAFETY: no other task has this channel.
        let plane = unsafe { parts.slice(pixels) };
        let mut points = Scratch::new(POINTS * tiles);
        let mut outputs = Scratch::new(OUTPUTS * tiles);
        let bias = bias.get(channel).copied().unwrap_or(0.0);
        for (output, factors) in OUTPUT.iter().enumerate() {
            for (column, line) in points.chunks_exact_mut(tiles).enumerate() {
                combine(line, factors, |row| {
                    let line = (row * POINTS + column) * channels + channel;
                    &matrices[line * tiles..][..tiles]
                });
            }
            for (line, factors) in outputs.chunks_exact_mut(tiles).zip(&OUTPUT) {
                combine(line, factors, |point| &points[point * tiles..][..tiles]);
            }
            let (even, odd) = outputs.split_at(tiles);
            let lines = even.chunks_exact(columns).zip(odd.chunks_exact(columns));
            for (row, (even, odd)) in rows.clone().skip(output).step_by(OUTPUTS).zip(lines) {
                let row = &mut plane[row * planes.width..][..planes.width];
                merge(even, odd, bias, row);
            }
        }
    });
}
