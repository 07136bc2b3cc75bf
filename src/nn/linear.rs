//! Linear layers.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::weight_init::WeightInit;

/// A linear layer.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`.
    weight: Param<Tensor<2>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
}

impl Linear {
    /// Creates a layer with weights from `init`.
    pub fn new(init: &mut WeightInit, input: usize, output: usize) -> Self {
        let weight = init.weight([output, input, 1, 1]).val();
        Self {
            weight: Param::from_tensor(weight.reshape([output, input]).detach()),
            bias: init.bias(output),
        }
    }

    /// `[rows, in]` to `[rows, out]`.
    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        input.matmul(self.weight.val().transpose()) + self.bias.val().unsqueeze()
    }
}
