//! Convolutions that a code leads.

use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;

use crate::kernels::{ConvolutionShape, Precision, convolution, leaky_relu};
use crate::nn::{Equalisation, EqualisedConvolution, LEAKY_SLOPE, SQUARES_EPSILON, WeightInit};

/// A convolution whose inputs are scaled by what a linear layer makes of the code of the picture, with a bias.
///
/// The filters of a picture are brought to length 1 again in layers with demodulation. Karras et al., "Analyzing and Improving the Image
/// Quality of StyleGAN", 2020, section 2.2.
#[derive(Module, Debug)]
pub(super) struct Modulated {
    /// From the code to the scales.
    style: EqualisedConvolution,
    /// `[out, in, kernel, kernel]`.
    weight: Param<Tensor<4>>,
    /// `[out]`.
    bias: Param<Tensor<1>>,
    #[module(skip)]
    demodulates: bool,
}

/// One with demodulation, noise, and a leaky ReLU.
#[derive(Module, Debug)]
pub(super) struct StyleLayer {
    conv: Modulated,
    noise: Noise,
}

/// Noise on features.
#[derive(Module, Debug)]
struct Noise {
    /// By which it is multiplied, `[1]`.
    strength: Param<Tensor<1>>,
    /// The noise of pictures that are made without another, `[1, 1, side, side]`.
    running_noise: RunningState<Tensor<4>>,
}

impl Modulated {
    /// A layer from `input` to `output` channels, led by codes of `latent` values.
    pub(super) fn new(
        init: &mut WeightInit,
        latent: usize,
        [input, output]: [usize; 2],
        kernel: usize,
        demodulates: bool,
    ) -> Self {
        let scales = Equalisation {
            bias: Some(1.0),
            ..Equalisation::LINEAR
        };
        Self {
            style: EqualisedConvolution::new(init, [latent, input], [1, 0], scales),
            weight: init.standard_normal([output, input, kernel, kernel], 1.0),
            bias: init.bias(output),
            demodulates,
        }
    }

    /// `[batch, in, height, width]` and codes, `[batch, latent, 1, 1]`, to `[batch, out, height, width]`.
    pub(super) fn forward(&self, input: Tensor<4>, codes: Tensor<4>) -> Tensor<4> {
        self.filtered(input, codes) + self.shift()
    }

    fn shift(&self) -> Tensor<4> {
        let channels = self.bias.dims()[0];
        self.bias.val().reshape([1, channels, 1, 1])
    }

    /// The same without the bias.
    fn filtered(&self, input: Tensor<4>, codes: Tensor<4>) -> Tensor<4> {
        let [_, channels, kernel, _] = self.weight.dims();
        let fan_in = (channels * kernel * kernel) as f64;
        let weight = self.weight.val() / fan_in.sqrt();
        let scales = self.style.forward(codes);
        let shape = ConvolutionShape {
            stride: 1,
            padding: kernel / 2,
            precision: Precision::F32,
        };
        // Scaling what goes in and comes out is the same as scaling the filters of each picture.
        let result = convolution(input * scales.clone(), weight.clone(), None, shape);
        if !self.demodulates {
            return result;
        }
        let squares = weight.square().sum_dim(3).sum_dim(2);
        let shape = ConvolutionShape {
            padding: 0,
            ..shape
        };
        let lengths = convolution(scales.square(), squares, None, shape);
        result / (lengths + SQUARES_EPSILON).sqrt()
    }
}

impl StyleLayer {
    /// A layer from `input` to `output` channels at `side` x `side`, led by codes of `latent` values.
    pub(super) fn new(
        init: &mut WeightInit,
        latent: usize,
        channels: [usize; 2],
        side: usize,
    ) -> Self {
        let conv = Modulated::new(init, latent, channels, 3, true);
        let noise = init.standard_normal([1, 1, side, side], 1.0);
        Self {
            conv,
            noise: Noise {
                strength: init.constant(0.0, 1),
                running_noise: RunningState::new(noise.val().inner()),
            },
        }
    }

    /// `[batch, in, height, width]` and codes, `[batch, latent, 1, 1]`, to `[batch, out, height, width]`, with this noise,
    /// `[batch, 1, height, width]`, or the one that is kept.
    pub(super) fn forward(
        &self,
        input: Tensor<4>,
        codes: Tensor<4>,
        noise: Option<&Tensor<4>>,
    ) -> Tensor<4> {
        let noise = match noise {
            Some(noise) => noise.clone(),
            None => self.noise.running_noise.value_sync(),
        };
        let strength = self.noise.strength.val().reshape([1, 1, 1, 1]);
        let features = self.conv.filtered(input, codes) + noise * strength + self.conv.shift();
        leaky_relu(features, LEAKY_SLOPE) * std::f64::consts::SQRT_2
    }
}
