//! Dropout that can also be used at inference, as pix2pix does for variety.

use burn::tensor::{Distribution, Tensor};

use super::forward_mode::ForwardMode;

/// Sets half of the values to zero at random and doubles the others, if `mode` asks for it.
///
/// The draws come from the device's generator: seed the device before the pass to repeat them.
/// Srivastava et al., "Dropout", 2014; the probability is that of pix2pix.
pub fn dropout(input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
    const PROBABILITY: f64 = 0.5;
    if !mode.dropout {
        return input;
    }
    let keep = 1.0 - PROBABILITY;
    let mask: Tensor<4> = Tensor::random(
        input.shape(),
        Distribution::Bernoulli(keep),
        &input.device().inner(),
    );
    let factors = (mask / keep).cast(input.dtype());
    input * factors
}
