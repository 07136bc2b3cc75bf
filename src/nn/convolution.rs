//! Convolution layers.

use burn::module::{Module, Param};
use burn::tensor::{DType, Tensor};

use super::initialise::Initialise;
use crate::config::Upsample;
use crate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, reflection_pad,
    transposed_convolution,
};

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
}

/// A layer that doubles height and width.
///
/// With [`Upsample::Deconv`] a transposed convolution; with [`Upsample::Resize`] nearest-neighbour doubling and a 3 x 3
/// convolution, which has no checkerboard (Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts", 2016).
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
            Upsample::Resize => initialise.weight([output, input, 3, 3]),
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
            Upsample::Resize => {
                let shape = ConvolutionShape {
                    stride: 1,
                    padding: 1,
                    precision: self.shape.precision,
                };
                convolution(double(input), weight, bias, shape)
            }
        }
    }
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
