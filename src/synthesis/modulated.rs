//! Convolutions that a code leads.

use std::f64::consts::SQRT_2;

use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;

use crate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, leaky_relu,
    transposed_convolution,
};
use crate::nn::{
    Equalisation, EqualisedConvolution, LEAKY_SLOPE, SQUARES_EPSILON, WeightInit, leaky_relu_slopes,
};

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
        self.traced(input, codes).output + self.shift()
    }

    fn shift(&self) -> Tensor<4> {
        let channels = self.bias.dims()[0];
        self.bias.val().reshape([1, channels, 1, 1])
    }

    /// The same without the bias, with what the way back needs.
    pub(super) fn traced(&self, input: Tensor<4>, codes: Tensor<4>) -> ModulatedTrace<'_> {
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
        let result = convolution(input.clone() * scales.clone(), weight.clone(), None, shape);
        let demodulation = self.demodulates.then(|| {
            let squares = weight.clone().square().sum_dim(3).sum_dim(2);
            let shape = ConvolutionShape {
                padding: 0,
                ..shape
            };
            let lengths = convolution(scales.clone().square(), squares.clone(), None, shape);
            let lengths = (lengths + SQUARES_EPSILON).sqrt();
            Demodulation { squares, lengths }
        });
        let output = match &demodulation {
            Some(demodulation) => result / demodulation.lengths.clone(),
            None => result,
        };
        ModulatedTrace {
            layer: self,
            input,
            scales,
            weight,
            demodulation,
            output,
        }
    }
}

/// What a layer has made of features and codes without its bias, and what the way back needs.
pub(super) struct ModulatedTrace<'n> {
    layer: &'n Modulated,
    input: Tensor<4>,
    scales: Tensor<4>,
    weight: Tensor<4>,
    demodulation: Option<Demodulation>,
    output: Tensor<4>,
}

struct Demodulation {
    /// The squares of the weight, summed over the kernel, `[out, in, 1, 1]`.
    squares: Tensor<4>,
    /// By which outputs are divided, `[batch, out, 1, 1]`.
    lengths: Tensor<4>,
}

impl ModulatedTrace<'_> {
    /// The gradients with respect to features and codes, from that of the output. Gradients flow through them to the parameters.
    pub(super) fn input_gradients(self, gradient: Tensor<4>) -> [Tensor<4>; 2] {
        let Self { layer, scales, .. } = self;
        let transposed = |gradient, weight: Tensor<4>| {
            let shape = TransposedConvolutionShape {
                stride: 1,
                padding: weight.dims()[2] / 2,
                output_padding: 0,
                precision: Precision::F32,
            };
            transposed_convolution(gradient, weight, None, shape)
        };
        let sums = |features: Tensor<4>| features.sum_dim(3).sum_dim(2);
        let (of_result, of_lengths) = match self.demodulation {
            Some(Demodulation { squares, lengths }) => {
                let along = sums(gradient.clone() * self.output);
                // With respect to the squares of lengths.
                let of_squares = along / lengths.clone().square() * -0.5;
                let of_scales = transposed(of_squares, squares) * scales.clone() * 2.0;
                (gradient / lengths, Some(of_scales))
            }
            None => (gradient, None),
        };
        let of_scaled = transposed(of_result, self.weight);
        let of_scales = sums(of_scaled.clone() * self.input);
        let of_scales = match of_lengths {
            Some(of_lengths) => of_scales + of_lengths,
            None => of_scales,
        };
        let style = &layer.style;
        let of_codes = style.input_gradient(of_scales, style.weight_in_use());
        [of_scaled * scales, of_codes]
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
        self.traced(input, codes, noise).output()
    }

    /// The same, with what the way back needs.
    pub(super) fn traced(
        &self,
        input: Tensor<4>,
        codes: Tensor<4>,
        noise: Option<&Tensor<4>>,
    ) -> StyleTrace<'_> {
        let noise = match noise {
            Some(noise) => noise.clone(),
            None => self.noise.running_noise.value_sync(),
        };
        let strength = self.noise.strength.val().reshape([1, 1, 1, 1]);
        let conv = self.conv.traced(input, codes);
        let features = conv.output.clone() + noise * strength + self.conv.shift();
        StyleTrace { conv, features }
    }
}

/// What a layer has made of features and codes, and what the way back needs.
pub(super) struct StyleTrace<'n> {
    conv: ModulatedTrace<'n>,
    /// Before the activation.
    features: Tensor<4>,
}

impl StyleTrace<'_> {
    /// What has come out of the layer.
    pub(super) fn output(&self) -> Tensor<4> {
        leaky_relu(self.features.clone(), LEAKY_SLOPE) * SQRT_2
    }

    /// The gradients with respect to features and codes, from that of the output.
    pub(super) fn input_gradients(self, gradient: Tensor<4>) -> [Tensor<4>; 2] {
        let slopes = leaky_relu_slopes(self.features, LEAKY_SLOPE);
        self.conv.input_gradients(gradient * slopes * SQRT_2)
    }
}
