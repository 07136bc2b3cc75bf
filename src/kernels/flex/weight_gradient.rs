//! The gradients of a convolution's weight and bias.
#![expect(unsafe_code, reason = "threads write blocks of one weight gradient")]

use std::iter;
use std::ops::Range;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

#[cfg(target_arch = "x86_64")]
use super::bfloat16;
use super::disjoint_slices::DisjointSlices;
use super::geometry::{Geometry, chunk_ranges};
use super::im2row::im2row;
use super::matrix_product::{Matrix, multiply};
use super::products::Products;
use super::rounding::rounded;
use super::scratch::Scratch;
use super::sums::sum;
use super::values::{contiguous, dims, tensor, values};
use super::winograd;
use crate::kernels::ConvolutionShape;
use crate::kernels::workers::RayonWorkers;

/// Columns of a block of patches: with [`BLOCK_PIXELS`] it fits into a core's own cache of 1 MiB.
const BLOCK_DEPTH: usize = 256;

/// Most patches of a block, or one row of the output if that is longer.
const BLOCK_PIXELS: usize = 512;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 8;

/// The gradient of a convolution with respect to its weight, `[outputs, inputs, kernel, kernel]`.
pub(super) fn weight_gradient(
    input: &FloatTensor<Flex>,
    gradient: &FloatTensor<Flex>,
    kernel_size: [usize; 2],
    shape: ConvolutionShape,
) -> FloatTensor<Flex> {
    let outputs = dims(gradient)[1];
    let weight_dims = [outputs, dims(input)[1], kernel_size[0], kernel_size[1]];
    let geometry = Geometry::new(dims(input), weight_dims, shape);
    let [input, gradient] = [input, gradient].map(contiguous);
    let (input, gradient) = (values(&input), values(&gradient));
    let weight = match Products::of(&geometry, shape.precision) {
        Products::Full => full(&geometry, input, gradient),
        #[cfg(target_arch = "x86_64")]
        Products::Half => bfloat16::weight_gradient(&geometry, input, gradient),
        Products::Rounded => full(&geometry, &rounded(input), &rounded(gradient)),
    };
    tensor(weight, geometry.weight_dims())
}

/// The gradient in 32 bits.
fn full(geometry: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    if winograd::has_weight_gradient(geometry) {
        let mut weight = vec![0.0; geometry.outputs * geometry.depth()];
        winograd::weight_gradient(geometry, input, gradient, RayonWorkers, &mut weight);
        weight
    } else if let Some(exchanged) = geometry.exchanged() {
        exchanged.flip_taps(&products(&exchanged, gradient, input))
    } else {
        products(geometry, input, gradient)
    }
}

/// The sum over all pixels of output gradient times patch.
///
/// A task has some input channels and some rows of all pictures. If rows are divided among tasks, each sums into a buffer of its
/// own, and the buffers are added in order.
pub(super) fn products(geometry: &Geometry, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let channels = chunk_ranges(geometry.inputs, (BLOCK_DEPTH / geometry.taps()).max(1));
    let blocks = blocks(geometry);
    let shares = TASKS.div_ceil(channels.len()).min(blocks.len());
    let blocks: Vec<_> = chunk_ranges(blocks.len(), blocks.len().div_ceil(shares))
        .into_iter()
        .map(|range| &blocks[range])
        .collect();
    let length = geometry.outputs * geometry.depth();
    let mut further: Vec<_> = blocks[1..].iter().map(|_| Scratch::new(length)).collect();
    let sum_up = |first: DisjointSlices<'_>| {
        let further = further.iter_mut().map(|sum| DisjointSlices::new(sum));
        let parts: Vec<_> = iter::once(first).chain(further).collect();
        sum_shares(geometry, [input, gradient], &channels, &blocks, &parts);
    };
    // SAFETY: each share has blocks of its own. The products of the first of them are written, for all channels, and those of the
    // others added to what is then there.
    let mut weight = unsafe { DisjointSlices::fill_vec(length, sum_up) };
    for sum in further {
        for (weight, sum) in weight.iter_mut().zip(&*sum) {
            *weight += sum;
        }
    }
    weight
}

/// Writes the sum over the blocks of each share to its part, `[outputs, inputs, kernel, kernel]`.
fn sum_shares(
    geometry: &Geometry,
    [input, gradient]: [&[f32]; 2],
    channels: &[Range<usize>],
    blocks: &[&[(usize, Range<usize>)]],
    parts: &[DisjointSlices<'_>],
) {
    (0..channels.len() * blocks.len())
        .into_par_iter()
        .for_each_init(
            <(Vec<f32>, Vec<f32>)>::default,
            |(patches, scratch), task| {
                let channels = channels[task / blocks.len()].clone();
                let share = task % blocks.len();
                let depth = channels.len() * geometry.taps();
                let start = channels.start * geometry.taps();
                let product = parts[share].block(start, geometry.outputs, depth, geometry.depth());
                for (index, (picture, rows)) in blocks[share].iter().enumerate() {
                    let width = rows.len() * geometry.output_width;
                    patches.resize(width * depth, 0.0);
                    im2row(
                        geometry,
                        &input[geometry.input_range(*picture)],
                        channels.clone(),
                        rows.clone(),
                        patches,
                        scratch,
                    );
                    let gradient = &gradient[geometry.output_range(*picture)];
                    let gradient = &gradient[rows.start * geometry.output_width..];
                    let left =
                        Matrix::new(gradient, geometry.outputs, width, geometry.output_pixels());
                    let right = Matrix::new(patches, width, depth, depth);
                    // SAFETY: no other task has these channels of this share.
                    unsafe { multiply(left, right, &product, index > 0) };
                }
            },
        );
}

/// Blocks of pictures and output rows whose patches are made at once.
fn blocks(geometry: &Geometry) -> Vec<(usize, Range<usize>)> {
    let rows = (BLOCK_PIXELS / geometry.output_width).max(1);
    (0..geometry.batch)
        .flat_map(|picture| {
            let rows = chunk_ranges(geometry.output_height, rows);
            rows.into_iter().map(move |rows| (picture, rows))
        })
        .collect()
}

/// The sum of `gradient`, `[batch, channels, height, width]`, over all but the channels.
pub(super) fn bias_gradient(gradient: &FloatTensor<Flex>) -> FloatTensor<Flex> {
    let [batch, channels, height, width] = dims(gradient);
    let gradient = contiguous(gradient);
    let planes: Vec<&[f32]> = values(&gradient).chunks_exact(height * width).collect();
    let sums = (0..channels)
        .into_par_iter()
        .map(|channel| {
            let planes = (0..batch).map(|picture| planes[picture * channels + channel]);
            planes.map(sum).sum::<f64>() as f32
        })
        .collect();
    tensor(sums, [channels])
}
