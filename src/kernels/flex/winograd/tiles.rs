//! Tiles of pictures at the points of a transform, and back.
#![expect(
    unsafe_code,
    reason = "one channel has a line in the matrix of every point"
)]

use std::ops::Range;

use rayon::prelude::*;

use super::algorithm::{
    Algorithm, GRADIENT_OF_THREE, GRADIENT_OF_TWO, INPUT_OF_THREE, INPUT_OF_TWO, OUTPUTS, Transform,
};
use super::lines::{Lanes, across, combine};
use crate::kernels::flex::parts::Parts;
use crate::kernels::flex::scratch::Scratch;

/// The planes of one picture and where tiles lie on them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Rows above, and columns left of, the first pixel where the first tile begins.
    pub(super) border: usize,
    /// Tiles beside each other.
    pub(super) tile_columns: usize,
    /// Pixels from one tile to the next.
    pub(super) step: usize,
}

impl Planes {
    fn pixels(&self) -> usize {
        self.height * self.width
    }

    fn lanes(&self, reach: usize) -> Lanes {
        Lanes {
            count: self.step,
            width: self.tile_columns + (reach - 1) / self.step,
            border: self.border,
        }
    }
}

/// How the numbers of a tile become points.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    algorithm: &'a Algorithm,
    transform: Transform,
    /// Filters, in each direction, that read the tile.
    groups: usize,
    /// Numbers that a tile has in each direction.
    reach: usize,
    /// Whether the filters are those of the algorithm, not one whose numbers are neighbours.
    filters: bool,
}

impl<'a> Reading<'a> {
    /// Inputs for all filters of the algorithm.
    pub(super) fn input(algorithm: &'a Algorithm) -> Self {
        Self {
            algorithm,
            transform: algorithm.input,
            groups: algorithm.groups,
            reach: algorithm.reach(),
            filters: true,
        }
    }

    /// Neighbouring inputs, for one filter.
    pub(super) fn neighbours(algorithm: &'a Algorithm) -> Self {
        Self {
            algorithm,
            transform: algorithm.input,
            groups: 1,
            reach: algorithm.points,
            filters: false,
        }
    }

    /// Gradients of outputs.
    pub(super) fn output_gradient(algorithm: &'a Algorithm) -> Self {
        Self {
            algorithm,
            transform: algorithm.output_gradient,
            groups: 1,
            reach: OUTPUTS,
            filters: false,
        }
    }

    fn offset(&self, number: usize, group: usize) -> usize {
        if self.filters {
            self.algorithm.offset(number, group)
        } else {
            number
        }
    }

    /// Writes some rows of tiles of a picture, `[channels, height, width]`, to `matrices`:
    /// `[points, groups, channels, tiles]`.
    pub(super) fn read(
        &self,
        planes: &Planes,
        picture: &[f32],
        tile_rows: Range<usize>,
        matrices: &mut [f32],
    ) {
        let points = self.algorithm.points;
        let lanes = planes.lanes(self.reach);
        let rows = tile_rows.len();
        // Rows of pixels are dealt out as their columns are, so that those that belong together in all tiles are neighbours.
        let lane_rows = rows + (self.reach - 1) / planes.step;
        let lane_length = lane_rows * lanes.length();
        let half_length = rows * lanes.length();
        let target = Target {
            parts: Parts::new(matrices),
            groups: self.groups * self.groups,
            channels: picture.len() / planes.pixels(),
            tile_rows: rows,
            tile_columns: planes.tile_columns,
        };
        picture
            .par_chunks_exact(planes.pixels())
            .enumerate()
            .for_each_init(
                || {
                    (
                        Scratch::new(planes.step * lane_length),
                        Scratch::new(points * half_length),
                    )
                },
                |(split, half), (channel, plane)| {
                    for lane in 0..planes.step {
                        let lane_of_rows = &mut split[lane * lane_length..][..lane_length];
                        for (place, numbers) in
                            lane_of_rows.chunks_exact_mut(lanes.length()).enumerate()
                        {
                            let row = (tile_rows.start + place) * planes.step + lane;
                            let row = row.wrapping_sub(planes.border);
                            if row < planes.height {
                                lanes.split(&plane[row * planes.width..][..planes.width], numbers);
                            } else {
                                numbers.fill(0.0);
                            }
                        }
                    }
                    for group_row in 0..self.groups {
                        for (point, line) in half.chunks_exact_mut(half_length).enumerate() {
                            combine(line, self.transform[point], |number| {
                                let position = self.offset(number, group_row);
                                let lane = position % planes.step * lane_length;
                                let place = position / planes.step * lanes.length();
                                &split[lane + place..][..half_length]
                            });
                        }
                        for group_column in 0..self.groups {
                            let group = group_row * self.groups + group_column;
                            for (index, row) in half.chunks_exact(lanes.length()).enumerate() {
                                let (point_row, tile_row) = (index / rows, index % rows);
                                let source = |number| {
                                    let position = self.offset(number, group_column);
                                    let lane = position % lanes.count * lanes.width;
                                    &row[lane + position / lanes.count..]
                                };
                                // SAFETY: no other task has this channel.
                                let target = |column| unsafe {
                                    target.row(
                                        point_row * points + column,
                                        group,
                                        channel,
                                        tile_row,
                                    )
                                };
                                self.apply(source, target);
                            }
                        }
                    }
                },
            );
    }

