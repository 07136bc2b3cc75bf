//! Padding by reflection in one pass forward and one back.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::values::{contiguous, dims, tensor, values};
use crate::kernels::alloc::alloc_filled;

/// The index, on a side of `length`, that `index` of the padded side mirrors.
pub(super) fn source(index: usize, width: usize, length: usize) -> usize {
    let distance = index.abs_diff(width);
    if index >= width && distance >= length {
        2 * (length - 1) - distance
    } else {
        distance
    }
}

/// The padding of `kernels::reflection_pad`.
pub(super) fn reflection_pad(input: &FloatTensor<Flex>, width: usize) -> FloatTensor<Flex> {
    let [batch, channels, height, columns] = dims(input);
    let (padded_height, padded_columns) = (height + 2 * width, columns + 2 * width);
    let input = contiguous(input);
    let input = values(&input);
    let plane = padded_height * padded_columns;
    let output = alloc_filled(batch * channels * plane, plane, |plane, output| {
        let input = &input[plane * height * columns..][..height * columns];
        for (index, output) in output.chunks_exact_mut(padded_columns).enumerate() {
            let start = source(index, width, height) * columns;
            let input = &input[start..start + columns];
            output[width..width + columns].copy_from_slice(input);
            for side in 0..width {
                output[side] = input[width - side];
                output[width + columns + side] = input[columns - 2 - side];
            }
        }
    });
    tensor(output, [batch, channels, padded_height, padded_columns])
}

/// The gradient of [`reflection_pad`] with respect to its input: each element sums those of its copies.
pub(super) fn reflection_pad_gradient(
    gradient: &FloatTensor<Flex>,
    width: usize,
) -> FloatTensor<Flex> {
    let [batch, channels, padded_height, padded_columns] = dims(gradient);
    let (height, columns) = (padded_height - 2 * width, padded_columns - 2 * width);
    let gradient = contiguous(gradient);
    let mut output = vec![0.0; batch * channels * height * columns];
    output
        .par_chunks_mut(height * columns)
        .zip(values(&gradient).par_chunks(padded_height * padded_columns))
        .for_each(|(output, gradient)| {
            for (index, gradient) in gradient.chunks_exact(padded_columns).enumerate() {
                let start = source(index, width, height) * columns;
                let output = &mut output[start..start + columns];
                for (output, gradient) in output.iter_mut().zip(&gradient[width..]) {
                    *output += gradient;
                }
                for side in 0..width {
                    output[width - side] += gradient[side];
                    output[columns - 2 - side] += gradient[width + columns + side];
                }
            }
        });
    tensor(output, [batch, channels, height, columns])
}
