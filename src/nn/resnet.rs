//! The ResNet generator of CycleGAN.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::{relu, tanh};

use super::behaviour::Behaviour;
use super::convolution::{Convolution, Padding, Upsampling};
use super::dropout::dropout;
use super::initialise::Initialise;
use super::norm::Norm;
use super::tensors::Network;
use crate::config::GeneratorRecipe;

/// Halvings of the size before the residual blocks.
const DOWNSAMPLINGS: usize = 2;

/// A convolution and the normalisation after it.
#[derive(Module, Debug)]
struct Down {
    convolution: Convolution,
    norm: Norm,
}

/// An upsampling and the normalisation after it.
#[derive(Module, Debug)]
struct Up {
    upsampling: Upsampling,
    norm: Norm,
}

/// Two convolutions whose result is added to their input.
#[derive(Module, Debug)]
struct Block {
    first: Convolution,
    first_norm: Norm,
    second: Convolution,
    second_norm: Norm,
}

/// Two downsamplings, residual blocks, two upsamplings.
///
/// Zhu, Park, Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", 2017,
/// after Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer", 2016.
#[derive(Module, Debug)]
pub struct ResnetGenerator {
    stem: Convolution,
    stem_norm: Norm,
    down: Vec<Down>,
    blocks: Vec<Block>,
    up: Vec<Up>,
    head: Convolution,
    #[module(skip)]
    dropout: bool,
}

impl ResnetGenerator {
    /// A generator with `blocks` residual blocks from `input` to `output` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        blocks: usize,
        input: usize,
        output: usize,
    ) -> Self {
        let bias = recipe.norm.wants_bias();
        let width = |halvings: usize| recipe.channels << halvings;
        let norm =
            |initialise: &mut Initialise, channels| Norm::new(initialise, recipe.norm, channels);
        let stem = Convolution::new(
            initialise,
            [input, width(0)],
            7,
            1,
            Padding::Reflect(3),
            bias,
        );
        let stem_norm = norm(initialise, width(0));
        let down = (0..DOWNSAMPLINGS)
            .map(|index| Down {
                convolution: Convolution::new(
                    initialise,
                    [width(index), width(index + 1)],
                    3,
                    2,
                    Padding::Zero(1),
                    bias,
                ),
                norm: norm(initialise, width(index + 1)),
            })
            .collect();
        let widest = width(DOWNSAMPLINGS);
        let inner = |initialise: &mut Initialise| {
            Convolution::new(
                initialise,
                [widest, widest],
                3,
                1,
                Padding::Reflect(1),
                bias,
            )
        };
        let blocks = (0..blocks)
            .map(|_| Block {
                first: inner(initialise),
                first_norm: norm(initialise, widest),
                second: inner(initialise),
                second_norm: norm(initialise, widest),
            })
            .collect();
        let up = (0..DOWNSAMPLINGS)
            .rev()
            .map(|index| Up {
                upsampling: Upsampling::new(
                    initialise,
                    [width(index + 1), width(index)],
                    3,
                    1,
                    bias,
                    recipe.upsample,
                ),
                norm: norm(initialise, width(index)),
            })
            .collect();
        // The last convolution has a bias whatever the norm.
        let head = Convolution::new(
            initialise,
            [width(0), output],
            7,
            1,
            Padding::Reflect(3),
            true,
        );
        Self {
            stem,
            stem_norm,
            down,
            blocks,
            up,
            head,
            dropout: recipe.dropout,
        }
    }

    /// `[batch, in, height, width]` in [-1, 1] to `[batch, out, height, width]` in [-1, 1]; height and width are
    /// multiples of 4 and at least 8.
    pub fn forward(&self, input: Tensor<4>, behaviour: Behaviour) -> Tensor<4> {
        let mut features = self.stem.forward(input);
        features = relu(self.stem_norm.forward(features, behaviour));
        for down in &self.down {
            features = down.convolution.forward(features);
            features = relu(down.norm.forward(features, behaviour));
        }
        for block in &self.blocks {
            let mut residual = block.first.forward(features.clone());
            residual = relu(block.first_norm.forward(residual, behaviour));
            if self.dropout {
                residual = dropout(residual, behaviour);
            }
            residual = block.second.forward(residual);
            features = features + block.second_norm.forward(residual, behaviour);
        }
        for up in &self.up {
            features = up.upsampling.forward(features);
            features = relu(up.norm.forward(features, behaviour));
        }
        tanh(self.head.forward(features))
    }
}

impl Network for ResnetGenerator {
    fn layer_name(&self, path: &str) -> String {
        let first_block = 4 + 3 * DOWNSAMPLINGS;
        let first_up = first_block + self.blocks.len();
        let mut parts = path.split('.');
        let group = parts.next().unwrap_or_default();
        if group == "head" {
            // Two layers after the last upsampling: its ReLU and the padding.
            return format!("model.{}", first_up + 3 * DOWNSAMPLINGS + 1);
        }
        let number: usize = parts
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        let layer = parts.next().unwrap_or_default();
        let norm = usize::from(layer == "norm");
        match group {
            "stem" => "model.1".to_owned(),
            "stem_norm" => "model.2".to_owned(),
            "down" => format!("model.{}", 4 + 3 * number + norm),
            "up" => format!("model.{}", first_up + 3 * number + norm),
            _ => {
                // Dropout takes a place between the two convolutions.
                let second = if self.dropout { 6 } else { 5 };
                let inner = match layer {
                    "first" => 1,
                    "first_norm" => 2,
                    "second" => second,
                    _ => second + 1,
                };
                format!("model.{}.conv_block.{inner}", first_block + number)
            }
        }
    }
}
