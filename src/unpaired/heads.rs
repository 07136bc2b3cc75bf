//! The networks that bring features of all layers into one space, where they are compared.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

use crate::nn::{Linear, Network, WeightInit};

/// Added to norms before they divide.
const EPSILON: f64 = 1e-7;
/// Far below what heads give, and far above what 32-bit numbers take for nothing.
const SMALLEST_SQUARE: f64 = 1e-12;

/// Two linear layers for each layer of the encoder that is compared.
#[derive(Module, Debug)]
pub(super) struct PatchHeads {
    heads: Vec<Head>,
}

/// Linear, ReLU, linear.
#[derive(Module, Debug)]
struct Head {
    first: Linear,
    second: Linear,
}

impl PatchHeads {
    /// Heads for layers of these `channels`, all to `output` channels.
    pub(super) fn new(init: &mut WeightInit, channels: &[usize], output: usize) -> Self {
        let heads = channels.iter().map(|&input| Head {
            first: Linear::new(init, input, output),
            second: Linear::new(init, output, output),
        });
        Self {
            heads: heads.collect(),
        }
    }

    /// What the head of `layer`, counted from 0 among those that are compared, makes of `[rows, channels]`: `[rows, output]`, each
    /// row of length 1.
    pub(super) fn forward(&self, layer: usize, features: Tensor<2>) -> Tensor<2> {
        let head = &self.heads[layer];
        let output = head.second.forward(relu(head.first.forward(features)));
        // The root has no gradient at 0, where all of a head can be silent.
        let squares = output.clone().square().sum_dim(1);
        let norm = squares.clamp_min(SMALLEST_SQUARE).sqrt() + EPSILON;
        output / norm
    }
}

impl Network for PatchHeads {
    fn layer_name(&self, path: &str) -> String {
        let mut parts = path.split('.').skip(1);
        let number = parts.next().unwrap_or_default();
        // The ReLU takes a place.
        let place = if parts.next() == Some("second") { 2 } else { 0 };
        format!("mlp_{number}.{place}")
    }
}
