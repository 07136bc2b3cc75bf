//! The blocks of ResNet generators: downsampling, residual, upsampling.

use std::convert::Infallible;
use std::ops::ControlFlow;

use burn::module::Module;

use super::activation::Activation;
use super::convolution::{Convolution, Padding};
use super::layer_ops::LayerOps;
use super::norm::Norm;
use super::upsampling::Upsampling;
use super::weight_init::WeightInit;
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
    /// Creates a block with `channels` input channels.
    pub fn new(
        init: &mut WeightInit,
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
            convolution: Convolution::new(init, channels, 3, stride, Padding::Zero(1), bias),
            norm: Norm::new(init, recipe.norm, channels[1]),
            downsample: recipe.downsample,
        }
    }

    /// Maps `[batch, channels, height, width]` to `[batch, 2 * channels, height / 2, width / 2]`.
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let mut all = |_: &O::Features| ControlFlow::<Infallible>::Continue(());
        let ControlFlow::Continue(features) = self.layers(ops, input, &mut all);
        features
    }

    /// The same; what each layer gives is told to `seen`, which may end it.
    pub(super) fn layers<'n, O: LayerOps<'n>, B>(
        &'n self,
        ops: &mut O,
        input: O::Features,
        seen: &mut impl FnMut(&O::Features) -> ControlFlow<B>,
    ) -> ControlFlow<B, O::Features> {
        let mut features = ops.convolution(&self.convolution, input);
        seen(&features)?;
        features = ops.norm(&self.norm, features);
        seen(&features)?;
        features = ops.activation(Activation::Relu, features);
        seen(&features)?;
        if self.downsample == Downsample::Blur {
            features = ops.blur_downsample(features);
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
    /// Creates a block with `channels` output channels.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        channels: usize,
        bias: bool,
    ) -> Self {
        let both = [channels * 2, channels];
        Self {
            upsampling: Upsampling::new(init, both, 3, 1, bias, recipe.upsample),
            norm: Norm::new(init, recipe.norm, channels),
        }
    }

    /// Maps `[batch, 2 * channels, height, width]` to `[batch, channels, 2 * height, 2 * width]`.
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let features = ops.upsampling(&self.upsampling, input);
        let features = ops.norm(&self.norm, features);
        ops.activation(Activation::Relu, features)
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
    /// Creates a block of `channels` channels.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        channels: usize,
        bias: bool,
    ) -> Self {
        let inner = |init: &mut WeightInit| {
            Convolution::new(init, [channels; 2], 3, 1, Padding::Reflect(1), bias)
        };
        Self {
            first: inner(init),
            first_norm: Norm::new(init, recipe.norm, channels),
            second: inner(init),
            second_norm: Norm::new(init, recipe.norm, channels),
            dropout: recipe.dropout,
        }
    }

    /// Maps `[batch, channels, height, width]`, at least 2 x 2, to the same shape.
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let mut residual = ops.convolution(&self.first, input.clone());
        residual = ops.norm(&self.first_norm, residual);
        residual = ops.activation(Activation::Relu, residual);
        if self.dropout {
            residual = ops.dropout(residual);
        }
        residual = ops.convolution(&self.second, residual);
        residual = ops.norm(&self.second_norm, residual);
        ops.sum(input, residual)
    }

    /// The index of a layer in `conv_block`, in the public names.
    pub(crate) fn index(&self, layer: &str) -> usize {
        // Dropout has an index between the two convolutions.
        let second = if self.dropout { 6 } else { 5 };
        match layer {
            "first" => 1,
            "first_norm" => 2,
            "second" => second,
            _ => second + 1,
        }
    }
}
