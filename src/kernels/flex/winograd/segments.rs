//! Tiles to the points of the transform and back, as many tiles at a time as a vector has numbers.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]
#![expect(unsafe_code, reason = "threads write parts of one picture")]

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

use super::deinterleave::{merge, split};
use super::lines::{Line, line, transform};
use super::tiles::Planes;
use super::transform::{OUTPUTS, POINTS, ReadInput, WriteOutput};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::prefetch::prefetch;
use crate::kernels::flex::tile::SEGMENT;

/// Channels between a request for pixels and their use.
const AHEAD: usize = 2;

/// Adjacent tiles of one row of tiles.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first one's place in the segment.
    lane: usize,
    row: usize,
    column: usize,
    count: usize,
}

/// Tiles that are transformed together, in order of rows.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    runs: Vec<Run>,
}

impl Segment {
    /// Divides all tiles of a picture.
    pub(super) fn divide(rows: usize, columns: usize) -> Vec<Self> {
        let tiles = rows * columns;
        let segment = |first: usize| {
            let end = (first + SEGMENT).min(tiles);
            let mut runs = Vec::new();
            let mut tile = first;
            while tile < end {
                let (row, column) = (tile / columns, tile % columns);
                let count = (columns - column).min(end - tile);
                runs.push(Run {
                    lane: tile - first,
                    row,
                    column,
                    count,
                });
                tile += count;
            }
            Self { runs }
        };
        (0..tiles).step_by(SEGMENT).map(segment).collect()
    }

    /// Transforms the tiles of all channels of a picture, `[channels, height, width]`, to `points`, `[POINTS * POINTS, channels, SEGMENT]`.
    pub(super) fn read(&self, planes: &Planes, picture: &[f32], points: &mut [f32]) {
        Arch::new().dispatch(Read {
            segment: self,
            planes,
            picture,
            points,
        });
    }

    /// Transforms points, of which there is one line every `stride` numbers, to a plane that starts at `start` of a picture, and adds
    /// `bias`.
    ///
    /// # Safety
    /// Nobody else reads or writes these tiles of the plane meanwhile.
    pub(super) unsafe fn write(
        &self,
        planes: &Planes,
        points: &[f32],
        stride: usize,
        bias: f32,
        picture: DisjointSlices<'_>,
        start: usize,
    ) {
        Arch::new().dispatch(Write {
            segment: self,
            planes,
            points,
            stride,
            bias,
            picture,
            start,
        });
    }
}

struct Read<'a> {
    segment: &'a Segment,
    planes: &'a Planes,
    picture: &'a [f32],
    points: &'a mut [f32],
}

impl WithSimd for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.picture.chunks_exact(self.planes.pixels());
        let length = channels.len() * SEGMENT;
        let mut inputs = [[0.0; SEGMENT]; POINTS * POINTS];
        let mut half = [[0.0; SEGMENT]; POINTS * POINTS];
        for (channel, plane) in channels.enumerate() {
            self.prefetch(channel + AHEAD);
            for (row, lines) in inputs.as_chunks_mut::<POINTS>().0.iter_mut().enumerate() {
                self.take(simd, plane, row, lines);
            }
            for column in 0..POINTS {
                let sources = from_fn(|row| &inputs[row * POINTS + column]);
                transform::<S, ReadInput, POINTS, POINTS>(simd, sources, |row, part, numbers| {
                    S::as_mut_simd_f32s(&mut half[row * POINTS + column]).0[part] = numbers;
                });
            }
            for row in 0..POINTS {
                let sources = from_fn(|column| &half[row * POINTS + column]);
                transform::<S, ReadInput, POINTS, POINTS>(
                    simd,
                    sources,
                    |column, part, numbers| {
                        let start = (row * POINTS + column) * length + channel * SEGMENT;
                        S::as_mut_simd_f32s(&mut self.points[start..start + SEGMENT]).0[part] =
                            numbers;
                    },
                );
            }
        }
    }
}

impl Read<'_> {
    /// Takes the pixels of a plane that lie in one row of all tiles: those at each place in the tiles to one line. Outside of the
    /// plane they are 0.
    #[inline(always)]
    fn take<S: Simd>(&self, simd: S, plane: &[f32], row: usize, lines: &mut [Line; POINTS]) {
        let Planes {
            height,
            width,
            border,
            ..
        } = *self.planes;
        if let &[
            Run {
                row: tiles, column, ..
            },
        ] = &self.segment.runs[..]
        {
            let (row, column) = (tiles * OUTPUTS + row, column * OUTPUTS);
            if row >= border && row - border < height && column >= border {
                let start = (row - border) * width + column - border;
                let is_inside = column - border + OUTPUTS * SEGMENT + POINTS - OUTPUTS <= width;
                let pixels = plane[start..].first_chunk();
                let next = plane.get(start + OUTPUTS..).and_then(<[f32]>::first_chunk);
                if let (true, Some(pixels), Some(next)) = (is_inside, pixels, next) {
                    split(simd, pixels, next, lines);
                    return;
                }
            }
        }
        let mut pixels = [0.0; OUTPUTS * SEGMENT];
        let mut next = [0.0; OUTPUTS * SEGMENT];
        for run in &self.segment.runs {
            let row = (run.row * OUTPUTS + row).wrapping_sub(border);
            if row >= height {
                continue;
            }
            let row = &plane[row * width..][..width];
            for (shift, target) in [(0, &mut pixels), (OUTPUTS, &mut next)] {
                let column = run.column * OUTPUTS + shift;
                let target = &mut target[run.lane * OUTPUTS..][..run.count * OUTPUTS];
                let before = border.saturating_sub(column);
                let row = row.get((column + before) - border..).unwrap_or_default();
                let count = row.len().min(target.len() - before);
                target[before..before + count].copy_from_slice(&row[..count]);
            }
        }
        split(simd, &pixels, &next, lines);
    }

    /// Requests the pixels of a channel, which are rows far apart.
    #[inline(always)]
    fn prefetch(&self, channel: usize) {
        let planes = self.planes;
        for run in &self.segment.runs {
            let column = (run.column * OUTPUTS).saturating_sub(planes.border);
            let first = (run.row * OUTPUTS).saturating_sub(planes.border);
            for row in first..planes.height.min(first + POINTS) {
                let start = channel * planes.pixels() + row * planes.width + column;
                prefetch(self.picture, start, run.count * OUTPUTS);
            }
        }
    }
}

