//! Distances of two pictures by the features of a network: LPIPS and DISTS.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::feature_network::FeatureNetwork;
use super::perceptual::{PerceptualNetwork, Pooling};
use super::unit::tensor;
use crate::nn::{NamedTensors, TensorError};

/// The linear heads of LPIPS and the weights of DISTS, from the packages that their authors publish.
const HEADS: &[u8] = include_bytes!("heads/heads.safetensors");

/// Added to the lengths of feature vectors, as in LPIPS.
const LENGTH_EPSILON: f64 = 1e-10;

/// The constants of DISTS that keep its ratios finite.
const RATIO_EPSILON: f64 = 1e-6;

/// Learned perceptual similarity, version 0.1 (Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
/// metric", 2018), as the `lpips` package calculates it.
#[derive(Debug)]
pub struct Lpips {
    network: PerceptualNetwork,
    /// A weight for each channel of each of the five features, `[1, channels, 1, 1]`.
    heads: Vec<Tensor<4>>,
    device: Device,
}

impl Lpips {
    /// With the weights of AlexNet or VGG16. Weights that hold linear heads of their own, `linN.model.1.weight`, bring these.
    ///
    /// # Errors
    /// A tensor is missing or does not fit.
    pub fn from_weights(
        network: FeatureNetwork,
        weights: &NamedTensors,
        device: &Device,
    ) -> Result<Self, TensorError> {
        let bundled = NamedTensors::from_safetensors(HEADS)?;
        let prefix = match network {
            FeatureNetwork::AlexNet => "alex",
            _ => "vgg",
        };
        let mut heads = Vec::with_capacity(5);
        for index in 0..5 {
            let own = format!("lin{index}.model.1.weight");
            let values = if weights.0.contains_key(&own) {
                tensor::<4>(weights, &own)?.0
            } else {
                tensor::<1>(&bundled, &format!("{prefix}.lin{index}"))?.0
            };
            heads.push(per_channel(values, device));
        }
        Ok(Self {
            network: PerceptualNetwork::from_weights(network, weights, device)?,
            heads,
            device: device.clone(),
        })
    }

    /// The least width and height of pictures.
    pub fn min_side(&self) -> u32 {
        self.network.min_side()
    }

    /// The distance of two pictures of one size: 0 for equal ones.
    pub fn distance(&self, first: &RgbImage, second: &RgbImage) -> f64 {
        // The statistics of ImageNet, for values in [-1, 1].
        let shift = [-0.030, -0.088, -0.188];
        let scale = [0.458, 0.448, 0.450];
        let input = |picture: &RgbImage| {
            let value = |sample: u8| f32::from(sample) / 127.5 - 1.0;
            let input = input(picture, value, shift, scale, &self.device);
            self.network.features(input, Pooling::Max)
        };
        let pairs = input(first).into_iter().zip(input(second));
        let distances = pairs.zip(&self.heads).map(|((first, second), head)| {
            let difference = unit_length(first) - unit_length(second);
            let squares = difference.powi_scalar(2) * head.clone();
            let [_, _, height, width] = squares.dims();
            f64::from(squares.sum().into_scalar::<f32>()) / (height * width) as f64
        });
        distances.sum()
    }
}

/// Deep image structure and texture similarity (Ding et al., "Image quality assessment: unifying structure and texture
/// similarity", 2020), as the authors' package calculates it.
#[derive(Debug)]
pub struct Dists {
    network: PerceptualNetwork,
    /// Weights of the means and of the covariances, for the channels of the picture and of the five features.
    alpha: Vec<f32>,
    beta: Vec<f32>,
    device: Device,
}

impl Dists {
    /// With the weights of VGG16. Weights that hold `alpha` and `beta` of their own bring these.
    ///
    /// # Errors
    /// A tensor is missing or does not fit.
    pub fn from_weights(weights: &NamedTensors, device: &Device) -> Result<Self, TensorError> {
        let bundled = NamedTensors::from_safetensors(HEADS)?;
        let values = |name: &str| -> Result<Vec<f32>, TensorError> {
            if weights.0.contains_key(name) {
                return Ok(tensor::<4>(weights, name)?.0.to_vec());
            }
            Ok(tensor::<1>(&bundled, &format!("dists.{name}"))?.0.to_vec())
        };
        Ok(Self {
            network: PerceptualNetwork::from_weights(FeatureNetwork::Vgg16, weights, device)?,
            alpha: values("alpha")?,
            beta: values("beta")?,
            device: device.clone(),
        })
    }

