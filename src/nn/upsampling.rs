//! Layers that double height and width.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use super::forward_mode::ForwardMode;
use super::spectral_norm::SpectralNorm;
use super::weight_init::WeightInit;
use crate::config::Upsample;
use crate::kernels::{
    ConvolutionShape, Merge, RowPadding, RowSource, TransposedConvolutionShape, convolution,
    double_bilinear, fuse_rows, transposed_convolution,
};

/// A layer that doubles height and width.
///
/// With [`Upsample::Deconv`] a transposed convolution; with [`Upsample::Resize`] nearest-neighbour doubling and a 3 x 3
/// convolution, which has no checkerboard (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", 2016);
/// with [`Upsample::Blur`] [`double_bilinear`] and such a convolution.
#[derive(Module, Debug)]
pub struct Upsampling {
    /// `[in, out, kernel, kernel]`, or `[out, in, 3, 3]` after resizing.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// Divides the weight, where the network has spectral normalisation.
    spectral: Option<SpectralNorm>,
    #[module(skip)]
    kind: Upsample,
    #[module(skip)]
    shape: TransposedConvolutionShape,
}

impl Upsampling {
    /// Creates a layer with weights from `init`. `kernel` and `output_padding` are those of the transposed convolution, whose
    /// padding is 1.
    pub fn new(
        init: &mut WeightInit,
        channels: [usize; 2],
        kernel: usize,
        output_padding: usize,
        bias: bool,
        kind: Upsample,
    ) -> Self {
        let [input, output] = channels;
        let weight = match kind {
            Upsample::Deconv => init.weight([input, output, kernel, kernel]),
            Upsample::Resize | Upsample::Blur => init.weight([output, input, 3, 3]),
        };
        Self {
            spectral: SpectralNorm::new(init, &weight, kind == Upsample::Deconv),
            weight,
            bias: bias.then(|| init.bias(output)),
            kind,
            shape: TransposedConvolutionShape {
                stride: 2,
                padding: 1,
                output_padding,
                precision: init.precision(),
            },
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, 2 * height, 2 * width]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let weight = self.weight.val();
        let weight = match &self.spectral {
            Some(spectral) => spectral.normalise(weight, mode),
            None => weight,
        };
        self.forward_with(input, weight)
    }

    fn forward_with(&self, input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        match self.kind {
            Upsample::Deconv => transposed_convolution(input, weight, bias, self.shape),
            Upsample::Resize | Upsample::Blur => {
                let shape = ConvolutionShape {
                    stride: 1,
                    padding: 1,
                    precision: self.shape.precision,
                };
                convolution(self.doubled(input), weight, bias, shape)
            }
        }
    }

    /// The rows of an input of `height` rows that `rows` of the output depend on.
    pub(super) fn input_rows(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        match self.kind {
            Upsample::Deconv => {
                let TransposedConvolutionShape {
                    stride, padding, ..
                } = self.shape;
                // Row `i` of the input is added to the rows `stride * i - padding ..` of the output, as many as the kernel has.
                let reach = self.weight.dims()[2] - 1;
                let first = (rows.start + padding).saturating_sub(reach);
                let last = (rows.end - 1 + padding) / stride;
                first.div_ceil(stride)..(last + 1).min(height)
            }
            Upsample::Resize => {
                let doubled = doubled_input_rows(&rows, height);
                doubled.start / 2..doubled.end.div_ceil(2)
            }
            Upsample::Blur => {
                let doubled = doubled_input_rows(&rows, height);
                doubled.start.saturating_sub(1) / 2..(doubled.end / 2 + 1).min(height)
            }
        }
    }

    /// Computes `rows` of the output of [`forward`](Self::forward) from their [input rows](Self::input_rows), of an input of
    /// `height` rows, without spectral normalisation, which is part of the weights of networks in use.
    pub(super) fn forward_rows(
        &self,
        input: Tensor<4>,
        rows: Range<usize>,
        height: usize,
    ) -> Tensor<4> {
        let first = self.input_rows(rows.clone(), height).start * 2;
        match self.kind {
            // The outermost rows would need more input, but they are cut off.
            Upsample::Deconv => self.forward_with(input, self.weight.val()).narrow(
                2,
                rows.start - first,
                rows.len(),
            ),
            Upsample::Resize | Upsample::Blur => {
                let doubled = doubled_input_rows(&rows, height);
                let input = self
                    .doubled(input)
                    .narrow(2, doubled.start - first, doubled.len());
                let row_padding = RowPadding {
                    top: usize::from(rows.start == 0),
                    bottom: usize::from(rows.end == 2 * height),
                    sides: 1,
                    mirrored: false,
                };
                let input = [RowSource::plain(vec![input])];
                let input = fuse_rows(&input, Merge::Sum, row_padding);
                let shape = ConvolutionShape {
                    stride: 1,
                    padding: 0,
                    precision: self.shape.precision,
                };
                let bias = self.bias.as_ref().map(Param::val);
                convolution(input, self.weight.val(), bias, shape)
            }
        }
    }

    /// The input doubled, where a convolution follows.
    fn doubled(&self, input: Tensor<4>) -> Tensor<4> {
        match self.kind {
            Upsample::Blur => double_bilinear(input),
            Upsample::Resize | Upsample::Deconv => doubled(input),
        }
    }

    /// Length of the copy that [`forward`](Self::forward) makes of an input of these dimensions, in values.
    pub(super) fn copy_len(&self, input: [usize; 3]) -> usize {
        match self.kind {
            Upsample::Deconv => 0,
            Upsample::Resize | Upsample::Blur => 4 * input.into_iter().product::<usize>(),
        }
    }

    /// Channels of the output.
    pub(super) fn output_channels(&self) -> usize {
        let [first, second, ..] = self.weight.dims();
        match self.kind {
            Upsample::Deconv => second,
            Upsample::Resize | Upsample::Blur => first,
        }
    }

    /// Multiplications per pixel of the input.
    pub(super) fn multiply_adds_per_pixel(&self) -> usize {
        let weights: usize = self.weight.dims().into_iter().product();
        match self.kind {
            Upsample::Deconv => weights,
            Upsample::Resize | Upsample::Blur => 4 * weights,
        }
    }
}

/// The rows of the doubled input that a 3 x 3 kernel reaches from `rows` of the output.
fn doubled_input_rows(rows: &Range<usize>, height: usize) -> Range<usize> {
    rows.start.saturating_sub(1)..(rows.end + 1).min(2 * height)
}

/// Height and width doubled: each pixel becomes two by two.
pub fn doubled(input: Tensor<4>) -> Tensor<4> {
    enlarged(input, 2)
}

/// Height and width times `factor`: each pixel becomes a square.
pub fn enlarged(input: Tensor<4>, factor: usize) -> Tensor<4> {
    let [_, _, height, width] = input.dims();
    let options = InterpolateOptions::new(InterpolateMode::Nearest)
        .with_output_size([factor * height, factor * width]);
    interpolate(input, options)
}
