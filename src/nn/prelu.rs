//! The parametric leaky ReLU.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::weight_init::WeightInit;
use crate::kernels::relu;

/// Slope that PyTorch begins with.
const INITIAL_SLOPE: f32 = 0.25;

/// A leaky ReLU whose slope for negative values is learnt, one for all channels. He et al., "Delving Deep into Rectifiers", 2015.
#[derive(Module, Debug)]
pub struct Prelu {
    /// The slope, `[1]`.
    weight: Param<Tensor<1>>,
}

impl Prelu {
    /// Creates the function with PyTorch's first slope.
    pub fn new(init: &WeightInit) -> Self {
        Self {
            weight: init.constant(INITIAL_SLOPE, 1),
        }
    }

    /// Maps each value of `[batch, channels, height, width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let slope = self.weight.val().reshape([1; 4]).cast(input.dtype());
        let positive = relu(input.clone());
        positive.clone() + (input - positive) * slope
    }
}
