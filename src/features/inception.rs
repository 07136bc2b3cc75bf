//! Inception v3 with the weights of TensorFlow's graph of 2015: the features of FID and its relatives.

use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};

use super::inception_layout::{BLOCKS, BranchLayout, FIRST, LayerLayout, Pool, SECOND};
use super::inception_weights::{is_inception, with_pytorch_names};
use super::unit::{Unit, mismatch, tensor};
use crate::nn::{NamedTensors, TensorError};

/// Width and height of the pictures that the network sees.
pub const SIDE: usize = 299;
/// Features of a picture.
pub const FEATURES: usize = 2048;
/// Added to variances, as in the graph.
const EPSILON: f32 = 0.001;

/// What the network says of a batch of pictures.
#[derive(Debug)]
pub struct InceptionOutput {
    /// `[batch, 2048]`: the means over all places of the last block.
    pub features: Tensor<2>,
    /// `[batch, classes]`: scores of the classes before the bias is added; `None` if the weights have no classifier.
    pub logits: Option<Tensor<2>>,
}

/// The network, with its normalisations multiplied into the convolutions.
#[derive(Debug)]
pub struct Inception {
    first: Vec<Unit>,
    second: Vec<Unit>,
    blocks: Vec<Vec<Branch>>,
    /// `[2048, classes]`.
    classifier: Option<Tensor<2>>,
}

#[derive(Debug)]
struct Branch {
    pool: Pool,
    units: Vec<Unit>,
    split: Vec<Unit>,
}

impl Inception {
    /// Whether tensors of these names are those of this network.
    pub fn knows<'a>(names: impl Iterator<Item = &'a str>) -> bool {
        is_inception(names)
    }

    /// The network with the tensors of a file of pytorch-fid or torch-fidelity, or of TensorFlow's graph under its names.
    ///
    /// # Errors
    /// A tensor is missing or has another shape, or they are torchvision's own weights.
    pub fn from_weights(weights: NamedTensors, device: &Device) -> Result<Self, TensorError> {
        let weights = with_pytorch_names(weights)?;
        let mut builder = Builder {
            weights: &weights,
            device,
        };
        let (first, channels) = builder.chain("", FIRST, 3)?;
        let (second, mut channels) = builder.chain("", SECOND, channels)?;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for block in BLOCKS {
            let prefix = format!("{}.", block.name);
            let mut branches = Vec::with_capacity(block.branches.len());
            let mut width = 0;
            for branch in block.branches {
                let (branch, outputs) = builder.branch(&prefix, branch, channels)?;
                branches.push(branch);
                width += outputs;
            }
            channels = width;
            blocks.push(branches);
        }
        if channels != FEATURES {
            return Err(mismatch(format!(
                "the last block has {channels} channels, not {FEATURES}"
            )));
        }
        let classifier = builder.classifier()?;
        Ok(Self {
            first,
            second,
            blocks,
            classifier,
        })
    }

    /// `[batch, 3, 299, 299]` in [-1, 1] to features and logits.
    pub fn forward(&self, pictures: Tensor<4>) -> InceptionOutput {
        let in_turn = |units: &[Unit], input| {
            units
                .iter()
                .fold(input, |input: Tensor<4>, unit| unit.forward(input))
        };
        let halved = |input| Pool::MaxHalf.forward(input);
        let features = halved(in_turn(&self.first, pictures));
        let mut features = halved(in_turn(&self.second, features));
        for block in &self.blocks {
            let mut outputs = Vec::with_capacity(block.len() + 2);
            for branch in block {
                let input = branch.pool.forward(features.clone());
                let input = in_turn(&branch.units, input);
                if branch.split.is_empty() {
                    outputs.push(input);
                } else {
                    outputs.extend(branch.split.iter().map(|unit| unit.forward(input.clone())));
                }
            }
            features = Tensor::cat(outputs, 1);
        }
        let [batch, channels, height, width] = features.dims();
        let features: Tensor<2> = features
            .reshape([batch, channels, height * width])
            .mean_dim(2)
            .reshape([batch, channels]);
        let classifier = self.classifier.as_ref();
        InceptionOutput {
            logits: classifier.map(|weight| features.clone().matmul(weight.clone())),
            features,
        }
    }
}

impl Pool {
    fn forward(self, input: Tensor<4>) -> Tensor<4> {
        match self {
            Self::None => input,
            Self::Average => {
                let mut options = AvgPoolOptions::new([3, 3]);
                options.stride = [1, 1];
                options.padding = [(1, 1); 2];
                options.count_include_pad = false;
                avg_pool2d(input, options)
            }
            Self::Max => {
                let mut options = MaxPoolOptions::new([3, 3]);
                options.stride = [1, 1];
                options.padding = [(1, 1); 2];
                max_pool2d(input, options)
            }
            Self::MaxHalf => {
                let mut options = MaxPoolOptions::new([3, 3]);
                options.stride = [2, 2];
                max_pool2d(input, options)
            }
        }
    }
}

