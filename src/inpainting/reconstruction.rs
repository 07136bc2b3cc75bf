//! The reconstruction loss, in the hole and in the band around it.

use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

use crate::config::Distance;
use crate::kernels::mean;

/// Weight of the band around the hole, which is predicted too so that both meet; the hole has weight 1.
pub const BAND_WEIGHT: f64 = 10.0;

/// The weight of each pixel: 1 in the hole, [`BAND_WEIGHT`] within `overlap` pixels of it (diagonals included), 0
/// elsewhere. `mask` is `[batch, 1, height, width]`, 1 in the hole; so is the result.
///
/// Pathak et al., 2016, section 5.1: a tenfold weight where the prediction overlaps the context.
pub fn reconstruction_weights(mask: Tensor<4>, overlap: usize) -> Tensor<4> {
    if overlap == 0 {
        return mask;
    }
    let side = 2 * overlap + 1;
    let window = MaxPoolOptions::new([side, side])
        .with_stride([1, 1])
        .with_padding([overlap, overlap]);
    let grown = max_pool2d(mask.clone(), window);
    (grown - mask.clone()) * BAND_WEIGHT + mask
}

/// The weighted distance between `[batch, channels, height, width]` pictures: its sum divided by the number of values
/// that have a weight. `weights` is `[batch, 1, height, width]`.
pub fn reconstruction_loss(
    output: Tensor<4>,
    target: Tensor<4>,
    weights: Tensor<4>,
    distance: Distance,
) -> Tensor<1> {
    let channels = output.dims()[1];
    let counted = weights.clone().greater_elem(0.0).float().sum() * channels as f64;
    let difference = output - target;
    let difference = match distance {
        Distance::L2 => difference.square(),
        Distance::L1 => difference.abs(),
    };
    let elements = difference.shape().num_elements() as f64;
    mean(difference * weights) * elements / counted
}