struct Write<'a> {
    segment: &'a Segment,
    planes: &'a Planes,
    points: &'a [f32],
    stride: usize,
    bias: f32,
    picture: DisjointSlices<'a>,
    start: usize,
}

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let planes = self.planes;
        let mut half = [[0.0; SEGMENT]; OUTPUTS * POINTS];
        let mut outputs = [[0.0; SEGMENT]; OUTPUTS * OUTPUTS];
        for column in 0..POINTS {
            let sources =
                from_fn(|row| line(&self.points[(row * POINTS + column) * self.stride..]));
            transform::<S, WriteOutput, POINTS, OUTPUTS>(simd, sources, |row, part, numbers| {
                S::as_mut_simd_f32s(&mut half[row * POINTS + column]).0[part] = numbers;
            });
        }
        for row in 0..OUTPUTS {
            let sources = from_fn(|column| &half[row * POINTS + column]);
            transform::<S, WriteOutput, POINTS, OUTPUTS>(simd, sources, |column, part, numbers| {
                S::as_mut_simd_f32s(&mut outputs[row * OUTPUTS + column]).0[part] = numbers;
            });
        }
        for (row, lines) in outputs.as_chunks::<OUTPUTS>().0.iter().enumerate() {
            let mut pixels = [0.0; OUTPUTS * SEGMENT];
            merge(simd, lines, self.bias, &mut pixels);
            for run in &self.segment.runs {
                let (row, column) = (run.row * OUTPUTS + row, run.column * OUTPUTS);
                if row < planes.height {
                    let count = (run.count * OUTPUTS).min(planes.width - column);
                    let pixels = &pixels[run.lane * OUTPUTS..][..count];
                    let start = self.start + row * planes.width + column;
                    // SAFETY: the promise of the caller of `Segment::write`.
                    unsafe { self.picture.write(start, pixels) };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::weights::transform_weights;
    use super::*;
    use crate::kernels::flex::tile::ROWS;
    use crate::kernels::workers::RayonWorkers;

    /// Filters planes with one tap in the middle of a kernel, tile by tile.
    fn filter<S: Simd>(simd: S, planes: &Planes, picture: &[f32]) -> Vec<f32> {
        let mut weight = [0.0; 9];
        weight[4] = 1.0;
        let weight = transform_weights(&weight, [1, 1], false, RayonWorkers);
        let mut output = vec![f32::NAN; picture.len()];
        let channels = picture.len() / planes.pixels();
        let rows = planes.height.div_ceil(OUTPUTS);
        for segment in &Segment::divide(rows, planes.tile_columns) {
            let mut points = vec![0.0; POINTS * POINTS * channels * SEGMENT];
            let read = Read {
                segment,
                planes,
                picture,
                points: &mut points,
            };
            Simd::vectorize(simd, read);
            for (points, weight) in points
                .chunks_exact_mut(channels * SEGMENT)
                .zip(weight.chunks(ROWS))
            {
                points.iter_mut().for_each(|point| *point *= weight[0]);
            }
            for channel in 0..channels {
                simd.vectorize(Write {
                    segment,
                    planes,
                    points: &points[channel * SEGMENT..],
                    stride: channels * SEGMENT,
                    bias: 0.5,
                    picture: DisjointSlices::new(&mut output),
                    start: channel * planes.pixels(),
                });
            }
        }
        output
    }

    #[test]
    fn tiles_are_read_and_written_at_every_level() {
        for (height, width) in [(5, 3), (9, 34), (8, 66), (4, 131)] {
            let planes = Planes {
                height,
                width,
                border: 1,
                tile_columns: width.div_ceil(OUTPUTS),
            };
            let picture: Vec<f32> = (0..2 * height * width)
                .map(|index| (index * 37 % 101) as f32 / 50.0)
                .collect();
            let mut found = vec![filter(pulp::Scalar::new(), &planes, &picture)];
            #[cfg(target_arch = "x86_64")]
            {
                found.extend(pulp::x86::V3::try_new().map(|simd| filter(simd, &planes, &picture)));
                found.extend(pulp::x86::V4::try_new().map(|simd| filter(simd, &planes, &picture)));
            }
            for found in found {
                for (found, expected) in found.iter().zip(&picture) {
                    assert!((found - expected - 0.5).abs() < 1e-5, "{height} x {width}");
                }
            }
        }
    }
}
