//! Features of AlexNet and VGG16 after their ReLUs, for perceptual distances.

use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};

use super::feature_network::{FeatureNetwork, is_layer_weight};
use super::unit::{Unit, UnitShape, mismatch, tensor};
use crate::nn::{NamedTensors, TensorError};

/// A convolution by its index in torchvision's `features`, and what comes around it.
#[derive(Debug, Clone, Copy)]
struct Layer {
    index: usize,
    shape: UnitShape,
    /// Whether pooling comes before it.
    pooled: bool,
    /// Whether what leaves its ReLU counts.
    tapped: bool,
}

const fn layer(index: usize, shape: UnitShape, pooled: bool, tapped: bool) -> Layer {
    Layer {
        index,
        shape,
        pooled,
        tapped,
    }
}

const THREE: UnitShape = UnitShape::square(3, 1, 1);

/// Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
const ALEXNET: &[Layer] = &[
    layer(0, UnitShape::square(11, 4, 2), false, true),
    layer(3, UnitShape::square(5, 1, 2), true, true),
    layer(6, THREE, true, true),
    layer(8, THREE, false, true),
    layer(10, THREE, false, true),
];

/// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015: 16 layers.
const VGG16: &[Layer] = &[
    layer(0, THREE, false, false),
    layer(2, THREE, false, true),
    layer(5, THREE, true, false),
    layer(7, THREE, false, true),
    layer(10, THREE, true, false),
    layer(12, THREE, false, false),
    layer(14, THREE, false, true),
    layer(17, THREE, true, false),
    layer(19, THREE, false, false),
    layer(21, THREE, false, true),
    layer(24, THREE, true, false),
    layer(26, THREE, false, false),
    layer(28, THREE, false, true),
];

/// What a network does between its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    /// Maxima, as the network was trained.
    Max,
    /// The root of Gaussian means of squares, which leave no aliasing (Hénaff and Simoncelli, "Geodesics of learned
    /// representations", 2016); for VGG16.
    Norm,
}

/// The convolutions of AlexNet or VGG16, with fixed weights.
#[derive(Debug)]
pub(super) struct PerceptualNetwork {
    units: Vec<Unit>,
    layers: &'static [Layer],
    /// Side of the window of maxima: 3 for AlexNet, 2 for VGG16; both move by 2.
    window: usize,
}

impl PerceptualNetwork {
    /// The network with the weights of a torchvision state dict, or of one of the `lpips` package. What follows the last
    /// convolution is left alone.
    ///
    /// # Errors
    /// A tensor is missing or does not fit, or the network is Inception.
    pub(super) fn from_weights(
        network: FeatureNetwork,
        weights: &NamedTensors,
        device: &Device,
    ) -> Result<Self, TensorError> {
        let (layers, window) = match network {
            FeatureNetwork::AlexNet => (ALEXNET, 3),
            FeatureNetwork::Vgg16 => (VGG16, 2),
            FeatureNetwork::Inception => {
                return Err(mismatch("Inception has no perceptual features".to_owned()));
            }
        };
        let mut units = Vec::with_capacity(layers.len());
        let mut channels = 3;
        for layer in layers {
            let name = find_layer(weights, layer.index)?;
            let (kernel, dims) = tensor::<4>(weights, &format!("{name}.weight"))?;
            let (bias, [biases]) = tensor::<1>(weights, &format!("{name}.bias"))?;
            let [outputs, inputs, rows, columns] = dims;
            if inputs != channels || [rows, columns] != layer.shape.kernel || biases != outputs {
                let [height, width] = layer.shape.kernel;
                return Err(mismatch(format!(
                    "`{name}.weight` is [{outputs}, {inputs}, {rows}, {columns}], not [.., {channels}, {height}, {width}]"
                )));
            }
            let (kernel, bias) = (kernel.to_vec(), bias.to_vec());
            units.push(Unit::new(kernel, dims, bias, layer.shape, device));
            channels = outputs;
        }
        Ok(Self {
            units,
            layers,
            window,
        })
    }

    /// `[batch, 3, height, width]` to the five features that count, the finest first.
    pub(super) fn features(&self, input: Tensor<4>, pooling: Pooling) -> Vec<Tensor<4>> {
        let mut features = input;
        let mut tapped = Vec::with_capacity(5);
        for (layer, unit) in self.layers.iter().zip(&self.units) {
            if layer.pooled {
                features = match pooling {
                    Pooling::Max => {
                        let mut options = MaxPoolOptions::new([self.window; 2]);
                        options.stride = [2, 2];
                        max_pool2d(features, options)
                    }
                    Pooling::Norm => norm_pool(features),
                };
            }
            features = unit.forward(features);
            if layer.tapped {
                tapped.push(features.clone());
            }
        }
        tapped
    }

    /// The least width and height of pictures of which all five features have a pixel.
    pub(super) fn min_side(&self) -> u32 {
        match self.window {
            3 => 31,
            _ => 16,
        }
    }
}

/// The layer's name in this file.
fn find_layer(weights: &NamedTensors, index: usize) -> Result<String, TensorError> {
    let mut names = weights.0.keys();
    let name = names.find(|name| is_layer_weight(name, index));
    let name = name.ok_or_else(|| mismatch(format!("`features.{index}.weight` is missing")))?;
    Ok(name[..name.len() - ".weight".len()].to_owned())
}

/// Means of squares in 3 x 3 pixels, weighted 1 2 1 both ways, at every second place; then their root.
fn norm_pool(input: Tensor<4>) -> Tensor<4> {
    let squares = input.powi_scalar(2);
    let [_, _, height, width] = squares.dims();
    let halve = |values: Tensor<4>, dim: usize, size: usize| {
        let mut border = [(0, 0), (0, 0)];
        border[dim - 2] = (1, 1);
        let padded = values.pad(border, burn::tensor::ops::PadMode::Constant(0.0));
        let count = (size - 1) / 2 + 1;
        let every_second = |start: usize| {
            let indices: Vec<i64> = (0..count).map(|place| (start + 2 * place) as i64).collect();
            let device = padded.device();
            let data = burn::tensor::TensorData::new(indices, [count]);
            let indices = Tensor::<1, burn::tensor::Int>::from_data(data, &device);
            padded.clone().select(dim, indices)
        };
        every_second(0) * 0.25 + every_second(1) * 0.5 + every_second(2) * 0.25
    };
    let halved = halve(halve(squares, 2, height), 3, width);
    (halved + 1e-12).sqrt()
}
