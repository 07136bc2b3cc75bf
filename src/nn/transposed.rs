//! Transposed convolutions.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::spectral_norm::SpectralNorm;
use super::weight_init::WeightInit;
use crate::kernels::{TransposedConvolutionShape, transposed_convolution};

/// A transposed convolution with a square kernel.
#[derive(Module, Debug)]
pub struct TransposedConvolution {
    /// `[in, out, kernel, kernel]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Option<Param<Tensor<1>>>,
    /// Divides the weight, where the network has spectral normalisation.
    spectral: Option<SpectralNorm>,
    #[module(skip)]
    shape: TransposedConvolutionShape,
}

impl TransposedConvolution {
    /// Creates a layer with weights from `init`.
    pub fn new(
        init: &mut WeightInit,
        [input, output]: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        bias: bool,
    ) -> Self {
        let weight = init.weight([input, output, kernel, kernel]);
        Self {
            spectral: SpectralNorm::new(init, &weight, true),
            weight,
            bias: bias.then(|| init.bias(output)),
            shape: TransposedConvolutionShape {
                stride,
                padding,
                output_padding: 0,
                precision: init.precision(),
            },
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`, where `height'` is
    /// `(height - 1) * stride - 2 * padding + kernel`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        let weight = self.weight.val();
        let weight = match &self.spectral {
            Some(spectral) => spectral.normalise(weight, mode),
            None => weight,
        };
        transposed_convolution(input, weight, bias, self.shape)
    }
}
