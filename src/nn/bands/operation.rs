//! Layers row by row: which rows of their input they need, and what they compute from them.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::kernels::{Merge, RowPadding, RowSource, fuse_rows};
use crate::nn::activation::Activation;
use crate::nn::blur::blur_bordered;
use crate::nn::convolution::Convolution;
use crate::nn::downsample::downsample;
use crate::nn::latent_code::code_at_half;
use crate::nn::norm::Norm;
use crate::nn::pixel_shuffle::pixel_shuffle;
use crate::nn::prelu::Prelu;
use crate::nn::upsampling::{Upsampling, doubled};

/// A layer, or an operation between layers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation<'n> {
    /// The input.
    Picture,
    Convolution(&'n Convolution),
    Upsampling(&'n Upsampling),
    Norm(&'n Norm),
    Activation(Activation),
    Prelu(&'n Prelu),
    PixelShuffle(usize),
    /// Each pixel becomes two by two.
    Double,
    Downsample,
    BlurDownsample,
    /// The planes of a latent code of this length.
    CodeAtHalf(usize),
    Sum,
    Concatenation,
}

impl Operation<'_> {
    /// Channels, height and width of the output for inputs of these dimensions.
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
            Self::Downsample | Self::BlurDownsample => {
                [channels, height.div_ceil(2), width.div_ceil(2)]
            }
            Self::CodeAtHalf(length) => [*length, height / 2, width / 2],
            Self::PixelShuffle(factor) => [
                channels / (factor * factor),
                factor * height,
                factor * width,
            ],
            Self::Double => [channels, 2 * height, 2 * width],
            Self::Concatenation => [channels + inputs[1][0], height, width],
            Self::Picture | Self::Norm(_) | Self::Activation(_) | Self::Prelu(_) | Self::Sum => {
                inputs[0]
            }
        }
    }

    /// Whether each value depends on one value of its only input.
    pub(super) fn is_pointwise(&self) -> bool {
        matches!(self, Self::Norm(_) | Self::Activation(_) | Self::Prelu(_))
    }

    pub(super) fn is_sum(&self) -> bool {
        matches!(self, Self::Sum)
    }

    /// Multiplications for features of these dimensions.
    pub(super) fn multiply_adds(&self, input: [usize; 3], output: [usize; 3]) -> f64 {
        let pixels = |[_, height, width]: [usize; 3]| height as f64 * width as f64;
        let weights = |dims: [usize; 4]| dims.into_iter().product::<usize>() as f64;
        match self {
            Self::Convolution(layer) => weights(layer.weight.dims()) * pixels(output),
            Self::Upsampling(layer) => layer.multiply_adds_per_pixel() as f64 * pixels(input),
            _ => 0.0,
        }
    }

    /// Number of weights.
    pub(super) fn weights(&self) -> usize {
        match self {
            Self::Convolution(layer) => layer.weight.dims().into_iter().product(),
            Self::Upsampling(layer) => layer.weight.dims().into_iter().product(),
            _ => 0,
        }
    }

    /// Length of the copy that a whole pass makes of an input of these dimensions, in values.
    pub(super) fn copy_len(&self, input: [usize; 3]) -> usize {
        match self {
            Self::Convolution(layer) => layer.copy_len(input),
            Self::Upsampling(layer) => layer.copy_len(input),
            // With its border, and the means of neighbours.
            Self::BlurDownsample => {
                let [channels, height, width] = input;
                2 * channels * (height + 2) * (width + 2)
            }
            // The positive part, or what is brought into another order.
            Self::Prelu(_) | Self::PixelShuffle(_) => input.into_iter().product(),
            _ => 0,
        }
    }

    /// The rows of inputs of `height` rows that `rows` of the output, at least one, depend on.
    pub(super) fn input_rows(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        match self {
            Self::Convolution(layer) => layer.input_rows(rows, height),
            Self::Upsampling(layer) => layer.input_rows(rows, height),
            // From one output row earlier, which lacks its upper neighbours and is cut off.
            Self::Downsample => 2 * rows.start.saturating_sub(1)..(2 * rows.end).min(height),
            Self::BlurDownsample => (2 * rows.start).saturating_sub(1)..(2 * rows.end).min(height),
            Self::CodeAtHalf(_) => 2 * rows.start..2 * rows.end,
            Self::PixelShuffle(factor) => rows.start / factor..rows.end.div_ceil(*factor),
            Self::Double => rows.start / 2..rows.end.div_ceil(2),
            _ => rows,
        }
    }

    /// The padding around the input rows of `rows`.
    pub(super) fn row_padding(&self, rows: &Range<usize>, height: usize) -> RowPadding {
        match self {
            Self::Convolution(layer) => layer.row_padding(rows, height),
            Self::BlurDownsample => RowPadding {
                top: usize::from(rows.start == 0),
                bottom: (2 * rows.end).saturating_sub(height),
                sides: 1,
                mirrored: true,
            },
            _ => RowPadding::default(),
        }
    }

    /// How several inputs become one.
    pub(super) fn merge(&self) -> Merge {
        match self {
            Self::Concatenation => Merge::Concatenation,
            _ => Merge::Sum,
        }
    }

    /// The slope of an activation function that is a leaky ReLU.
    pub(super) fn slope(&self) -> Option<f64> {
        match self {
            Self::Activation(function) => function.slope(),
            _ => None,
        }
    }

    /// Computes `rows` of the output, `[1, channels, rows, width]`, from `sources` that, joined along their channels and with this
    /// [padding](Self::row_padding), are their [input rows](Self::input_rows), of an input of `height` rows. Concatenations,
    /// normalisations and leaky ReLUs are applied when these are put together.
    pub(super) fn forward(
        &self,
        sources: &[RowSource],
        padding: RowPadding,
        rows: Range<usize>,
        height: usize,
    ) -> Tensor<4> {
        if let Self::Convolution(layer) = self {
            return layer.forward_padded(sources, padding);
        }
        let input = fuse_rows(sources, Merge::Concatenation, padding);
        match self {
            Self::Upsampling(layer) => layer.forward_rows(input, rows, height),
            Self::Activation(function) if function.slope().is_none() => function.forward(input),
            Self::BlurDownsample => blur_bordered(input),
            Self::CodeAtHalf(length) => code_at_half(input, *length),
            Self::Prelu(layer) => layer.forward(input),
            Self::PixelShuffle(factor) => {
                pixel_shuffle(input, *factor).narrow(2, rows.start % factor, rows.len())
            }
            Self::Double => doubled(input).narrow(2, rows.start % 2, rows.len()),
            Self::Downsample => {
                let above = rows.start.min(1);
                downsample(input).narrow(2, above, rows.len())
            }
            _ => input,
        }
    }
}
