//! Binomial filters around changes of size, which keep them from aliasing.
//!
//! Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019; the sizes of the filters are those of the public
//! implementation of CUT.

use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, interpolate};
use burn::tensor::ops::{AvgPoolOptions, InterpolateMode, InterpolateOptions};

use crate::kernels::reflection_pad;

/// Height and width halved (rounded up): the weights 1 2 1 in each direction, with the picture mirrored at its border.
/// `[batch, channels, height, width]`, at least 2 x 2.
pub fn blur_downsample(input: Tensor<4>) -> Tensor<4> {
    blur_bordered(reflection_pad(input, 1))
}

/// The same for an input that has its border of one row and column already.
pub(super) fn blur_bordered(input: Tensor<4>) -> Tensor<4> {
    // Two means of neighbours after each other have the weights 1 2 1.
    let mean = |stride| AvgPoolOptions::new([2, 2]).with_stride([stride, stride]);
    avg_pool2d(avg_pool2d(input, mean(1)), mean(2))
}

/// Height and width doubled: the weights 1 3 3 1 in each direction, with the outermost pixels repeated at the border.
pub fn blur_upsample(input: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = input.dims();
    // Each new pixel lies a quarter of a pixel from the nearest old one: 3/4 of that and 1/4 of the next.
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([2 * height, 2 * width]);
    interpolate(input, options)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData, Tolerance};

    use super::*;

    fn line(values: &[f32], column: bool) -> Tensor<4> {
        let shape = if column {
            [1, 1, values.len(), 1]
        } else {
            [1, 1, 1, values.len()]
        };
        let line = Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &Device::flex());
        // Filters of constant lines change nothing in the other direction.
        line.repeat_dim(if column { 3 } else { 2 }, 4)
    }

    fn check(found: Tensor<4>, wanted: &[f32], column: bool) {
        let found = if column {
            found.narrow(3, 1, 1)
        } else {
            found.narrow(2, 1, 1)
        };
        let shape = found.dims();
        found.into_data().assert_approx_eq(
            &TensorData::new(wanted.to_vec(), shape),
            Tolerance::<f32>::absolute(1e-6),
        );
    }

    #[test]
    fn filters_have_binomial_weights_in_both_directions() {
        for column in [false, true] {
            let input = line(&[4.0, 8.0, 0.0, 16.0], column);
            // (8 + 2 * 4 + 8) / 4, (8 + 2 * 0 + 16) / 4.
            check(blur_downsample(input.clone()), &[6.0, 6.0], column);
            let odd = line(&[4.0, 8.0, 12.0], column);
            check(blur_downsample(odd), &[6.0, 10.0], column);
            let doubled = [4.0, 5.0, 7.0, 6.0, 2.0, 4.0, 12.0, 16.0];
            check(blur_upsample(input), &doubled, column);
        }
    }
}
