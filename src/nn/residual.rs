//! The blocks of ResNet generators: halving, residual, doubling.

use std::convert::Infallible;
use std::ops::ControlFlow;

use burn::module::Module;

use super::convolution::{Convolution, Padding, Upsampling};
use super::initialise::Initialise;
use super::norm::Norm;
use super::pass::{Activation, Pass};
use crate::config::{Downsample, GeneratorRecipe};

/// A convolution that doubles the channels, and the normalisation after it; the convolution halves the size, or a filter at
/// the end does.
#[derive(Module, Debug)]
pub struct DownBlock {
    convolution: Convolution,
    norm: Norm,
    #[module(skip)]
    downsample: Downsample,
}

impl DownBlock {
    /// A block that takes `channels` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        channels: usize,
        bias: bool,
    ) -> Self {
        let channels = [channels, channels * 2];
        let stride = match recipe.downsample {
            Downsample::Strided => 2,
            Downsample::Blur => 1,
        };
        Self {
            convolution: Convolution::new(initialise, channels, 3, stride, Padding::Zero(1), bias),
            norm: Norm::new(initialise, recipe.norm, channels[1]),
            downsample: recipe.downsample,
        }
    }

    /// `[batch, channels, height, width]` to `[batch, 2 * channels, height / 2, width / 2]`.
    pub fn through<'n, P: Pass<'n>>(&'n self, pass: &mut P, input: P::Features) -> P::Features {
        let mut all = |_: &P::Features| ControlFlow::<Infallible>::Continue(());
        let ControlFlow::Continue(features) = self.layers(pass, input, &mut all);
        features
    }

    /// The same; what each layer gives is told to `seen`, which may end it.
    pub(super) fn layers<'n, P: Pass<'n>, B>(
        &'n self,
        pass: &mut P,
        input: P::Features,
        seen: &mut impl FnMut(&P::Features) -> ControlFlow<B>,
    ) -> ControlFlow<B, P::Features> {
        let mut features = pass.convolution(&self.convolution, input);
        seen(&features)?;
        features = pass.norm(&self.norm, features);
        seen(&features)?;
        features = pass.activation(Activation::Relu, features);
        seen(&features)?;
        if self.downsample == Downsample::Blur {
            features = pass.blur_downsample(features);
            seen(&features)?;
        }
        ControlFlow::Continue(features)
    }
}

/// An upsampling that doubles the size and halves the channels, and the normalisation after it.
#[derive(Module, Debug)]
pub struct UpBlock {
    upsampling: Upsampling,
    norm: Norm,
}

impl UpBlock {
    /// A block that gives `channels` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        channels: usize,
        bias: bool,
    ) -> Self {
        let both = [channels * 2, channels];
        Self {
            upsampling: Upsampling::new(initialise, both, 3, 1, bias, recipe.upsample),
            norm: Norm::new(initialise, recipe.norm, channels),
        }
    }

    /// `[batch, 2 * channels, height, width]` to `[batch, channels, 2 * height, 2 * width]`.
    pub fn through<'n, P: Pass<'n>>(&'n self, pass: &mut P, input: P::Features) -> P::Features {
        let features = pass.upsampling(&self.upsampling, input);
        let features = pass.norm(&self.norm, features);
        pass.activation(Activation::Relu, features)
    }
}

/// Two convolutions whose result is added to their input.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    first: Convolution,
    first_norm: Norm,
    second: Convolution,
    second_norm: Norm,
    #[module(skip)]
    dropout: bool,
}

impl ResidualBlock {
    /// A block of `channels` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        channels: usize,
        bias: bool,
    ) -> Self {
        let inner = |initialise: &mut Initialise| {
            Convolution::new(initialise, [channels; 2], 3, 1, Padding::Reflect(1), bias)
        };
        Self {
            first: inner(initialise),
            first_norm: Norm::new(initialise, recipe.norm, channels),
            second: inner(initialise),
            second_norm: Norm::new(initialise, recipe.norm, channels),
            dropout: recipe.dropout,
        }
    }

    /// `[batch, channels, height, width]`, at least 2 x 2, to the same.
    pub fn through<'n, P: Pass<'n>>(&'n self, pass: &mut P, input: P::Features) -> P::Features {
        let mut residual = pass.convolution(&self.first, input.clone());
        residual = pass.norm(&self.first_norm, residual);
        residual = pass.activation(Activation::Relu, residual);
        if self.dropout {
            residual = pass.dropout(residual);
        }
        residual = pass.convolution(&self.second, residual);
        residual = pass.norm(&self.second_norm, residual);
        pass.sum(input, residual)
    }

    /// The place of a layer among those of `conv_block` in the public names.
    pub(crate) fn index(&self, layer: &str) -> usize {
        // Dropout takes a place between the two convolutions.
        let second = if self.dropout { 6 } else { 5 };
        match layer {
            "first" => 1,
            "first_norm" => 2,
            "second" => second,
            _ => second + 1,
        }
    }
}
