//! Convolution layers.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use super::blur::blur_upsample;
use super::initialise::Initialise;
use crate::config::Upsample;
use crate::kernels::{
    Border, Combination, ConvolutionShape, Precision, RowSource, TransposedConvolutionShape,
    convolution, join_rows, reflection_pad, transposed_convolution,
};

/// Rows and columns around the input of a ResNet generator's first convolution.
pub(super) const STEM_BORDER: usize = 3;

/// What is put around the input of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// This many rows and columns of zeros.
    Zero(usize),
    /// This many rows and columns mirrored at the border, which is not repeated.
    Reflect(usize),
}

/// A convolution with a square kernel.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[out, in, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    padding: Padding,
    #[module(skip)]
    precision: Precision,
}

impl Convolution {
    /// A layer with weights from `initialise`.
    pub fn new(
        initialise: &mut Initialise,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: Padding,
        bias: bool,
    ) -> Self {
        let [input, output] = channels;
        Self {
            weight: initialise.weight([output, input, kernel, kernel]),
            bias: bias.then(|| initialise.bias(output)),
            stride,
            padding,
            precision: initialise.precision(),
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, height', width']`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let (input, padding) = match self.padding {
            Padding::Zero(padding) => (input, padding),
            Padding::Reflect(width) => (reflection_pad(input, width), 0),
        };
        let shape = ConvolutionShape {
            stride: self.stride,
            padding,
            precision: self.precision,
        };
        let bias = self.bias.as_ref().map(Param::val);
        convolution(input, self.weight.val(), bias, shape)
    }

    /// The rows of an input of `height` rows under the kernel, for these rows of the output.
    pub(super) fn rows_under(&self, rows: Range<usize>, height: usize) -> Range<usize> {
        let padding = self.padding.width();
        let first = (rows.start * self.stride).saturating_sub(padding);
        let last = (rows.end - 1) * self.stride + self.kernel();
        first..last.saturating_sub(padding).clamp(first + 1, height)
    }

    /// What lies around the rows under these rows of the output, on an input of `height` rows.
    pub(super) fn border(&self, rows: &Range<usize>, height: usize) -> Border {
        let padding = self.padding.width();
        let last = (rows.end - 1) * self.stride + self.kernel();
        Border {
            top: padding.saturating_sub(rows.start * self.stride),
            bottom: last.saturating_sub(padding + height),
            sides: padding,
            mirrored: matches!(self.padding, Padding::Reflect(_)),
        }
    }

    /// What [`forward`](Self::forward) gives for an input that has its [border](Self::border) already.
    pub(super) fn forward_bordered(&self, input: Tensor<4>) -> Tensor<4> {
        let shape = ConvolutionShape {
            stride: self.stride,
            padding: 0,
            precision: self.precision,
        };
        let bias = self.bias.as_ref().map(Param::val);
        convolution(input, self.weight.val(), bias, shape)
    }

    /// Values of the copy that [`forward`](Self::forward) makes of an input of so many channels, height and width.
    pub(super) fn copied(&self, [channels, height, width]: [usize; 3]) -> usize {
        match self.padding {
            Padding::Zero(_) => 0,
            Padding::Reflect(border) => channels * (height + 2 * border) * (width + 2 * border),
        }
    }

    /// Height or width of the output for that of the input.
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

/// A layer that doubles height and width.
///
/// With [`Upsample::Deconv`] a transposed convolution; with [`Upsample::Resize`] nearest-neighbour doubling and a 3 x 3
/// convolution, which has no checkerboard (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", 2016);
/// with [`Upsample::Blur`] [`blur_upsample`] and such a convolution.
#[derive(Module, Debug)]
pub struct Upsampling {
    /// `[in, out, kernel, kernel]`, or `[out, in, 3, 3]` after resizing.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    kind: Upsample,
    #[module(skip)]
    shape: TransposedConvolutionShape,
}

impl Upsampling {
    /// A layer with weights from `initialise`. `kernel`, padding 1 and `output_padding` are those of the transposed
    /// convolution.
    pub fn new(
        initialise: &mut Initialise,
        channels: [usize; 2],
        kernel: usize,
        output_padding: usize,
        bias: bool,
        kind: Upsample,
    ) -> Self {
        let [input, output] = channels;
        let weight = match kind {
            Upsample::Deconv => initialise.weight([input, output, kernel, kernel]),
            Upsample::Resize | Upsample::Blur => initialise.weight([output, input, 3, 3]),
        };
        Self {
            weight,
            bias: bias.then(|| initialise.bias(output)),
            kind,
            shape: TransposedConvolutionShape {
                stride: 2,
                padding: 1,
                output_padding,
                precision: initialise.precision(),
            },
        }
    }

    /// `[batch, in, height, width]` to `[batch, out, 2 * height, 2 * width]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.as_ref().map(Param::val));
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

