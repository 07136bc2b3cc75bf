//! What a layer gives for some rows, and which rows of its input it takes for them.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::kernels::{Border, Combination};
use crate::nn::blur::blur_bordered;
use crate::nn::convolution::{Convolution, Upsampling};
use crate::nn::local_enhancer::half_size;
use crate::nn::norm::Norm;
use crate::nn::pass::Activation;

/// A layer, or what stands between layers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation<'n> {
    /// The input.
    Picture,
    Convolution(&'n Convolution),
    Upsampling(&'n Upsampling),
    Norm(&'n Norm),
    Activation(Activation),
    HalfSize,
    BlurDownsample,
    Sum,
    Concatenation,
}

impl Operation<'_> {
    /// Channels, height and width of the output for those of the inputs.
    pub(super) fn output(&self, inputs: &[[usize; 3]]) -> [usize; 3] {
        let [channels, height, width] = inputs[0];
        match self {
            Self::Convolution(layer) => {
                let [channels, ..] = layer.weight.dims();
                [
                    channels,
                    layer.output_side(height),
                    layer.output_side(width),
                ]
            }
            Self::Upsampling(layer) => [layer.output_channels(), 2 * height, 2 * width],
            Self::HalfSize | Self::BlurDownsample => {
                [channels, height.div_ceil(2), width.div_ceil(2)]
            }
            Self::Concatenation => [channels + inputs[1][0], height, width],
            Self::Picture | Self::Norm(_) | Self::Activation(_) | Self::Sum => inputs[0],
        }
    }

    /// Whether each value depends on one value of its only input.
    pub(super) fn is_pointwise(&self) -> bool {
        matches!(self, Self::Norm(_) | Self::Activation(_))
    }

    pub(super) fn is_sum(&self) -> bool {
        matches!(self, Self::Sum)
    }

    /// Multiplications for a picture's features, for the dimensions of input and output.
    pub(super) fn work(&self, input: [usize; 3], output: [usize; 3]) -> f64 {
        let pixels = |[_, height, width]: [usize; 3]| height as f64 * width as f64;
        let weights = |dims: [usize; 4]| dims.into_iter().product::<usize>() as f64;
        match self {
            Self::Convolution(layer) => weights(layer.weight.dims()) * pixels(output),
            Self::Upsampling(layer) => layer.work_at_input() as f64 * pixels(input),
            _ => 0.0,
        }
    }

    /// Its weights.
    pub(super) fn weights(&self) -> usize {
        match self {
            Self::Convolution(layer) => layer.weight.dims().into_iter().product(),
            Self::Upsampling(layer) => layer.weight.dims().into_iter().product(),
            _ => 0,
        }
    }

    /// Values of the copy of its input, of dimensions `input`, that it makes when it computes a whole picture.
    pub(super) fn copied(&self, input: [usize; 3]) -> usize {
        match self {
            Self::Convolution(layer) => layer.copied(input),
            Self::Upsampling(layer) => layer.copied(input),
            // With its border, and the means of neighbours.
            Self::BlurDownsample => {
                let [channels, height, width] = input;
                2 * channels * (height + 2) * (width + 2)
            }
            _ => 0,
        }
    }

    /// The rows of inputs of `height` rows that these rows of the output, at least one, are made of.
    pub(super) fn rows_under(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        match self {
            Self::Convolution(layer) => layer.rows_under(rows, height),
            Self::Upsampling(layer) => layer.rows_under(rows, height),
            // One output row more, whose upper neighbours are not there.
            Self::HalfSize => 2 * rows.start.saturating_sub(1)..(2 * rows.end).min(height),
            Self::BlurDownsample => (2 * rows.start).saturating_sub(1)..(2 * rows.end).min(height),
            _ => rows,
        }
    }

    /// What lies around the rows under these rows of the output.
    pub(super) fn border(&self, rows: &Range<usize>, height: usize) -> Border {
        match self {
            Self::Convolution(layer) => layer.border(rows, height),
            Self::BlurDownsample => Border {
                top: usize::from(rows.start == 0),
                bottom: (2 * rows.end).saturating_sub(height),
                sides: 1,
                mirrored: true,
            },
            _ => Border::default(),
        }
    }

    /// How several inputs become one.
    pub(super) fn combination(&self) -> Combination {
        match self {
            Self::Concatenation => Combination::Concatenation,
            _ => Combination::Sum,
        }
    }

    /// The slope of an activation function that is a leaky ReLU.
    pub(super) fn slope(&self) -> Option<f64> {
        match self {
            Self::Activation(function) => function.slope(),
            _ => None,
        }
    }

    /// The `rows` of the output from the [rows under them](Self::rows_under) of an input of `height` rows, with their
    /// [border](Self::border), `[1, channels, rows, width]`. Sums and concatenations, normalisations and leaky ReLUs have done their
    /// work when inputs have been joined.
    pub(super) fn forward(&self, input: Tensor<4>, rows: Range<usize>, height: usize) -> Tensor<4> {
        match self {
            Self::Convolution(layer) => layer.forward_bordered(input),
            Self::Upsampling(layer) => layer.forward_rows(input, rows, height),
            Self::Activation(function) if function.slope().is_none() => function.forward(input),
            Self::BlurDownsample => blur_bordered(input),
            Self::HalfSize => {
                let above = rows.start.min(1);
                half_size(input).narrow(2, above, rows.len())
            }
            _ => input,
        }
    }
}