    /// The least width and height of pictures.
    pub fn min_side(&self) -> u32 {
        self.network.min_side()
    }

    /// The distance of two pictures of one size: 0 for equal ones, up to 1.
    pub fn distance(&self, first: &RgbImage, second: &RgbImage) -> f64 {
        if first == second {
            return 0.0;
        }
        let features = |picture: &RgbImage| {
            let value = |sample: u8| f32::from(sample) / 255.0;
            let plain = input(picture, value, [0.0; 3], [1.0; 3], &self.device);
            let (shift, scale) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
            let normalized = input(picture, value, shift, scale, &self.device);
            let mut features = vec![plain];
            features.extend(self.network.features(normalized, Pooling::Norm));
            features
        };
        let total: f64 = self
            .alpha
            .iter()
            .chain(&self.beta)
            .map(|&weight| f64::from(weight))
            .sum();
        let (mut similarity, mut channel) = (0.0, 0);
        for (first, second) in features(first).into_iter().zip(features(second)) {
            let moments = ChannelMoments::new(first, second);
            for index in 0..moments.first_mean.len() {
                let (means, covariances) = moments.similarity(index);
                similarity += f64::from(self.alpha[channel]) / total * means;
                similarity += f64::from(self.beta[channel]) / total * covariances;
                channel += 1;
            }
        }
        1.0 - similarity
    }
}

/// Means, variances and covariance over the pixels of each channel of two pictures' features.
struct ChannelMoments {
    first_mean: Vec<f32>,
    second_mean: Vec<f32>,
    first_variance: Vec<f32>,
    second_variance: Vec<f32>,
    covariance: Vec<f32>,
}

impl ChannelMoments {
    fn new(first: Tensor<4>, second: Tensor<4>) -> Self {
        let [_, channels, height, width] = first.dims();
        let flat = |values: Tensor<4>| -> Tensor<2> { values.reshape([channels, height * width]) };
        let (first, second) = (flat(first), flat(second));
        let (first_mean, second_mean) = (first.clone().mean_dim(1), second.clone().mean_dim(1));
        let (first, second) = (first - first_mean.clone(), second - second_mean.clone());
        let host = |values: Tensor<2>| -> Vec<f32> {
            let values = values.into_data().convert::<f32>();
            values.as_slice().map(<[f32]>::to_vec).unwrap_or_default()
        };
        Self {
            first_mean: host(first_mean),
            second_mean: host(second_mean),
            first_variance: host(first.clone().powi_scalar(2).mean_dim(1)),
            second_variance: host(second.clone().powi_scalar(2).mean_dim(1)),
            covariance: host((first * second).mean_dim(1)),
        }
    }

    /// The likeness of the means, and that of the variations, of a channel.
    fn similarity(&self, channel: usize) -> (f64, f64) {
        let at = |values: &[f32]| f64::from(values[channel]);
        let (first, second) = (at(&self.first_mean), at(&self.second_mean));
        let means = (2.0 * first * second + RATIO_EPSILON)
            / (first * first + second * second + RATIO_EPSILON);
        let variances = at(&self.first_variance) + at(&self.second_variance);
        let variations = (2.0 * at(&self.covariance) + RATIO_EPSILON) / (variances + RATIO_EPSILON);
        (means, variations)
    }
}

/// `[1, 3, height, width]`: each sample's value less its channel's `shift`, over its `scale`.
fn input(
    picture: &RgbImage,
    value: impl Fn(u8) -> f32,
    shift: [f32; 3],
    scale: [f32; 3],
    device: &Device,
) -> Tensor<4> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut values = Vec::with_capacity(3 * width * height);
    for (channel, (shift, scale)) in shift.into_iter().zip(scale).enumerate() {
        let samples = picture.as_raw().iter().skip(channel).step_by(3);
        values.extend(samples.map(|&sample| (value(sample) - shift) / scale));
    }
    Tensor::from_data(TensorData::new(values, [1, 3, height, width]), device)
}

/// Each pixel's features as a vector of length 1.
fn unit_length(features: Tensor<4>) -> Tensor<4> {
    let length = features.clone().powi_scalar(2).sum_dim(1).sqrt();
    features / (length + LENGTH_EPSILON)
}

fn per_channel(values: &[f32], device: &Device) -> Tensor<4> {
    let data = TensorData::new(values.to_vec(), [1, values.len(), 1, 1]);
    Tensor::from_data(data, device)
}
