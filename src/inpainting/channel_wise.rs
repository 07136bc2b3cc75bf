//! The channel-wise fully-connected layer.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};

use crate::nn::WeightInit;

/// Connects every position of a feature map with every other, but no map with another.
///
/// With m maps of n x n it has m * n^4 weights, where a fully-connected layer would have m^2 * n^4; a convolution after
/// it mixes the maps. Pathak et al., "Context Encoders: Feature Learning by Inpainting", 2016, section 3.1.
#[derive(Module, Debug)]
pub struct ChannelWiseLinear {
    /// `[maps, from position, to position]`, positions counted row by row.
    pub weight: Param<Tensor<3>>,
}

impl ChannelWiseLinear {
    /// Creates a layer over `maps` maps of `side` x `side`, with weights from `init`.
    pub fn new(init: &mut WeightInit, maps: usize, side: usize) -> Self {
        let positions = side * side;
        let mut values = Vec::with_capacity(maps * positions * positions);
        for _ in 0..maps {
            // Each map has a layer of its own, whose fans are its positions.
            let weight = init.weight([positions, positions, 1, 1]).val();
            let weight: Vec<f32> = weight
                .into_data()
                .try_into_vec()
                .expect("weights are made as 32-bit numbers");
            values.extend(weight);
        }
        let data = TensorData::new(values, [maps, positions, positions]);
        Self {
            weight: Param::from_data(data, init.device()),
        }
    }

    /// Maps `[batch, maps, side, side]` to the same shape.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [batch, maps, height, width] = input.dims();
        let rows = input.reshape([batch, maps, height * width]).swap_dims(0, 1);
        let rows = rows.matmul(self.weight.val());
        rows.swap_dims(0, 1).reshape([batch, maps, height, width])
    }
}