    /// Applies the transform to rows of numbers of tiles.
    fn apply<'r, 't>(
        &self,
        source: impl Fn(usize) -> &'r [f32],
        target: impl Fn(usize) -> &'t mut [f32],
    ) {
        use std::array::from_fn;
        match (self.algorithm.points, self.transform[0].len()) {
            (4, 4) => across(&INPUT_OF_THREE, from_fn(source), from_fn(target)),
            (4, _) => across(&GRADIENT_OF_THREE, from_fn(source), from_fn(target)),
            (_, 3) => across(&INPUT_OF_TWO, from_fn(source), from_fn(target)),
            _ => across(&GRADIENT_OF_TWO, from_fn(source), from_fn(target)),
        }
    }
}

/// Matrices that several threads write, `[points, groups, channels, tiles]`.
struct Target<'a> {
    parts: Parts<'a>,
    groups: usize,
    channels: usize,
    tile_rows: usize,
    tile_columns: usize,
}

impl<'a> Target<'a> {
    /// One row of tiles.
    ///
    /// # Safety
    /// Nobody else reads or writes this row while the slice lives.
    unsafe fn row(
        &self,
        point: usize,
        group: usize,
        channel: usize,
        tile_row: usize,
    ) -> &'a mut [f32] {
        let line = (point * self.groups + group) * self.channels + channel;
        let start = (line * self.tile_rows + tile_row) * self.tile_columns;
        // SAFETY: the caller promises that the row is its own.
        unsafe { self.parts.slice(start..start + self.tile_columns) }
    }
}

/// Writes some rows of tiles from `matrices`, `[points, groups, channels, tiles]`, to a picture, `[channels, height, width]`,
/// plus `bias` for each channel where it is not empty. With several groups in each direction each has every such pixel.
pub(super) fn write(
    algorithm: &Algorithm,
    groups: usize,
    planes: &Planes,
    matrices: &[f32],
    tile_rows: Range<usize>,
    bias: &[f32],
    picture: &mut [f32],
) {
    let points = algorithm.points;
    let channels = picture.len() / planes.pixels();
    let columns = planes.tile_columns;
    let tiles = tile_rows.len() * columns;
    let lanes = planes.lanes(1);
    picture
        .par_chunks_exact_mut(planes.pixels())
        .enumerate()
        .for_each_init(
            || {
                (
                    Scratch::new(points * tiles),
                    Scratch::new(planes.step * tiles),
                    Scratch::new(lanes.length()),
                )
            },
            |(half, outputs, merged), (channel, plane)| {
                let bias = bias.get(channel).copied().unwrap_or(0.0);
                // One row of pixels for each output of a tile and each group.
                for position in 0..planes.step {
                    let [output, group_row] = [position / groups, position % groups];
                    for group_column in 0..groups {
                        let group = group_row * groups + group_column;
                        for (column, line) in half.chunks_exact_mut(tiles).enumerate() {
                            combine(line, algorithm.output[output], |point| {
                                let point = point * points + column;
                                let line = (point * groups * groups + group) * channels + channel;
                                &matrices[line * tiles..][..tiles]
                            });
                        }
                        for (output, factors) in algorithm.output.iter().enumerate() {
                            let lane = output * groups + group_column;
                            let lane = &mut outputs[lane * tiles..][..tiles];
                            combine(lane, factors, |point| &half[point * tiles..][..tiles]);
                        }
                    }
                    for (index, tile_row) in tile_rows.clone().enumerate() {
                        let row = (tile_row * planes.step + position).wrapping_sub(planes.border);
                        if row >= planes.height {
                            continue;
                        }
                        for (lane, merged) in merged.chunks_exact_mut(columns).enumerate() {
                            let start = lane * tiles + index * columns;
                            merged.copy_from_slice(&outputs[start..start + columns]);
                        }
                        let row = &mut plane[row * planes.width..][..planes.width];
                        lanes.merge(merged, bias, row);
                    }
                }
            },
        );
}
