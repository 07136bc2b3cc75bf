//! Binomial filters around changes of size, which keep them from aliasing.
//!
//! Zhang, "Making Convolutional Networks Shift-Invariant Again", 2019; the sizes of the filters are those of the public
//! implementation of CUT.

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use super::spread::{spread, window};
use crate::kernels::reflection_pad;

/// Height and width halved (rounded up): the weights 1 2 1 in each direction, with the picture mirrored at its border.
/// `[batch, channels, height, width]`, at least 2 x 2.
pub fn blur_downsample(input: Tensor<4>) -> Tensor<4> {
    blur_bordered(reflection_pad(input, 1))
}

/// The gradient of [`blur_downsample`] with respect to an input of `size` (height and width), from that of its output.
pub(super) fn blur_downsample_gradient(gradient: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let pass = |gradient: Tensor<4>, (dim, side): (usize, usize)| {
        let bordered = window(spread(gradient, dim, [0.25, 0.5]), dim, 0, side + 2);
        // The border on each side mirrors the pixels next to the outermost ones.
        let inner = bordered.clone().narrow(dim, 1, side);
        let first = bordered.clone().narrow(dim, 0, 1);
        let last = bordered.narrow(dim, side + 1, 1);
        added(added(inner, first, dim, 1), last, dim, side - 2)
    };
    [(2, size[0]), (3, size[1])]
        .into_iter()
        .fold(gradient, pass)
}

/// `features` with the one entry of `line` along `dim` added at `place`.
fn added(features: Tensor<4>, line: Tensor<4>, dim: usize, place: usize) -> Tensor<4> {
    let side = features.dims()[dim];
    let at = features.clone().narrow(dim, place, 1) + line;
    let mut parts = Vec::new();
    // Tensors without any entries cannot be cut out.
    if place > 0 {
        parts.push(features.clone().narrow(dim, 0, place));
    }
    parts.push(at);
    if place + 1 < side {
        parts.push(features.narrow(dim, place + 1, side - place - 1));
    }
    Tensor::cat(parts, dim)
}

/// The same for an input that has its border of one row and column already.
pub(super) fn blur_bordered(input: Tensor<4>) -> Tensor<4> {
    // Two means of neighbours after each other have the weights 1 2 1.
    let mean = |stride| AvgPoolOptions::new([2, 2]).with_stride([stride, stride]);
    avg_pool2d(avg_pool2d(input, mean(1)), mean(2))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, TensorData, Tolerance};

    use super::*;
    use crate::kernels::double_bilinear;
    use crate::nn::downsample::{downsample, downsample_gradient};

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

    /// `sum(filter(input) * weights)` has the gradient that `filter_gradient` makes of the weights.
    #[test]
    fn gradients_are_those_of_automatic_differentiation() {
        let device = Device::flex();
        device.seed(1);
        let draw = |shape| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        for [height, width] in [[2, 3], [4, 5], [7, 6]] {
            let input = Tensor::from_inner(draw([2, 3, height, width])).require_grad();
            let cases: [(Filter, FilterGradient); 2] = [
                (blur_downsample, blur_downsample_gradient),
                (downsample, downsample_gradient),
            ];
            for (filter, gradient) in cases {
                let output = filter(input.clone());
                let weights = draw(output.dims());
                let gradients = (output * weights.clone()).sum().backward();
                let wanted = input.grad(&gradients).unwrap().into_data();
                let found = gradient(weights, [height, width]).into_data();
                found.assert_approx_eq(&wanted, Tolerance::<f32>::absolute(1e-5));
            }
        }
    }

    type Filter = fn(Tensor<4>) -> Tensor<4>;
    type FilterGradient = fn(Tensor<4>, [usize; 2]) -> Tensor<4>;

    #[test]
    fn filters_have_binomial_weights_in_both_directions() {
        for column in [false, true] {
            let input = line(&[4.0, 8.0, 0.0, 16.0], column);
            // (8 + 2 * 4 + 8) / 4, (8 + 2 * 0 + 16) / 4.
            check(blur_downsample(input.clone()), &[6.0, 6.0], column);
            let odd = line(&[4.0, 8.0, 12.0], column);
            check(blur_downsample(odd), &[6.0, 10.0], column);
            let doubled = [4.0, 5.0, 7.0, 6.0, 2.0, 4.0, 12.0, 16.0];
            check(double_bilinear(input), &doubled, column);
        }
    }
}
