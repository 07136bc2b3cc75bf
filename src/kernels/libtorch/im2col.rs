//! Convolutions of few pixels as one matrix product, on the CPU.
//!
//! LibTorch's convolutions reorder the weights in every pass and every gradient. If a wide layer has few pixels, as in the
//! innermost levels of a U-Net, this is most of the work: 1024 to 512 channels from 4 x 4 pixels take
//! 19 ms with gradients, and 6 ms here. In bfloat16 the weights would also be converted, so 32 bits are faster (33 ms).

use tch::{Kind, Tensor};

use super::own_convolution::OwnConvolution;
use super::shape::{Shape, prepared};
use crate::kernels::Precision;

/// Most pixels on the smaller side of the convolution, in all pictures together. With four times as many LibTorch's own
/// convolution takes about as long.
const FEW_PIXELS: i64 = 64;

/// A convolution or transposed convolution of few pixels.
pub(super) struct Im2colConvolution {
    shape: Shape,
    batch: i64,
    /// Height and width of the smaller side: a convolution's output, a transposed one's input.
    small: [i64; 2],
    /// Channels, height and width of the other side.
    large: [i64; 3],
    weight_dims: [i64; 4],
}

impl Im2colConvolution {
    /// `None` if LibTorch's own convolution is faster.
    pub(super) fn new(dims: [[usize; 4]; 2], shape: Shape) -> Option<Self> {
        let [input_dims, weight_dims] = dims.map(|dims| dims.map(|side| side as i64));
        let [batch, channels, height, width] = input_dims;
        let output = [
            shape.output_side(height, weight_dims[2]),
            shape.output_side(width, weight_dims[3]),
        ];
        let (small, large) = if shape.transposed {
            ([height, width], [weight_dims[1], output[0], output[1]])
        } else {
            (output, [channels, height, width])
        };
        let few = batch * small[0] * small[1] <= FEW_PIXELS;
        few.then_some(Self {
            shape,
            batch,
            small,
            large,
            weight_dims,
        })
    }

    /// The smaller side from the larger: a convolution.
    fn gathered(&self, large: &Tensor, weight: &Tensor) -> Tensor {
        let matrix = self.matrix(weight);
        let pixels = matrix.mm(&self.columns_of(large, matrix.kind()));
        let [height, width] = self.small;
        let picture = pixels.view([-1, self.batch, height, width]);
        picture.transpose(0, 1).contiguous().to_kind(Kind::Float)
    }

    /// The larger side from the smaller: a transposed convolution.
    fn spread(&self, small: &Tensor, weight: &Tensor) -> Tensor {
        let matrix = self.matrix(weight);
        let small = pixels(small).to_kind(matrix.kind());
        self.picture_of(&matrix.tr().mm(&small))
    }

    /// The weight as `[channels of the smaller side, channels of the other * kernel * kernel]`. In bfloat16 the channels lie last in
    /// memory: it is then `[.., kernel * kernel * channels of the other]`.
    fn matrix(&self, weight: &Tensor) -> Tensor {
        let rows = self.weight_dims[0];
        if weight.kind() == Kind::BFloat16 {
            weight.permute([0, 2, 3, 1]).reshape([rows, -1])
        } else {
            weight.reshape([rows, -1])
        }
    }

    /// Rows and columns of the kernel.
    fn kernel(&self) -> [i64; 2] {
        [self.weight_dims[2], self.weight_dims[3]]
    }

    fn area(&self) -> i64 {
        self.kernel().iter().product()
    }

    /// The columns of `large`, in the order of a [`matrix`](Self::matrix) of this kind: `[.., batch * pixels]`.
    fn columns_of(&self, large: &Tensor, kind: Kind) -> Tensor {
        let [channels, ..] = self.large;
        let columns = prepared(large, Precision::F32).im2col(
            self.kernel(),
            [1; 2],
            [self.shape.padding; 2],
            [self.shape.stride; 2],
        );
        if kind == Kind::BFloat16 {
            let columns = columns.view([self.batch, channels, self.area(), -1]);
            let columns = columns.permute([2, 1, 0, 3]);
            return columns.reshape([channels * self.area(), -1]).to_kind(kind);
        }
        columns
            .permute([1, 0, 2])
            .reshape([channels * self.area(), -1])
    }

    /// Adds columns up to the larger side: `[batch, channels, height, width]`.
    fn picture_of(&self, columns: &Tensor) -> Tensor {
        let [channels, height, width] = self.large;
        let area = self.area();
        let columns = if columns.kind() == Kind::BFloat16 {
            let columns = columns.view([area, channels, self.batch, -1]);
            columns.permute([2, 1, 0, 3])
        } else {
            let columns = columns.view([channels, area, self.batch, -1]);
            columns.permute([2, 0, 1, 3])
        };
        columns
            .reshape([self.batch, channels * area, -1])
            .to_kind(Kind::Float)
            .col2im(
                [height, width],
                self.kernel(),
                [1; 2],
                [self.shape.padding; 2],
                [self.shape.stride; 2],
            )
    }
}

impl OwnConvolution for Im2colConvolution {
    fn forward(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let mut output = if self.shape.transposed {
            self.spread(input, weight)
        } else {
            self.gathered(input, weight)
        };
        if let Some(bias) = bias {
            output += bias.view([1, -1, 1, 1]);
        }
        output
    }

    fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Tensor {
        if self.shape.transposed {
            self.gathered(gradient, weight)
        } else {
            self.spread(gradient, weight)
        }
    }

    fn weight_gradient(&self, gradient: &Tensor, input: &Tensor) -> Tensor {
        let (small, large) = if self.shape.transposed {
            (input, gradient)
        } else {
            (gradient, input)
        };
        let columns = self.columns_of(large, Kind::Float);
        let weight = pixels(small).mm(&columns.tr());
        weight.view(self.weight_dims)
    }
}

/// A picture's pixels, `[channels, batch * pixels]`.
fn pixels(picture: &Tensor) -> Tensor {
    let channels = picture.size()[1];
    picture.transpose(0, 1).reshape([channels, -1])
}