    /// The rows of an input of `height` rows that these rows of the output are made of.
    pub(super) fn rows_under(&self, rows: Range<usize>, height: usize) -> Range<usize> {
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
                let doubled = doubled_rows_under(&rows, height);
                doubled.start / 2..doubled.end.div_ceil(2)
            }
            Upsample::Blur => {
                let doubled = doubled_rows_under(&rows, height);
                doubled.start.saturating_sub(1) / 2..(doubled.end / 2 + 1).min(height)
            }
        }
    }

    /// The `rows` of the output, from the rows under them ([`rows_under`](Self::rows_under)) of an input of `height` rows:
    /// what [`forward`](Self::forward) gives there.
    pub(super) fn forward_rows(
        &self,
        input: Tensor<4>,
        rows: Range<usize>,
        height: usize,
    ) -> Tensor<4> {
        let first = self.rows_under(rows.clone(), height).start * 2;
        match self.kind {
            // The outermost rows lack what lies outside, but these are not asked for.
            Upsample::Deconv => self
                .forward(input)
                .narrow(2, rows.start - first, rows.len()),
            Upsample::Resize | Upsample::Blur => {
                let doubled = doubled_rows_under(&rows, height);
                let input = self
                    .doubled(input)
                    .narrow(2, doubled.start - first, doubled.len());
                let border = Border {
                    top: usize::from(rows.start == 0),
                    bottom: usize::from(rows.end == 2 * height),
                    sides: 1,
                    mirrored: false,
                };
                let input = [RowSource::plain(vec![input])];
                let input = join_rows(&input, Combination::Sum, border);
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
            Upsample::Blur => blur_upsample(input),
            Upsample::Resize | Upsample::Deconv => double(input),
        }
    }

    /// Values of the copy that [`forward`](Self::forward) makes of an input of these dimensions.
    pub(super) fn copied(&self, input: [usize; 3]) -> usize {
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

    /// Multiplications for each pixel of the input.
    pub(super) fn work_at_input(&self) -> usize {
        let weights: usize = self.weight.dims().into_iter().product();
        match self.kind {
            Upsample::Deconv => weights,
            Upsample::Resize | Upsample::Blur => 4 * weights,
        }
    }
}

/// The rows of the doubled input under a 3 x 3 kernel, for these rows of the output.
fn doubled_rows_under(rows: &Range<usize>, height: usize) -> Range<usize> {
    rows.start.saturating_sub(1)..(rows.end + 1).min(2 * height)
}

/// The same values as 32-bit numbers: for what leaves a network, since losses and pictures are calculated in these.
pub(crate) fn full_precision(values: Tensor<4>) -> Tensor<4> {
    if values.dtype() == DType::F32 {
        return values;
    }
    values.cast(DType::F32)
}

/// Each pixel becomes two by two.
fn double(input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    input
        .reshape([batch * channels, height, 1, width, 1])
        .repeat_dim(2, 2)
        .repeat_dim(4, 2)
        .reshape([batch, channels, height * 2, width * 2])
}
