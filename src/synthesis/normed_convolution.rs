//! Convolutions with their norm.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::config::NormKind;
use crate::nn::{Convolution, ForwardMode, Norm, Padding, WeightInit};

/// A convolution and a norm, without an activation.
#[derive(Module, Debug)]
pub(super) struct NormedConvolution {
    conv: Convolution,
    norm: Norm,
}

impl NormedConvolution {
    /// A layer of 3 x 3 that keeps the size.
    pub(super) fn same(init: &mut WeightInit, norm: NormKind, channels: [usize; 2]) -> Self {
        Self::new(init, norm, channels, [3, 1])
    }

    /// A layer of 4 x 4 that halves the size.
    pub(super) fn halving(init: &mut WeightInit, norm: NormKind, channels: [usize; 2]) -> Self {
        Self::new(init, norm, channels, [4, 2])
    }

    fn new(
        init: &mut WeightInit,
        norm: NormKind,
        channels: [usize; 2],
        [kernel, stride]: [usize; 2],
    ) -> Self {
        // The norm takes out what is the same everywhere.
        let bias = !norm.normalises_features();
        Self {
            conv: Convolution::new(init, channels, kernel, stride, Padding::Zero(1), bias),
            norm: Norm::new(init, norm, channels[1]),
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`.
    pub(super) fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        self.norm.forward(self.conv.forward(input, mode), mode)
    }
}
