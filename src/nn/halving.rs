//! How the features of discriminators get smaller, and those of generators larger, without weights.

use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Tensor, TensorData};

use super::upsampling::doubled;
use crate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, transposed_convolution,
};

/// Weights of the filter in each direction.
const TAPS: [f32; 4] = [1.0, 3.0, 3.0, 1.0];

/// How height and width, which are even, are halved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halving {
    /// The mean of two by two.
    Mean,
    /// The filter 1 3 3 1 in both directions, with zeros around the picture: Karras et al., "Analyzing and Improving the Image Quality of
    /// StyleGAN", 2020.
    Filter,
}

impl Halving {
    /// `[batch, channels, height, width]` to half of height and width.
    pub fn forward(self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Mean => avg_pool2d(input, AvgPoolOptions::new([2, 2]).with_stride([2, 2])),
            Self::Filter => {
                let [batch, channels, height, width] = input.dims();
                let shape = ConvolutionShape {
                    stride: 2,
                    padding: 1,
                    precision: Precision::F32,
                };
                // Each channel by itself.
                let planes = input.reshape([batch * channels, 1, height, width]);
                let filter = filter(&planes);
                convolution(planes, filter, None, shape).reshape([
                    batch,
                    channels,
                    height / 2,
                    width / 2,
                ])
            }
        }
    }

    /// The gradient with respect to the input, from that of the output.
    pub(super) fn gradient(self, gradient: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Mean => doubled(gradient) * 0.25,
            Self::Filter => spread(gradient),
        }
    }
}

/// Height and width doubled by the filter of [`Halving::Filter`], `[batch, channels, height, width]`.
pub fn double_filtered(input: Tensor<4>) -> Tensor<4> {
    spread(input) * 4.0
}

/// The gradient with respect to the input of [`double_filtered`], from that of the output.
pub fn double_filtered_gradient(gradient: Tensor<4>) -> Tensor<4> {
    Halving::Filter.forward(gradient) * 4.0
}

/// The sum over all places, `[batch, channels, 1, 1]`.
pub(super) fn global_sum(input: Tensor<4>) -> Tensor<4> {
    input.sum_dim(3).sum_dim(2)
}

fn spread(input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let shape = TransposedConvolutionShape {
        stride: 2,
        padding: 1,
        output_padding: 0,
        precision: Precision::F32,
    };
    let planes = input.reshape([batch * channels, 1, height, width]);
    let filter = filter(&planes);
    transposed_convolution(planes, filter, None, shape).reshape([
        batch,
        channels,
        2 * height,
        2 * width,
    ])
}

/// The filter, whose weights have the sum 1, `[1, 1, 4, 4]`, beside `planes`.
fn filter(planes: &Tensor<4>) -> Tensor<4> {
    let sum: f32 = TAPS.iter().sum();
    let weights: Vec<f32> = TAPS
        .iter()
        .flat_map(|row| TAPS.map(|column| row * column / (sum * sum)))
        .collect();
    Tensor::from_data(TensorData::new(weights, [1, 1, 4, 4]), &planes.device())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;

    /// `sum(halving(input) * weights)` has the gradient that the halving makes of the weights.
    #[test]
    fn gradients_are_those_of_automatic_differentiation() {
        let device = Device::flex();
        device.seed(1);
        let draw = |shape| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        for halving in [Halving::Mean, Halving::Filter] {
            let input = Tensor::from_inner(draw([2, 3, 6, 4])).require_grad();
            let output = halving.forward(input.clone());
            assert_eq!(output.dims(), [2, 3, 3, 2]);
            let weights = draw(output.dims());
            let gradients = (output * weights.clone()).sum().backward();
            let wanted = input.grad(&gradients).unwrap().into_data();
            let found = halving.gradient(weights).into_data();
            found.assert_approx_eq(&wanted, Tolerance::<f32>::absolute(1e-5));
        }
    }

    #[test]
    fn inner_places_of_even_pictures_stay_even() {
        let even = Tensor::<4>::ones([1, 1, 8, 8], &Device::flex());
        for output in [
            Halving::Mean.forward(even.clone()),
            Halving::Filter.forward(even.clone()),
            double_filtered(even),
        ] {
            let side = output.dims()[2];
            let inner = output.narrow(2, 1, side - 2).narrow(3, 1, side - 2);
            let off = (inner - 1.0).abs().max().into_scalar::<f32>();
            assert!(off < 1e-6, "{off}");
        }
    }
}
