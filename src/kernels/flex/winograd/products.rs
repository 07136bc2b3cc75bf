//! Tiles of pictures through the transformed domain.
#![expect(unsafe_code, reason = "threads write tiles of one picture")]

use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};

use super::scheme::Scheme;
use super::segments::{Segment, point_length};
use super::tiles::Planes;
use super::weights::WeightLayout;
use super::writer::Products;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::geometry::chunk_ranges;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::{Operands, ROWS, SEGMENT, multiply};
use crate::kernels::workers::Workers;

/// Most numbers of the points of a task, if these are more than the least segments.
const TASK_NUMBERS: usize = 3 << 16;

/// Least and most segments of tiles of a task.
const TASK_SEGMENTS: RangeInclusive<usize> = 3..=6;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 4;

/// Panels of output channels of a task where there are fewer.
const SHARE_PANELS: usize = 8;

/// Panels of output channels whose products are made before they are transformed.
const TASK_PANELS: usize = 16;

/// A batch of pictures, `[batch, channels, height, width]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pictures {
    pub(super) batch: usize,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Pictures {
    pub(super) fn new([batch, channels, height, width]: [usize; 4]) -> Self {
        Self {
            batch,
            channels,
            height,
            width,
        }
    }

    fn range(&self, picture: usize) -> Range<usize> {
        let length = self.channels * self.height * self.width;
        picture * length..(picture + 1) * length
    }
}

/// A convolution with transformed weights.
pub(super) struct Filter<'a, P> {
    scheme: PhantomData<P>,
    source: Pictures,
    target: Pictures,
    planes: [Planes; 2],
    weight: &'a [f32],
    layout: WeightLayout,
    bias: &'a [f32],
}

impl<'a, P: Scheme + Sync> Filter<'a, P> {
    /// A convolution of `source` to `target`, whose first tile begins `border` rows and columns before the source.
    pub(super) fn new(
        [source, target]: [Pictures; 2],
        border: usize,
        (weight, layout): (&'a [f32], WeightLayout),
        bias: &'a [f32],
    ) -> Self {
        let planes = |pictures: &Pictures, border: usize| Planes {
            height: pictures.height,
            width: pictures.width,
            border,
            tile_columns: target.width.div_ceil(P::OUTPUTS),
        };
        Self {
            scheme: PhantomData,
            source,
            target,
            planes: [planes(&source, border), planes(&target, 0)],
            weight,
            layout,
            bias,
        }
    }

    /// Computes all of the output.
    ///
    /// A task has some tiles of all channels: their points, and the products of some output channels, fit into a core's second cache.
    ///
    /// # Safety
    /// Nobody else reads or writes the output meanwhile.
    pub(super) unsafe fn run(
        &self,
        input: &[f32],
        workers: impl Workers,
        output: DisjointSlices<'_>,
    ) {
        let rows = self.target.height.div_ceil(P::OUTPUTS);
        let segments = Segment::divide(rows, self.planes[0].tile_columns);
        let length = P::POINTS * point_length(self.source.channels);
        let most = (TASK_NUMBERS / length).clamp(*TASK_SEGMENTS.start(), *TASK_SEGMENTS.end());
        let parts: Vec<&[Segment]> = segments.chunks(most).collect();
        if self.source.batch * parts.len() >= TASKS {
            workers.for_each(self.source.batch * parts.len(), |task| {
                let (picture, segments) = (task / parts.len(), parts[task % parts.len()]);
                let input = &input[self.source.range(picture)];
                let output = output.narrow(self.target.range(picture));
                let mut points = Scratch::new(segments.len() * length);
                P::read(segments, &self.planes[0], input, &mut points);
                // SAFETY: no other task has these tiles.
                unsafe { self.multiply(segments, &points, 0..self.layout.panels, output) };
            });
            return;
        }
        // With so few tiles, tasks have some of the output channels, so that each weight is read once.
        for picture in 0..self.source.batch {
            let input = &input[self.source.range(picture)];
            let output = output.narrow(self.target.range(picture));
            let mut points = Scratch::new(segments.len() * length);
            let parts = DisjointSlices::new(&mut points);
            workers.for_each(segments.len(), |number| {
                // SAFETY: no other task has this segment.
                let points = unsafe { parts.slice(number * length..(number + 1) * length) };
                P::read(&segments[number..=number], &self.planes[0], input, points);
            });
            let shares = chunk_ranges(self.layout.panels, SHARE_PANELS);
            workers.for_each(shares.len(), |share| {
                // SAFETY: no other task has these output channels.
                unsafe { self.multiply(&segments, &points, shares[share].clone(), output) };
            });
        }
    }

    /// Multiplies the `points` of segments with some panels, and writes the outputs of one picture.
    ///
    /// # Safety
    /// Nobody else reads or writes these tiles of these channels meanwhile.
    unsafe fn multiply(
        &self,
        segments: &[Segment],
        points: &[f32],
        panels: Range<usize>,
        output: DisjointSlices<'_>,
    ) {
        let channels = self.source.channels;
        let length = points.len() / segments.len();
        let bases: Vec<usize> = (0..segments.len()).map(|number| number * length).collect();
        let count = segments.len() * ROWS * SEGMENT;
        let most = TASK_PANELS.min(panels.len());
        let mut sums = Scratch::new(P::PRODUCTS * most * count);
        for group in panels.clone().step_by(most) {
            let group = group..panels.end.min(group + most);
            let stride = group.len() * count;
            let sums = &mut sums[..P::PRODUCTS * stride];
            for (product, sums) in sums.chunks_exact_mut(stride).enumerate() {
                for chunk in self.layout.chunks() {
                    let offset = |index: usize| {
                        let point = P::point(product, index / channels);
                        point * point_length(channels) + index % channels * SEGMENT
                    };
                    let offsets: Vec<usize> = chunk.clone().map(offset).collect();
                    let weights = self.layout.start(product, group.start, chunk.start);
                    let operands = Operands {
                        weights: &self.weight[weights..][..group.len() * chunk.len() * ROWS],
                        rows: ROWS,
                        pixels: points,
                        offsets: &offsets,
                    };
                    multiply(operands, &bases, sums, chunk.start > 0);
                }
            }
            let first = group.start * ROWS;
            let products = Products {
                values: sums,
                stride,
                channels: first..self.target.channels.min(group.end * ROWS),
                bias: self.bias,
            };
            // SAFETY: the caller's promise.
            unsafe { P::write(segments, &self.planes[1], &products, output) };
        }
    }
}
