//! Average pooling to half the size.

use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Tensor, TensorData};

use super::spread::{spread, window};

/// Halves height and width (rounded up): each pixel is the mean of those of the 3 x 3 around it that lie inside.
///
/// pix2pixHD makes the smaller inputs of its generators and discriminators this way.
pub fn downsample(input: Tensor<4>) -> Tensor<4> {
    let options = AvgPoolOptions::new([3, 3])
        .with_stride([2, 2])
        .with_padding([1, 1])
        .with_count_include_pad(false);
    avg_pool2d(input, options)
}

/// The gradient of [`downsample`] with respect to an input of `size` (height and width), from that of its output.
pub(crate) fn downsample_gradient(gradient: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let pass = |gradient: Tensor<4>, (dim, side): (usize, usize)| {
        // At the border one of the three pixels lies outside; at the end this happens where the side is odd.
        let count = gradient.dims()[dim];
        let shares = (0..count).map(|place| {
            let outside = usize::from(place == 0) + usize::from(2 * place + 1 >= side);
            1.0 / (3 - outside) as f32
        });
        let mut shape = [1; 4];
        shape[dim] = count;
        let shares = TensorData::new(shares.collect::<Vec<f32>>(), shape);
        let shares = Tensor::<4>::from_data(shares, &gradient.device().inner());
        window(spread(gradient * shares, dim, [1.0, 1.0]), dim, 1, side)
    };
    [(2, size[0]), (3, size[1])]
        .into_iter()
        .fold(gradient, pass)
}
