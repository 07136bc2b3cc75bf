//! The perceptual loss: distances between features of VGG19.

use burn::module::Module;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

use super::convolution::{Convolution, Padding, full_precision};
use super::forward_mode::{ForwardMode, NormStats};
use super::tensors::{NamedTensors, Network, TensorError};
use super::weight_init::WeightInit;
use crate::kernels::{Precision, mean, relu};

/// Indices of the convolutions in torchvision's `features`, up to the first of the fifth block.
const LAYER_INDICES: [usize; 13] = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28];
/// Indices of each block's first convolution: each but the first follows a pooling, and the loss compares the features after
/// their ReLU.
const FIRST_OF_BLOCK: [usize; 5] = [0, 5, 10, 19, 28];
/// Weights of these features, the finest first.
const WEIGHTS: [f64; 5] = [1.0 / 32.0, 1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, 1.0];

/// VGG19 up to `relu5_1`, with frozen weights (Simonyan and Zisserman, 2015).
#[derive(Module, Debug)]
pub struct Vgg19 {
    convolutions: Vec<Convolution>,
}

impl Vgg19 {
    /// Loads the weights of a torchvision state dict, on `device`. Widths are those of the weights; tensors of later layers and of
    /// the classifier are ignored. Convolutions compute in `precision`.
    ///
    /// # Errors
    /// A convolution is missing, or does not fit the one before it.
    pub fn from_weights(
        weights: &NamedTensors,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, TensorError> {
        let mut init = WeightInit::zeros(device).with_precision(precision);
        let mut own = NamedTensors::default();
        let mut convolutions = Vec::with_capacity(LAYER_INDICES.len());
        let mut channels = 3;
        for index in LAYER_INDICES {
            for leaf in ["weight", "bias"] {
                let name = format!("features.{index}.{leaf}");
                if let Some(data) = weights.0.get(&name) {
                    own.0.insert(name, data.clone());
                }
            }
            // A missing convolution is reported by name when the weights are loaded.
            let weight = own.0.get(&format!("features.{index}.weight"));
            let width = weight.map_or(channels, |data| data.shape()[0]);
            convolutions.push(Convolution::new(
                &mut init,
                [channels, width],
                3,
                1,
                Padding::Zero(1),
                true,
            ));
            channels = width;
        }
        Ok(own.load_into(Self { convolutions })?.no_grad())
    }

    /// Maps `[batch, 3, height, width]` in [-1, 1] (as in the reference implementation, not normalised by the statistics of
    /// ImageNet) to the five features that the loss compares.
    fn features(&self, picture: Tensor<4>) -> Vec<Tensor<4>> {
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let mut results = Vec::with_capacity(WEIGHTS.len());
        let mut features = picture;
        for (index, convolution) in LAYER_INDICES.into_iter().zip(&self.convolutions) {
            let first = FIRST_OF_BLOCK.contains(&index);
            if first && index > 0 {
                features = max_pool2d(features, MaxPoolOptions::new([2, 2]));
            }
            features = relu(convolution.forward(features, mode));
            if first {
                results.push(full_precision(features.clone()));
            }
        }
        results
    }

    /// The weighted L1 distances (means) between the features of `output`, which carries gradients, and of `target`, both
    /// `[batch, channels, height, width]` in [-1, 1], of 16 x 16 pixels or more; grey pictures are repeated to three channels.
    /// Johnson, Alahi and Fei-Fei, 2016, with the weights of pix2pixHD. `[1]`.
    pub fn perceptual_loss(&self, output: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        let colour = |picture: Tensor<4>| match picture.dims()[1] {
            1 => picture.repeat_dim(1, 3),
            _ => picture,
        };
        let targets = self.valid().features(colour(target));
        let outputs = self.features(colour(output));
        let distances = outputs.into_iter().zip(targets).zip(WEIGHTS);
        distances
            .map(|((output, target), weight)| mean((output - target).abs()) * weight)
            .reduce(|sum, distance| sum + distance)
            .expect("there are five features")
    }
}

impl Network for Vgg19 {
    fn layer_name(&self, path: &str) -> String {
        let number = path.rsplit('.').next().and_then(|part| part.parse().ok());
        let index = LAYER_INDICES.get(number.unwrap_or(0usize)).copied();
        format!("features.{}", index.unwrap_or_default())
    }
}
