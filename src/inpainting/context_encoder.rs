//! The context encoder, which predicts what is missing from what is around it.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::stage::{Builder, PostOp, Stage, forward, layer_name, width};
use crate::config::Upsample;
use crate::config::{ALEXNET_SIDE, GeneratorArch, GeneratorRecipe};
use crate::nn::{ForwardMode, Network, WeightInit};

/// Side of the innermost feature maps.
const INNERMOST: usize = 4;
/// Side of the innermost feature maps of the paper's encoder, AlexNet's `pool5`.
const ALEXNET_INNERMOST: usize = 6;
/// Kernel, stride and padding that halve the size.
const HALVE: [usize; 3] = [4, 2, 1];

/// An encoder of strided convolutions down to small feature maps, a middle that carries their content to every position, and a
/// decoder of up-convolutions.
///
/// The middle is a channel-wise fully-connected layer and a 1 x 1 convolution, or, with
/// [`GeneratorArch::ContextBottleneck`], a bottleneck of one position as in the released code. The depth follows the
/// size of the picture; pictures of 227 pixels have AlexNet's convolutions (without their two groups), five
/// up-convolutions to 161 pixels, and a bilinear resize, as in the paper. Pathak, Krähenbühl, Donahue, Darrell and Efros, "Context
/// Encoders: Feature Learning by Inpainting", 2016. Parameter names are those of a PyTorch `Sequential` called `main`.
#[derive(Module, Debug)]
pub struct ContextEncoder {
    stages: Vec<Stage>,
    /// Side to which the output of the stages is resized, if it differs.
    #[module(skip)]
    resized_to: Option<usize>,
}

impl ContextEncoder {
    /// Creates a context encoder from pictures of `side` x `side` to `output_side` x `output_side`, with `channels` channels.
    ///
    /// Both sides are powers of two and at least 16, or both 227.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        side: usize,
        output_side: usize,
        channels: usize,
    ) -> Self {
        let mut builder = Builder::new(init, recipe.norm);
        if side == ALEXNET_SIDE {
            alexnet(&mut builder, recipe, channels);
        } else {
            halving(&mut builder, recipe.channels, side, channels);
            let maps = recipe.channels * 8;
            if recipe.arch == GeneratorArch::ContextBottleneck {
                let one_position = [INNERMOST, 1, 0];
                builder.convolution(
                    [maps, recipe.bottleneck],
                    one_position,
                    true,
                    PostOp::LeakyRelu,
                );
                builder.transposed_convolution(
                    [recipe.bottleneck, maps],
                    one_position,
                    true,
                    PostOp::Relu,
                );
            } else {
                channel_wise(&mut builder, maps, INNERMOST);
            }
            doubling(&mut builder, recipe, output_side, channels);
        }
        Self {
            stages: builder.build(),
            resized_to: (side == ALEXNET_SIDE).then_some(output_side),
        }
    }

    /// Maps `[batch, channels, side, side]` in [-1, 1], with holes filled by one colour, to
    /// `[batch, channels, output_side, output_side]` in [-1, 1]: the whole picture, or its middle.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let output = forward(&self.stages, input, mode);
        match self.resized_to {
            Some(side) => bilinear(output, side),
            None => output,
        }
    }
}

impl Network for ContextEncoder {
    fn layer_name(&self, path: &str) -> String {
        layer_name(&self.stages, path.strip_prefix("stages.").unwrap_or(path))
    }
}

/// Convolutions from pictures of `side` down to maps of [`INNERMOST`].
fn halving(builder: &mut Builder<'_>, channels: usize, side: usize, input: usize) {
    let layers = (side / INNERMOST).ilog2() as usize;
    let mut above = input;
    for layer in 0..layers {
        let next = width(channels, layers - 1 - layer);
        builder.convolution([above, next], HALVE, layer > 0, PostOp::LeakyRelu);
        above = next;
    }
}

fn channel_wise(builder: &mut Builder<'_>, maps: usize, side: usize) {
    builder.channel_wise(maps, side);
    builder.convolution([maps, maps], [1, 1, 0], true, PostOp::Relu);
}

/// Up-convolutions from maps of [`INNERMOST`] to pictures of `side`.
fn doubling(builder: &mut Builder<'_>, recipe: &GeneratorRecipe, side: usize, output: usize) {
    let layers = (side / INNERMOST).ilog2() as usize;
    let mut above = width(recipe.channels, 0);
    for layer in 1..layers {
        let next = width(recipe.channels, layer);
        builder.upsampling([above, next], recipe.upsample, true, PostOp::Relu);
        above = next;
    }
    builder.upsampling([above, output], recipe.upsample, false, PostOp::Tanh);
}

/// The paper's network for pictures of 227 pixels; with 64 channels it has AlexNet's widths.
fn alexnet(builder: &mut Builder<'_>, recipe: &GeneratorRecipe, pictures: usize) {
    let quarters = |count: usize| (recipe.channels * count / 4).max(1);
    let widths = [
        quarters(6),
        quarters(16),
        quarters(24),
        quarters(24),
        quarters(16),
    ];
    let shapes = [[11, 4, 0], [5, 1, 2], [3, 1, 1], [3, 1, 1], [3, 1, 1]];
    let mut above = pictures;
    for (layer, (next, shape)) in widths.into_iter().zip(shapes).enumerate() {
        let after = match layer {
            0 | 1 | 4 => PostOp::ReluAndPool,
            _ => PostOp::Relu,
        };
        builder.convolution([above, next], shape, layer > 0, after);
        above = next;
    }
    channel_wise(builder, above, ALEXNET_INNERMOST);
    let up = [quarters(8), quarters(4), quarters(4), quarters(2), pictures];
    for (layer, next) in up.into_iter().enumerate() {
        let (normalised, after) = if layer == up.len() - 1 {
            (false, PostOp::Tanh)
        } else {
            (true, PostOp::Relu)
        };
        match recipe.upsample {
            Upsample::Deconv => {
                builder.transposed_convolution([above, next], [5, 2, 2], normalised, after);
            }
            Upsample::Resize | Upsample::Blur => {
                builder.upsampling([above, next], recipe.upsample, normalised, after);
            }
        }
        above = next;
    }
}

/// Resizes square pictures to `to` x `to` by bilinear interpolation between the centres of pixels.
fn bilinear(pictures: Tensor<4>, to: usize) -> Tensor<4> {
    let [batch, channels, from, _] = pictures.dims();
    let weights = bilinear_weights(from, to);
    let device = pictures.device().inner();
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [from, to]), &device);
    let planes = batch * channels;
    // Along the rows, then along the columns.
    let wide = pictures
        .reshape([planes * from, from])
        .matmul(weights.clone())
        .reshape([planes, from, to])
        .swap_dims(1, 2);
    wide.reshape([planes * to, from])
        .matmul(weights)
        .reshape([planes, to, to])
        .swap_dims(1, 2)
        .reshape([batch, channels, to, to])
}

/// What each of `from` pixels in a row adds to each of `to`, `[from, to]`.
pub(crate) fn bilinear_weights(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0.0f32; from * to];
    for target in 0..to {
        let place = (target as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let place = place.clamp(0.0, from as f64 - 1.0);
        let (first, share) = (place.floor(), place - place.floor());
        let first = first as usize;
        weights[first * to + target] += (1.0 - share) as f32;
        weights[(first + 1).min(from - 1) * to + target] += share as f32;
    }
    weights
}
