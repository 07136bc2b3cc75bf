//! Normalisation of each pixel.

use burn::tensor::Tensor;

use crate::nn::SQUARES_EPSILON;

/// Divides the channels of each place of `[batch, channels, height, width]` by the root of their mean square.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018, section 4.2.
pub(super) fn pixel_norm(features: Tensor<4>) -> Tensor<4> {
    let squares = features.clone().square().mean_dim(1);
    features / (squares + SQUARES_EPSILON).sqrt()
}
