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
use crate::kernels::flex::geometry::even_ranges;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::{Operands, ROWS, SEGMENT, multiply};
use crate::kernels::workers::Workers;

/// Most numbers of the points of a task, if these are more than the least segments.
const TASK_NUMBERS: usize = 3 << 16;

/// Bounds of the most segments of tiles of a task.
const TASK_SEGMENTS: RangeInclusive<usize> = 3..=6;

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

    pub(super) fn range(&self, picture: usize) -> Range<usize> {
        let length = self.channels * self.height * self.width;
        picture * length..(picture + 1) * length
    }
}

/// A convolution in the way of a scheme.
pub(super) struct Filter<'a, P> {
    scheme: PhantomData<P>,
    pub(super) source: Pictures,
    pub(super) target: Pictures,
    /// Those of source and target.
    pub(super) planes: [Planes; 2],
    pub(super) bias: &'a [f32],
}

impl<'a, P: Scheme + Sync> Filter<'a, P> {
    /// A convolution of `source` to `target`, whose first tile begins `border` rows and columns before the source.
    pub(super) fn new([source, target]: [Pictures; 2], border: usize, bias: &'a [f32]) -> Self {
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
            bias,
        }
    }

    /// All tiles of a picture.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let rows = self.target.height.div_ceil(P::OUTPUTS);
        Segment::divide(rows, self.planes[0].tile_columns)
    }

    /// Numbers of the points of a segment.
    pub(super) fn length(&self) -> usize {
        P::POINTS * point_length(self.source.channels)
    }

    /// Computes all of the output with transformed weights.
    ///
    /// A task has some tiles of all channels: their points, and the products of some output channels, fit into a core's second cache.
    ///
    /// # Safety
    /// Nobody else reads or writes the output meanwhile.
    pub(super) unsafe fn run(
        &self,
        input: &[f32],
        (weight, layout): (&[f32], WeightLayout),
        workers: impl Workers,
        output: DisjointSlices<'_>,
    ) {
        let segments = self.segments();
        let length = self.length();
        let most = (TASK_NUMBERS / length).clamp(*TASK_SEGMENTS.start(), *TASK_SEGMENTS.end());
        let parts = even_ranges(segments.len(), most);
        workers.for_each(self.source.batch * parts.len(), |task| {
            let (picture, part) = (task / parts.len(), &parts[task % parts.len()]);
            let segments = &segments[part.clone()];
            let input = &input[self.source.range(picture)];
            let output = output.narrow(self.target.range(picture));
            let mut points = Scratch::new(segments.len() * length);
            P::read(segments, &self.planes[0], input, &mut points);
            // SAFETY: no other task has these tiles.
            unsafe { self.multiply(segments, &points, (weight, layout), output) };
        });
    }

    /// Multiplies the `points` of segments with all weights, and writes the outputs of one picture.
    ///
    /// # Safety
    /// Nobody else reads or writes these tiles meanwhile.
    unsafe fn multiply(
        &self,
        segments: &[Segment],
        points: &[f32],
        (weight, layout): (&[f32], WeightLayout),
        output: DisjointSlices<'_>,
    ) {
        let channels = self.source.channels;
        let length = points.len() / segments.len();
        let bases: Vec<usize> = (0..segments.len()).map(|number| number * length).collect();
        let count = segments.len() * ROWS * SEGMENT;
        let most = TASK_PANELS.min(layout.panels);
        let mut sums = Scratch::new(P::PRODUCTS * most * count);
        for group in (0..layout.panels).step_by(most) {
            let group = group..layout.panels.min(group + most);
            let stride = group.len() * count;
            let sums = &mut sums[..P::PRODUCTS * stride];
            // Where the point of a place of the depth lies.
            let offset = |product: usize, place: usize| {
                let point = P::point(product, place / channels);
                point * point_length(channels) + place % channels * SEGMENT
            };
            for (product, sums) in sums.chunks_exact_mut(stride).enumerate() {
                for chunk in layout.chunks() {
                    let offsets: Vec<usize> =
                        chunk.clone().map(|place| offset(product, place)).collect();
                    let next = if chunk.end < layout.depth {
                        offset(product, chunk.end)
                    } else {
                        offset((product + 1) % P::PRODUCTS, 0)
                    };
                    let weights = layout.start(product, group.start, chunk.start);
                    let operands = Operands {
                        weights: &weight[weights..][..group.len() * chunk.len() * ROWS],
                        rows: ROWS,
                        pixels: points,
                        offsets: &offsets,
                        next: next as isize - offsets[0] as isize,
                    };
                    multiply(operands, &bases, sums, chunk.start > 0);
                }
            }
            let first = group.start * ROWS;
            let products = Products {
                values: sums,
                stride,
                segments: segments.len(),
                channels: first..self.target.channels.min(group.end * ROWS),
                bias: self.bias,
            };
            // SAFETY: the caller's promise.
            unsafe { P::write(segments, &self.planes[1], &products, output) };
        }
    }
}
