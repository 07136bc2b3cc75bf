//! The input gradient where there are few pixels and many weights, which are then read once, in the order in which they lie.
#![expect(unsafe_code, reason = "threads write parts of one input gradient")]

use std::ops::Range;

use rayon::prelude::*;

use super::super::disjoint_slices::DisjointSlices;
use super::super::geometry::{Geometry, chunk_ranges};
use super::super::prefetch::prefetch;
use super::super::scratch::Scratch;
use super::super::tile::{Operands, ROWS, SEGMENT, multiply};

/// Output channels that are multiplied at a time: with the weights of three segments they fit into a core's first cache.
const DEPTH: usize = 128;

/// Weights of each output channel in a task.
const TASK_COLUMNS: usize = 384;

/// Most pixels of pictures that are multiplied together, unless one has more: with those of all the products would not fit into a core's second
/// cache.
const MAX_PIXELS: usize = 256;

/// Segments of weights that are multiplied together.
const GROUP: usize = 3;

/// Output channels between a request for weights and their use.
const AHEAD: usize = 2;

/// Computes the input gradient, `[batch, inputs, height, width]`, plus `bias` per input channel if it is not empty. For a geometry
/// with [few pixels](super::is_transposed_few).
///
/// The gradient of each pixel is multiplied with the weights as they are, and the products are added to the pixels that they reach.
pub(in super::super) fn transposed_few(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let picture = geometry.inputs * geometry.input_pixels();
    let all = |input: DisjointSlices<'_>| {
        let at_once = (MAX_PIXELS / geometry.output_pixels()).max(1);
        for pictures in chunk_ranges(geometry.batch, at_once) {
            let gradient = &gradient[geometry.output_range(pictures.start).start..];
            let input = input.narrow(pictures.start * picture..pictures.end * picture);
            // SAFETY: nobody else has these pictures.
            unsafe { of_pictures(&geometry.of(&pictures), gradient, weight, bias, input) };
        }
    };
    // SAFETY: all pictures are taken.
    unsafe { DisjointSlices::fill_vec(geometry.batch * picture, all) }
}

/// [`transposed_few`] of pictures with few pixels in all.
///
/// # Safety
/// Nobody else reads or writes `input` meanwhile.
unsafe fn of_pictures(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
    bias: &[f32],
    input: DisjointSlices<'_>,
) {
    let pixels = geometry.batch * geometry.output_pixels();
    let panels = pack_pixels(geometry, gradient);
    let inputs = chunk_ranges(geometry.inputs, (TASK_COLUMNS / geometry.taps()).max(1));
    inputs.par_iter().for_each(|inputs| {
        let products = products(geometry, &panels, pixels.div_ceil(ROWS), weight, inputs);
        // SAFETY: no other task has these channels.
        unsafe { scatter(geometry, &products, bias, inputs, input) };
    });
}

/// The gradient as panels of [`ROWS`] pixels, `[chunks of channels, panels, channels, ROWS]`.
fn pack_pixels(geometry: &Geometry, gradient: &[f32]) -> Vec<f32> {
    let pixels = geometry.output_pixels();
    let count = (geometry.batch * pixels).div_ceil(ROWS) * ROWS;
    let mut packed = vec![0.0; geometry.outputs * count];
    for (chunk, channels) in chunk_ranges(geometry.outputs, DEPTH)
        .into_iter()
        .enumerate()
    {
        let packed = &mut packed[chunk * DEPTH * count..][..channels.len() * count];
        for (pixel, panel) in (0..geometry.batch * pixels).map(|pixel| (pixel, pixel / ROWS)) {
            let (picture, place) = (pixel / pixels, pixel % pixels);
            let panel = &mut packed[panel * channels.len() * ROWS..][..channels.len() * ROWS];
            let channels = channels
                .clone()
                .map(|channel| picture * geometry.outputs + channel);
            for (number, channel) in panel[pixel % ROWS..].iter_mut().step_by(ROWS).zip(channels) {
                *number = gradient[channel * pixels + place];
            }
        }
    }
    packed
}

/// The products of all pixels with the weights of some inputs, `[groups, panels, segments, ROWS, SEGMENT]`.
fn products(
    geometry: &Geometry,
    packed: &[f32],
    panels: usize,
    weight: &[f32],
    inputs: &Range<usize>,
) -> Scratch {
    let depth = geometry.depth();
    let columns = Columns::new(geometry, inputs);
    let chunk = DEPTH.min(geometry.outputs);
    let mut products = Scratch::new(panels * columns.segments * ROWS * SEGMENT);
    let mut copy = Scratch::new(chunk * columns.segments * SEGMENT);
    for channels in chunk_ranges(geometry.outputs, DEPTH) {
        let weights = &packed[channels.start * panels * ROWS..][..channels.len() * panels * ROWS];
        // Rows of weights that lie one behind the other take each other's places in the caches.
        for row in 0..channels.len() {
            let line = (channels.start + row) * depth;
            prefetch(weight, line + AHEAD * depth + columns.start, columns.count);
            for group in columns.groups() {
                let width = group.len() * SEGMENT;
                let start = channels.len() * group.start * SEGMENT + row * width;
                for (segment, copy) in group.zip(copy[start..].chunks_exact_mut(SEGMENT)) {
                    copy.copy_from_slice(&weight[line + columns.base(segment)..][..SEGMENT]);
                }
            }
        }
        for group in columns.groups() {
            let width = group.len() * SEGMENT;
            let bases: Vec<usize> = (0..group.len()).map(|segment| segment * SEGMENT).collect();
            let offsets: Vec<usize> = (0..channels.len()).map(|row| row * width).collect();
            let operands = Operands {
                weights,
                rows: ROWS,
                pixels: &copy[channels.len() * group.start * SEGMENT..],
                offsets: &offsets,
                next: 0,
            };
            let length = ROWS * SEGMENT * panels;
            let products = &mut products[group.start * length..group.end * length];
            multiply(operands, &bases, products, channels.start > 0);
        }
    }
    products
}