struct Builder<'a> {
    weights: &'a NamedTensors,
    device: &'a Device,
}

impl Builder<'_> {
    /// The weights of the classes, `[2048, classes]`, if there are any.
    fn classifier(&self) -> Result<Option<Tensor<2>>, TensorError> {
        const NAME: &str = "fc.weight";
        if !self.weights.0.contains_key(NAME) {
            return Ok(None);
        }
        let (values, [classes, inputs]) = tensor::<2>(self.weights, NAME)?;
        if inputs != FEATURES {
            return Err(mismatch(format!(
                "`{NAME}` takes {inputs} features, not {FEATURES}"
            )));
        }
        let data = TensorData::new(values.to_vec(), [classes, inputs]);
        Ok(Some(Tensor::<2>::from_data(data, self.device).transpose()))
    }

    /// Convolutions in turn from `channels`, and the channels of the last one.
    fn chain(
        &mut self,
        prefix: &str,
        layers: &[LayerLayout],
        mut channels: usize,
    ) -> Result<(Vec<Unit>, usize), TensorError> {
        let mut units = Vec::with_capacity(layers.len());
        for layer in layers {
            let (unit, outputs) = self.unit(prefix, layer, channels)?;
            units.push(unit);
            channels = outputs;
        }
        Ok((units, channels))
    }

    /// A branch from `channels`, and the channels that it gives.
    fn branch(
        &mut self,
        prefix: &str,
        layout: &BranchLayout,
        channels: usize,
    ) -> Result<(Branch, usize), TensorError> {
        let (units, mut channels) = self.chain(prefix, layout.layers, channels)?;
        let mut split = Vec::with_capacity(layout.split.len());
        let input = channels;
        for (index, layer) in layout.split.iter().enumerate() {
            let (unit, outputs) = self.unit(prefix, layer, input)?;
            split.push(unit);
            channels = if index == 0 {
                outputs
            } else {
                channels + outputs
            };
        }
        let branch = Branch {
            pool: layout.pool,
            units,
            split,
        };
        Ok((branch, channels))
    }

    /// A convolution whose weights are scaled by the normalisation after it, which leaves a bias.
    fn unit(
        &mut self,
        prefix: &str,
        layer: &LayerLayout,
        channels: usize,
    ) -> Result<(Unit, usize), TensorError> {
        let name = format!("{prefix}{}", layer.name);
        let kernel = format!("{name}.conv.weight");
        let (values, dims) = tensor::<4>(self.weights, &kernel)?;
        let [outputs, inputs, rows, columns] = dims;
        if inputs != channels || [rows, columns] != layer.shape.kernel {
            let [height, width] = layer.shape.kernel;
            return Err(mismatch(format!(
                "`{kernel}` is [{outputs}, {inputs}, {rows}, {columns}], not [.., {channels}, {height}, {width}]"
            )));
        }
        let norm = |leaf: &str| -> Result<&[f32], TensorError> {
            let name = format!("{name}.bn.{leaf}");
            let (values, [length]) = tensor::<1>(self.weights, &name)?;
            if length != outputs {
                return Err(mismatch(format!(
                    "`{name}` has {length} values, not {outputs}"
                )));
            }
            Ok(values)
        };
        // Graphs that normalise without a scale have no tensor for it.
        let scale = if self.weights.0.contains_key(&format!("{name}.bn.weight")) {
            norm("weight")?.to_vec()
        } else {
            vec![1.0; outputs]
        };
        let (shift, mean, variance) = (norm("bias")?, norm("running_mean")?, norm("running_var")?);
        let factors = scale.iter().zip(variance);
        let factors: Vec<f32> = factors
            .map(|(scale, variance)| scale / (variance + EPSILON).sqrt())
            .collect();
        let scaled = values
            .chunks_exact(inputs * rows * columns)
            .zip(&factors)
            .flat_map(|(kernel, factor)| kernel.iter().map(move |value| value * factor));
        let biases = shift.iter().zip(mean).zip(&factors);
        let biases = biases.map(|((shift, mean), factor)| shift - mean * factor);
        let (scaled, biases) = (scaled.collect(), biases.collect());
        let unit = Unit::new(scaled, dims, biases, layer.shape, self.device);
        Ok((unit, outputs))
    }
}
