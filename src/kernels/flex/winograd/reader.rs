//! Tiles to the points of a transform.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use std::array::from_fn;
use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::deinterleave::split;
use super::lines::{Line, Transform, transform};
use super::segments::{Run, Segment, point_length};
use super::tiles::Planes;
use crate::kernels::flex::prefetch::{prefetch, prefetch_at};
use crate::kernels::flex::tile::SEGMENT;

/// Channels between a request for memory and its use.
const AHEAD: usize = 2;

/// Transforms the tiles of all channels of a picture, `[channels, height, width]`, to `points`,
/// `[segments, POINTS * POINTS, channels + 1, SEGMENT]`. Each tile begins `STEP` pixels after the one before and reaches `REACH`.
pub(super) struct Reader<'a, T, const STEP: usize, const REACH: usize, const POINTS: usize> {
    pub(super) transform: PhantomData<T>,
    pub(super) segments: &'a [Segment],
    pub(super) planes: &'a Planes,
    pub(super) picture: &'a [f32],
    pub(super) points: &'a mut [f32],
}

impl<T: Transform<REACH, POINTS>, const STEP: usize, const REACH: usize, const POINTS: usize>
    WithSimd for Reader<'_, T, STEP, REACH, POINTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.picture.chunks_exact(self.planes.pixels());
        let length = point_length(channels.len());
        let mut inputs = [[[0.0; SEGMENT]; REACH]; REACH];
        let mut half = [[[0.0; SEGMENT]; REACH]; POINTS];
        for (channel, plane) in channels.enumerate() {
            self.prefetch(channel + AHEAD);
            let points = self.points.chunks_exact_mut(POINTS * POINTS * length);
            for (segment, points) in self.segments.iter().zip(points) {
                for (row, lines) in inputs.iter_mut().enumerate() {
                    take::<S, STEP, REACH>(simd, segment, self.planes, plane, row, lines);
                }
                for column in 0..REACH {
                    let sources = from_fn(|row| &inputs[row][column]);
                    transform::<S, T, REACH, POINTS>(simd, sources, |row, part, numbers| {
                        S::as_mut_simd_f32s(&mut half[row][column]).0[part] = numbers;
                    });
                }
                for (row, half) in half.iter().enumerate() {
                    let sources = half.each_ref();
                    transform::<S, T, REACH, POINTS>(simd, sources, |column, part, numbers| {
                        let start = (row * POINTS + column) * length + channel * SEGMENT;
                        let line = &mut points[start..start + SEGMENT];
                        prefetch_at(line.as_ptr().wrapping_add(AHEAD * SEGMENT));
                        S::as_mut_simd_f32s(line).0[part] = numbers;
                    });
                }
            }
        }
    }
}

impl<T, const STEP: usize, const REACH: usize, const POINTS: usize>
    Reader<'_, T, STEP, REACH, POINTS>
{
    /// Requests the pixels of a channel, which are rows far apart.
    #[inline(always)]
    fn prefetch(&self, channel: usize) {
        let planes = self.planes;
        for run in self.segments.iter().flat_map(|segment| &segment.runs) {
            let column = (run.column * STEP).saturating_sub(planes.border);
            let first = (run.row * STEP).saturating_sub(planes.border);
            for row in first..planes.height.min(first + REACH) {
                let start = channel * planes.pixels() + row * planes.width + column;
                prefetch(self.picture, start, run.count * STEP);
            }
        }
    }
}

/// Takes the pixels of a plane that lie in one row of all tiles: those at each place in the tiles to one line. Outside of the
/// plane they are 0.
#[inline(always)]
fn take<S: Simd, const STEP: usize, const REACH: usize>(
    simd: S,
    segment: &Segment,
    planes: &Planes,
    plane: &[f32],
    row: usize,
    lines: &mut [Line; REACH],
) {
    let Planes {
        height,
        width,
        border,
        ..
    } = *planes;
    if let &[
        Run {
            row: tiles, column, ..
        },
    ] = &segment.runs[..]
    {
        let (row, column) = (tiles * STEP + row, column * STEP);
        if row >= border && row - border < height && column >= border {
            let start = (row - border) * width + column - border;
            let is_inside = column - border + STEP * SEGMENT + REACH - STEP <= width;
            let part = |start: usize| plane.get(start..start + STEP * SEGMENT);
            let (pixels, next) = (part(start), part(start + STEP));
            if let (true, Some(pixels), Some(next)) = (is_inside, pixels, next) {
                split::<S, STEP>(simd, pixels, next, lines);
                return;
            }
        }
    }
    let mut pixels = [[0.0; STEP]; SEGMENT];
    let mut next = [[0.0; STEP]; SEGMENT];
    for run in &segment.runs {
        let row = (run.row * STEP + row).wrapping_sub(border);
        if row >= height {
            continue;
        }
        let row = &plane[row * width..][..width];
        for (shift, target) in [(0, &mut pixels), (STEP, &mut next)] {
            let column = run.column * STEP + shift;
            let target = target[run.lane..run.lane + run.count].as_flattened_mut();
            let before = border.saturating_sub(column);
            let row = row.get((column + before) - border..).unwrap_or_default();
            let count = row.len().min(target.len() - before);
            target[before..before + count].copy_from_slice(&row[..count]);
        }
    }
    split::<S, STEP>(simd, pixels.as_flattened(), next.as_flattened(), lines);
}