/// Adjacent weights of some inputs, in each row of the weights.
#[derive(Debug, Clone, Copy)]
struct Columns {
    start: usize,
    count: usize,
    segments: usize,
    /// Weights of a row.
    depth: usize,
}

impl Columns {
    fn new(geometry: &Geometry, inputs: &Range<usize>) -> Self {
        let count = inputs.len() * geometry.taps();
        Self {
            start: inputs.start * geometry.taps(),
            count,
            segments: count.div_ceil(SEGMENT),
            depth: geometry.depth(),
        }
    }

    /// Where a segment begins in a row. The last may begin earlier than after the one before.
    fn base(&self, segment: usize) -> usize {
        (self.start + segment * SEGMENT).min(self.depth - SEGMENT)
    }

    /// Segments that are multiplied together.
    fn groups(&self) -> impl Iterator<Item = Range<usize>> {
        let segments = self.segments;
        (0..segments)
            .step_by(GROUP)
            .map(move |first| first..segments.min(first + GROUP))
    }

    /// Where the product of a pixel with the weight in one of these columns lies.
    fn place(&self, column: usize, pixel: usize, panels: usize) -> usize {
        let segment = column / SEGMENT;
        let first = segment / GROUP * GROUP;
        let count = GROUP.min(self.segments - first);
        let line = first * panels + pixel / ROWS * count + segment - first;
        let lane = self.start + column - self.base(segment);
        (line * ROWS + pixel % ROWS) * SEGMENT + lane
    }
}

/// Adds the products of each pixel to the pixels of the input that its kernel reaches.
///
/// # Safety
/// Nobody else reads or writes these channels meanwhile.
unsafe fn scatter(
    geometry: &Geometry,
    products: &[f32],
    bias: &[f32],
    inputs: &Range<usize>,
    input: DisjointSlices<'_>,
) {
    let (taps, width) = (geometry.taps(), geometry.kernel_width);
    let columns = Columns::new(geometry, inputs);
    let panels = (geometry.batch * geometry.output_pixels()).div_ceil(ROWS);
    let [height, row_length] = [
        (geometry.output_height - 1) * geometry.stride + geometry.kernel_height,
        (geometry.output_width - 1) * geometry.stride + width,
    ];
    let reached = row_length
        .saturating_sub(geometry.padding_x)
        .min(geometry.input_width);
    let mut sums = Scratch::new(height * row_length);
    let mut patch = Scratch::new(taps);
    for picture in 0..geometry.batch {
        for (number, channel) in inputs.clone().enumerate() {
            sums.fill(0.0);
            for pixel in 0..geometry.output_pixels() {
                let index = picture * geometry.output_pixels() + pixel;
                if taps == SEGMENT {
                    let place = columns.place(number * taps, index, panels);
                    patch.copy_from_slice(&products[place..place + SEGMENT]);
                } else {
                    for (tap, product) in patch.iter_mut().enumerate() {
                        *product = products[columns.place(number * taps + tap, index, panels)];
                    }
                }
                let (row, column) = (pixel / geometry.output_width, pixel % geometry.output_width);
                let first = row * geometry.stride * row_length + column * geometry.stride;
                let rows = sums[first..].chunks_mut(row_length);
                for (row, patch) in rows.zip(patch.chunks_exact(width)) {
                    for (sum, product) in row.iter_mut().zip(patch) {
                        *sum += product;
                    }
                }
            }
            let bias = bias.get(channel).copied().unwrap_or(0.0);
            let plane = (picture * geometry.inputs + channel) * geometry.input_pixels();
            // SAFETY: the caller's promise.
            let plane = unsafe { input.zeroed(plane..plane + geometry.input_pixels()) };
            plane.fill(bias);
            let rows = sums.chunks_exact(row_length).skip(geometry.padding_y);
            for (pixels, sums) in plane.chunks_exact_mut(geometry.input_width).zip(rows) {
                let sums = sums.iter().skip(geometry.padding_x);
                for (pixel, sum) in pixels[..reached].iter_mut().zip(sums) {
                    *pixel += sum;
                }
            }
        }
    }
}
