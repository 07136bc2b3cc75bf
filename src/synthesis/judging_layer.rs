//! The layers behind the features of a discriminator.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::nn::{
    Convolution, DiscriminatorLayer, Equalisation, EqualisedConvolution, ForwardMode, Padding,
    WeightInit,
};

/// A convolution of all places to one, in networks with an equalised learning rate or without.
#[derive(Module, Debug)]
pub(super) enum JudgingLayer {
    /// Without.
    Plain(Convolution),
    /// With an equalised learning rate.
    Equalised(EqualisedConvolution),
}

impl JudgingLayer {
    /// A layer from features of `side` x `side`.
    pub(super) fn new(
        init: &mut WeightInit,
        channels: [usize; 2],
        side: usize,
        bias: bool,
        is_equalised: bool,
    ) -> Self {
        if is_equalised {
            let equalisation = Equalisation {
                bias: bias.then_some(0.0),
                ..Equalisation::LINEAR
            };
            return Self::Equalised(EqualisedConvolution::new(
                init,
                channels,
                [side, 0],
                equalisation,
            ));
        }
        Self::Plain(Convolution::new(
            init,
            channels,
            side,
            1,
            Padding::Zero(0),
            bias,
        ))
    }

    /// As one of the layers of a discriminator.
    pub(super) fn layer(&self) -> DiscriminatorLayer<'_> {
        match self {
            Self::Plain(layer) => DiscriminatorLayer::Convolution(layer),
            Self::Equalised(layer) => DiscriminatorLayer::Equalised(layer),
        }
    }

    /// `[batch, in, side, side]` to `[batch, out, 1, 1]`.
    pub(super) fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Plain(layer) => layer.forward(input, mode),
            Self::Equalised(layer) => layer.forward(input),
        }
    }
}
