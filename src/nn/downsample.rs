//! Average pooling to half the size.

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

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
