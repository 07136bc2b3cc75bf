//! Convolutions of few pixels as one product of matrices, on the processor.
//!
//! LibTorch's convolutions bring the weights into an order of their own, in each pass and each gradient anew. Where a wide
//! layer sees few pixels, as in the depths of a U-Net, this is most of the work: 1024 to 512 channels from 4 x 4 pixels take
//! 19 ms with gradients, and 6 ms here. In bfloat16 the weights would be converted besides, so that 32 bits are faster (33 ms).

use tch::{Device, Kind, Tensor};

use super::convolution::{Shape, prepared};

/// Pixels on the smaller side of the convolution, in all pictures, up to which it is done here. With four times as many both
/// ways take about as long.
const FEW_PIXELS: i64 = 64;

/// A convolution or transposed convolution of few pixels.
pub(super) struct Columns {
    shape: Shape,
    batch: i64,
    /// Height and width of the smaller side: a convolution's output, a transposed one's input.
    small: [i64; 2],
    /// Channels, height and width of the other side.
    large: [i64; 3],
    weight_dims: [i64; 4],
}

impl Columns {
    /// Nothing where LibTorch's own convolution is to be taken.
    pub(super) fn new(
        device: Device,
        input_dims: [i64; 4],
        weight_dims: [i64; 4],
        shape: Shape,
    ) -> Option<Self> {
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
        (device == Device::Cpu && few).then_some(Self {
            shape,
            batch,
            small,
            large,
            weight_dims,
        })
    }

    /// The convolution, without a bias, in 32 bits.
    pub(super) fn forward(&self, input: &Tensor, weight: &Tensor) -> Tensor {
        let matrix = self.matrix(weight);
        if self.shape.transposed {
            let input = pixels(input).to_kind(matrix.kind());
            self.picture_of(&matrix.tr().mm(&input))
        } else {
            self.small_picture_of(&matrix.mm(&self.columns_of(input, matrix.kind())))
        }
    }

    /// The gradient with respect to the input, in 32 bits.
    pub(super) fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Tensor {
        let matrix = self.matrix(weight);
        if self.shape.transposed {
            self.small_picture_of(&matrix.mm(&self.columns_of(gradient, matrix.kind())))
        } else {
            let gradient = pixels(gradient).to_kind(matrix.kind());
            self.picture_of(&matrix.tr().mm(&gradient))
        }
    }

    /// The gradient with respect to the weight, in 32 bits.
    pub(super) fn weight_gradient(&self, gradient: &Tensor, input: &Tensor) -> Tensor {
        let (small, large) = if self.shape.transposed {
            (input, gradient)
        } else {
            (gradient, input)
        };
        let columns = self.columns_of(large, Kind::Float);
        pixels(&prepared_f32(small))
            .mm(&columns.tr())
            .view(self.weight_dims)
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

    /// What lies under the kernel, in the order of [`matrix`](Self::matrix) of this kind: `[.., batch * pixels]`.
    fn columns_of(&self, large: &Tensor, kind: Kind) -> Tensor {
        let [channels, ..] = self.large;
        let columns = prepared_f32(large).im2col(
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

    /// The larger side from columns that are added up: `[batch, channels, height, width]`.
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

    /// The smaller side from `[channels, batch * pixels]`: `[batch, channels, height, width]`.
    fn small_picture_of(&self, pixels: &Tensor) -> Tensor {
        let [height, width] = self.small;
        let picture = pixels.view([-1, self.batch, height, width]);
        picture.transpose(0, 1).contiguous().to_kind(Kind::Float)
    }
}

/// A picture's pixels, `[channels, batch * pixels]`.
fn pixels(picture: &Tensor) -> Tensor {
    let channels = picture.size()[1];
    picture.transpose(0, 1).reshape([channels, -1])
}

fn prepared_f32(tensor: &Tensor) -> Tensor {
    prepared(tensor, crate::kernels::Precision::F32)
}
