//! Pictures of few tiles through the transformed domain, with weights that are read once.
#![expect(unsafe_code, reason = "threads write channels of several pictures")]

use std::ops::Range;

use super::kernels::Kernels;
use super::lines::Transform;
use super::products::Filter;
use super::scheme::Scheme;
use super::segments::point_length;
use super::weights::{Places, transform_panel};
use super::writer::Products;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::geometry::chunk_ranges;
use crate::kernels::flex::scratch::Scratch;
use crate::kernels::flex::tile::{Operands, ROWS, SEGMENT, multiply};
use crate::kernels::workers::Workers;

/// Most segments of tiles of a picture.
const FEW_SEGMENTS: usize = 8;

/// Most numbers of the points of all pictures that are taken together: they stay in a processor's third cache.
const MAX_NUMBERS: usize = 1 << 22;

/// Channels whose weights are transformed at a time.
const CHUNK: usize = 64;

/// Most numbers of the products of a task, and its most panels of output channels.
const TASK_NUMBERS: usize = 1 << 18;
const TASK_PANELS: usize = 8;

/// Whether pictures have so few tiles that weights are best transformed where they are multiplied.
pub(super) fn has_few_tiles<P: Scheme + Sync>(filter: &Filter<'_, P>) -> bool {
    filter.segments().len() <= FEW_SEGMENTS
}

/// Computes all of the output.
///
/// A task has some output channels of all tiles: it transforms some of its weights, multiplies them and forgets them. All weights
/// transformed would be several times larger than the weights, and go to memory and back.
///
/// # Safety
/// Nobody else reads or writes the output meanwhile.
pub(super) unsafe fn run<
    P: Scheme + Sync,
    T: Transform<TAPS, POINTS> + Default,
    const TAPS: usize,
    const POINTS: usize,
>(
    filter: &Filter<'_, P>,
    kernels: &Kernels<'_>,
    places: Places<'_>,
    input: &[f32],
    workers: impl Workers,
    output: DisjointSlices<'_>,
) {
    let segments = filter.segments();
    let length = filter.length();
    let at_once = (MAX_NUMBERS / (segments.len() * length)).max(1);
    for pictures in chunk_ranges(filter.source.batch, at_once) {
        let count = pictures.len() * segments.len();
        let mut points = Scratch::new(count * length);
        let slices = DisjointSlices::new(&mut points);
        workers.for_each(count, |number| {
            let picture = pictures.start + number / segments.len();
            let segment = number % segments.len();
            // SAFETY: no other task has this segment.
            let points = unsafe { slices.slice(number * length..(number + 1) * length) };
            let input = &input[filter.source.range(picture)];
            P::read(
                &segments[segment..=segment],
                &filter.planes[0],
                input,
                points,
            );
        });
        let panels = (TASK_NUMBERS / (P::PRODUCTS * count * ROWS * SEGMENT)).clamp(1, TASK_PANELS);
        let shares = chunk_ranges(filter.target.channels, panels * ROWS);
        workers.for_each(shares.len(), |share| {
            let channels = shares[share].clone();
            let panels = channels.len().div_ceil(ROWS);
            let stride = panels * count * ROWS * SEGMENT;
            let mut sums = Scratch::new(P::PRODUCTS * stride);
            let first = channels.start / ROWS;
            multiply_share::<P, T, TAPS, POINTS>(
                filter,
                kernels,
                places,
                &points,
                first..first + panels,
                &mut sums,
            );
            for (number, picture) in pictures.clone().enumerate() {
                let products = Products {
                    values: &sums[number * segments.len() * ROWS * SEGMENT..],
                    stride,
                    segments: count,
                    channels: channels.clone(),
                    bias: filter.bias,
                };
                let output = output.narrow(filter.target.range(picture));
                // SAFETY: no other task has these output channels.
                unsafe { P::write(&segments, &filter.planes[1], &products, output) };
            }
        });
    }
}

/// Multiplies the points of segments with the weights of some panels: `sums` are `[products, panels, segments, ROWS, SEGMENT]`.
fn multiply_share<
    P: Scheme + Sync,
    T: Transform<TAPS, POINTS> + Default,
    const TAPS: usize,
    const POINTS: usize,
>(
    filter: &Filter<'_, P>,
    kernels: &Kernels<'_>,
    (_, place): Places<'_>,
    points: &[f32],
    panels: Range<usize>,
    sums: &mut [f32],
) {
    let (length, stride) = (filter.length(), sums.len() / P::PRODUCTS);
    let bases: Vec<usize> = (0..points.len() / length)
        .map(|number| number * length)
        .collect();
    let mut weights = Scratch::new(POINTS * POINTS * panels.len() * CHUNK * ROWS);
    for chunk in chunk_ranges(kernels.depth(), CHUNK) {
        let panel_length = chunk.len() * ROWS;
        let term_length = panels.len() * panel_length;
        let slices = DisjointSlices::new(&mut weights);
        for (number, panel) in panels.clone().enumerate() {
            transform_panel::<T, TAPS, POINTS>(kernels, panel, chunk.clone(), |point| {
                let [product, term] = place(point);
                let start = (product * P::TERMS + term) * term_length + number * panel_length;
                // SAFETY: each point has its place, and this thread has the weights.
                unsafe { slices.slice(start..start + panel_length) }
            });
        }
        // Where the point of the first channel lies.
        let first = |index: usize| {
            let point = P::point(index / P::TERMS, index % P::TERMS);
            point * point_length(filter.source.channels) + chunk.start * SEGMENT
        };
        for (index, weights) in weights
            .chunks_exact(term_length)
            .take(P::PRODUCTS * P::TERMS)
            .enumerate()
        {
            let (product, term) = (index / P::TERMS, index % P::TERMS);
            let offsets: Vec<usize> = (0..chunk.len())
                .map(|channel| first(index) + channel * SEGMENT)
                .collect();
            let next = first((index + 1) % (P::PRODUCTS * P::TERMS));
            let operands = Operands {
                weights,
                rows: ROWS,
                pixels: points,
                offsets: &offsets,
                next: next as isize - offsets[0] as isize,
            };
            let sums = &mut sums[product * stride..][..stride];
            multiply(operands, &bases, sums, chunk.start > 0 || term > 0);
        }
    }
}
