//! The local enhancers of pix2pixHD: generators at twice the size of the one below them.

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Activation;
use super::convolution::{Convolution, Padding};
use super::forward_mode::ForwardMode;
use super::layer_ops::{Eager, LayerOps};
use super::norm::Norm;
use super::residual::{DownBlock, ResidualBlock, UpBlock};
use super::resnet::{ResnetConfig, ResnetGenerator};
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::GeneratorRecipe;

/// A global generator that works at a smaller size, and enhancers on it, each at twice the size of the one before.
///
/// Wang, Liu, Zhu, Tao, Kautz and Catanzaro, "High-Resolution Image Synthesis and Semantic Manipulation with Conditional
/// GANs", 2018, section 3.1. Parameter names are those of the public PyTorch implementation.
#[derive(Module, Debug)]
pub struct LocalEnhancer {
    /// Ends with features, without the layers that turn them into a picture.
    base: ResnetGenerator,
    /// From the coarsest to the finest.
    enhancers: Vec<Enhancer>,
    /// Turns the finest features into the picture.
    head: Convolution,
}

/// One enhancer: down to the size of the features below it, and back up.
#[derive(Module, Debug)]
struct Enhancer {
    stem: Convolution,
    stem_norm: Norm,
    down: DownBlock,
    blocks: Vec<ResidualBlock>,
    up: UpBlock,
}

impl Enhancer {
    fn new(init: &mut WeightInit, recipe: &GeneratorRecipe, input: usize) -> Self {
        let channels = recipe.channels;
        Self {
            stem: Convolution::new(init, [input, channels], 7, 1, Padding::Reflect(3), true),
            stem_norm: Norm::new(init, recipe.norm, channels),
            down: DownBlock::new(init, recipe, channels, true),
            blocks: (0..recipe.enhancer_blocks)
                .map(|_| ResidualBlock::new(init, recipe, 2 * channels, true))
                .collect(),
            up: UpBlock::new(init, recipe, channels, true),
        }
    }

    /// `input` at this enhancer's size, `below` the features at half of it.
    fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
        below: O::Features,
    ) -> O::Features {
        let mut features = ops.convolution(&self.stem, input);
        features = ops.norm(&self.stem_norm, features);
        features = ops.activation(Activation::Relu, features);
        features = self.down.forward_with(ops, features);
        features = ops.sum(features, below);
        for block in &self.blocks {
            features = block.forward_with(ops, features);
        }
        self.up.forward_with(ops, features)
    }
}

impl LocalEnhancer {
    /// Creates the generator of `recipe` from `input` to `output` channels. `recipe.channels` are those of the finest
    /// enhancer, and double with each halving of the size.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        input: usize,
        output: usize,
    ) -> Self {
        init.set_norm(recipe.norm);
        let count = recipe.enhancers;
        let at = |halvings: usize| GeneratorRecipe {
            channels: recipe.channels << halvings,
            ..recipe.clone()
        };
        let config = ResnetConfig {
            downsamplings: recipe.downsamplings,
            blocks: recipe.blocks,
            bias: true,
            output: None,
        };
        let base = ResnetGenerator::from_config(init, &at(count), config, input);
        let enhancers = (0..count)
            .rev()
            .map(|halvings| Enhancer::new(init, &at(halvings), input))
            .collect();
        let head = Convolution::new(
            init,
            [recipe.channels, output],
            7,
            1,
            Padding::Reflect(3),
            true,
        );
        Self {
            base,
            enhancers,
            head,
        }
    }

    /// Maps `[batch, in, height, width]` to `[batch, out, height, width]` in [-1, 1]. Height and width are multiples of
    /// [`GeneratorRecipe::size_multiple`] and at least twice that.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        self.forward_with(&mut Eager::new(mode), input)
    }

    /// Runs the layers in order on `ops`; sizes as for [`forward`](Self::forward).
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let mut inputs = vec![input];
        for _ in &self.enhancers {
            inputs.push(ops.downsample(inputs[inputs.len() - 1].clone()));
        }
        let coarsest = inputs
            .pop()
            .expect("there is one input more than enhancers");
        let mut features = self.base.forward_with(ops, coarsest);
        for enhancer in &self.enhancers {
            let input = inputs.pop().expect("there is one input for each enhancer");
            features = enhancer.forward_with(ops, input, features);
        }
        features = ops.convolution(&self.head, features);
        ops.activation(Activation::Tanh, features)
    }

    /// Freezes everything but the finest enhancer and the head.
    pub(super) fn with_frozen_base(mut self) -> Self {
        self.base = self.base.no_grad();
        if let Some(last) = self.enhancers.pop() {
            let fixed = self.enhancers.into_iter().map(Module::no_grad);
            self.enhancers = fixed.chain([last]).collect();
        }
        self
    }
}

impl Network for LocalEnhancer {
    fn layer_name(&self, path: &str) -> String {
        let (group, rest) = path.split_once('.').unwrap_or((path, ""));
        match group {
            "base" => self.base.layer_name(rest),
            "head" => {
                let blocks = self.enhancers.last().map_or(0, |last| last.blocks.len());
                // After the upsampling, its norm and ReLU, and the padding.
                format!("model{}_2.{}", self.enhancers.len(), blocks + 4)
            }
            _ => {
                let (number, layer) = rest.split_once('.').unwrap_or((rest, ""));
                let index: usize = number.parse().unwrap_or_default();
                let blocks = self.enhancers.get(index).map_or(&[][..], |one| &one.blocks);
                enhancer_layer_name(index + 1, blocks, layer)
            }
        }
    }
}

/// The public name of a layer of the enhancer `number`, counted from 1.
fn enhancer_layer_name(number: usize, blocks: &[ResidualBlock], path: &str) -> String {
    let mut parts = path.split('.');
    let group = parts.next().unwrap_or_default();
    let inner = parts.next().unwrap_or_default();
    let norm = usize::from(inner == "norm");
    match group {
        "stem" => format!("model{number}_1.1"),
        "stem_norm" => format!("model{number}_1.2"),
        "down" => format!("model{number}_1.{}", 4 + norm),
        "up" => format!("model{number}_2.{}", blocks.len() + norm),
        _ => {
            let block: usize = inner.parse().unwrap_or_default();
            let layer = parts.next().unwrap_or_default();
            let index = blocks.get(block).map_or(0, |block| block.index(layer));
            format!("model{number}_2.{block}.conv_block.{index}")
        }
    }
}
