//! Convolution layers.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use super::forward_mode::ForwardMode;
use super::spectral_norm::SpectralNorm;
use super::weight_init::WeightInit;
use crate::kernels::{
    ConvolutionShape, Precision, RowPadding, RowSource, TransposedConvolutionShape, convolution,
    convolution_of_rows, reflection_pad, transposed_convolution,
};

/// Rows and columns around the input of a ResNet generator's first convolution.
pub(super) const STEM_BORDER: usize = 3;

/// Padding of the input of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Rows and columns of zeros.
    Zero(usize),
    /// Rows and columns mirrored at the border, which is not repeated.
    Reflect(usize),
}

/// A convolution with a square kernel.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[out, in, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// Divides the weight, where the network has spectral normalisation.
    spectral: Option<SpectralNorm>,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    precision: Precision,
}

impl Convolution {
    /// Creates a layer with weights from `init`.
    pub fn new(
        init: &mut WeightInit,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: Padding,
        bias: bool,
    ) -> Self {
        let [input, output] = channels;
        let weight = init.weight([output, input, kernel, kernel]);
        Self {
            spectral: SpectralNorm::new(init, &weight, false),
            weight,
            bias: bias.then(|| init.bias(output)),
            stride,
            padding,
            precision: init.precision(),
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        self.forward_with(input, self.weight_in_use(mode))
    }

    /// The weight as the layer computes with it: divided by its norm, where that is asked for.
    pub(super) fn weight_in_use(&self, mode: ForwardMode) -> Tensor<4> {
        let weight = self.weight.val();
        match &self.spectral {
            Some(spectral) => spectral.normalise(weight, mode),
            None => weight,
        }
    }

    /// [`forward`](Self::forward) with the [weight in use](Self::weight_in_use).
    pub(super) fn forward_with(&self, input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        match self.padding {
            Padding::Zero(padding) => self.convolve(input, weight, padding),
            Padding::Reflect(width) => self.convolve(reflection_pad(input, width), weight, 0),
        }
    }

    /// [`forward`](Self::forward) for an input in several pieces, one picture each, joined along their channels.
    pub(super) fn forward_rows(&self, mode: ForwardMode, sources: &[RowSource]) -> Tensor<4> {
        let weight = self.weight_in_use(mode);
        let (border, padding) = match self.padding {
            Padding::Zero(padding) => (RowPadding::default(), padding),
            Padding::Reflect(width) => {
                let border = RowPadding {
                    top: width,
                    bottom: width,
                    sides: width,
                    mirrored: true,
                };
                (border, 0)
            }
        };
        let bias = self.bias.as_ref().map(Param::val);
        convolution_of_rows(sources, border, weight, bias, self.shape(padding))
    }

    /// The convolution with zeros around the input.
    fn convolve(&self, input: Tensor<4>, weight: Tensor<4>, padding: usize) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        convolution(input, weight, bias, self.shape(padding))
    }

    fn shape(&self, padding: usize) -> ConvolutionShape {
        ConvolutionShape {
            stride: self.stride,
            padding,
            precision: self.precision,
        }
    }

    /// The gradient of the output with respect to an input of `size` (height and width), from that of the output, with the
    /// [weight in use](Self::weight_in_use). The padding is one of zeros, as in all discriminators.
    pub(super) fn input_gradient(
        &self,
        gradient: Tensor<4>,
        weight: Tensor<4>,
        size: [usize; 2],
    ) -> Tensor<4> {
        let padding = self.padding.width();
        let [height, width] = size;
        // What no position of the kernel reaches, at the end of each side.
        let unreached = |side: usize| (side + 2 * padding - self.kernel()) % self.stride;
        let shape = TransposedConvolutionShape {
            stride: self.stride,
            padding,
            output_padding: unreached(height).max(unreached(width)),
            precision: self.precision,
        };
        transposed_convolution(gradient, weight, None, shape)
            .narrow(2, 0, height)
            .narrow(3, 0, width)
    }

    /// The rows of an input of `height` rows that the kernel reaches from `rows` of the output.
    pub(super) fn input_rows(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        let padding = self.padding.width();
        let first = (rows.start * self.stride).saturating_sub(padding);
        let last = (rows.end - 1) * self.stride + self.kernel();
        first..last.saturating_sub(padding).clamp(first + 1, height)
    }

    /// The padding around the [input rows](Self::input_rows) of `rows`, on an input of `height` rows.
    pub(super) fn row_padding(&self, rows: &Range<usize>, height: usize) -> RowPadding {
        let padding = self.padding.width();
        let last = (rows.end - 1) * self.stride + self.kernel();
        RowPadding {
            top: padding.saturating_sub(rows.start * self.stride),
            bottom: last.saturating_sub(padding + height),
            sides: padding,
            mirrored: matches!(self.padding, Padding::Reflect(_)),
        }
    }

    /// [`forward`](Self::forward) for rows that are joined along their channels and get this [padding](Self::row_padding), without spectral
    /// normalisation, which is part of the weights of networks in use.
    pub(super) fn forward_padded(&self, sources: &[RowSource], padding: RowPadding) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        convolution_of_rows(sources, padding, self.weight.val(), bias, self.shape(0))
    }

    /// Length of the padded copy that [`forward`](Self::forward) makes of an input of these dimensions, in values.
    pub(super) fn copy_len(&self, [channels, height, width]: [usize; 3]) -> usize {
        match self.padding {
            Padding::Zero(_) => 0,
            Padding::Reflect(row_padding) => {
                channels * (height + 2 * row_padding) * (width + 2 * row_padding)
            }
        }
    }

    /// Height or width of the output for a height or width of the input.
    pub(super) fn output_side(&self, side: usize) -> usize {
        (side + 2 * self.padding.width() - self.kernel()) / self.stride + 1
    }

    fn kernel(&self) -> usize {
        self.weight.dims()[2]
    }
}

impl Padding {
    fn width(self) -> usize {
        match self {
            Self::Zero(width) | Self::Reflect(width) => width,
        }
    }
}

/// Converts what leaves a network to 32 bits, in which losses and pictures are computed.
pub(crate) fn full_precision(values: Tensor<4>) -> Tensor<4> {
    if values.dtype() == DType::F32 {
        return values;
    }
    values.cast(DType::F32)
}
