//! The ResNet generators of CycleGAN and pix2pixHD.

use std::convert::Infallible;
use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Activation;
use super::convolution::{Convolution, Padding, STEM_BORDER};
use super::forward_mode::ForwardMode;
use super::fused::{Fused, forward_fused};
use super::layer_ops::{Eager, LayerOps};
use super::norm::Norm;
use super::reference_batch::ReferenceBatch;
use super::residual::{DownBlock, ResidualBlock, UpBlock};
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::{Downsample, GeneratorRecipe, NormKind, Upsample};

/// Sizes of a ResNet generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResnetConfig {
    /// Halvings of the size before the residual blocks, and doublings after them.
    pub downsamplings: usize,
    /// Residual blocks.
    pub blocks: usize,
    /// Whether the convolutions before a norm have a bias; the last convolution always has one.
    pub bias: bool,
    /// Channels of the output; `None` to end with the features of the last upsampling.
    pub output: Option<usize>,
}

/// Downsamplings, residual blocks and as many upsamplings: two in the generator of CycleGAN, four in the global generator of
/// pix2pixHD.
///
/// Zhu, Park, Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", 2017,
/// after Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer", 2016.
#[derive(Module, Debug)]
pub struct ResnetGenerator {
    stem: Convolution,
    stem_norm: Norm,
    down: Vec<DownBlock>,
    blocks: Vec<ResidualBlock>,
    up: Vec<UpBlock>,
    head: Option<Convolution>,
    #[module(skip)]
    dropout: bool,
    #[module(skip)]
    downsample: Downsample,
    #[module(skip)]
    upsample: Upsample,
    #[module(skip)]
    reference: ReferenceBatch,
}

impl ResnetGenerator {
    /// Creates the generator of CycleGAN with `blocks` residual blocks from `input` to `output` channels. Those of a latent code come
    /// after the `input`, and no norm after the first convolution then.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        blocks: usize,
        input: usize,
        output: usize,
    ) -> Self {
        let config = ResnetConfig {
            downsamplings: 2,
            blocks,
            bias: recipe.norm.uses_bias(),
            output: Some(output),
        };
        Self::from_config(init, recipe, config, input + recipe.latent)
    }

    /// Creates a generator of these sizes with `input` channels.
    pub fn from_config(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        config: ResnetConfig,
        input: usize,
    ) -> Self {
        init.set_norm(recipe.norm);
        let bias = config.bias;
        let width = |halvings: usize| recipe.channels << halvings;
        let stem = Convolution::new(
            init,
            [input, width(0)],
            7,
            1,
            Padding::Reflect(STEM_BORDER),
            bias || recipe.latent > 0,
        );
        // A norm would take the code out again, which is the same in all places.
        let stem_kind = if recipe.latent > 0 {
            NormKind::None
        } else {
            recipe.norm
        };
        let stem_norm = Norm::new(init, stem_kind, width(0));
        let down = (0..config.downsamplings)
            .map(|index| DownBlock::new(init, recipe, width(index), bias))
            .collect();
        let widest = width(config.downsamplings);
        let blocks = (0..config.blocks)
            .map(|_| ResidualBlock::new(init, recipe, widest, bias))
            .collect();
        let up = (0..config.downsamplings)
            .rev()
            .map(|index| UpBlock::new(init, recipe, width(index), bias))
            .collect();
        let head = config.output.map(|output| {
            Convolution::new(init, [width(0), output], 7, 1, Padding::Reflect(3), true)
        });
        Self {
            stem,
            stem_norm,
            down,
            blocks,
            up,
            head,
            dropout: recipe.dropout,
            downsample: recipe.downsample,
            upsample: recipe.upsample,
            reference: ReferenceBatch::default(),
        }
    }

    /// Maps `[batch, in, height, width]` to `[batch, out, height, width]`, both in [-1, 1]. Height and width are multiples of
    /// two to the power of the number of downsamplings, and at least twice that.
    ///
    /// Without output channels the result is the features of the last upsampling, `[batch, channels, height, width]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let pass = |ops: &mut Fused<'_>, input| self.forward_with(ops, input);
        match forward_fused(&input, mode, &self.reference, pass) {
            Some(output) => output,
            None => self.forward_with(&mut self.eager(mode), input),
        }
    }

    /// What computes a pass of `mode`.
    pub(super) fn eager<'m>(&self, mode: ForwardMode<'m>) -> Eager<'m> {
        Eager::with_reference(mode, &self.reference, |ops, batch| {
            let _ = self.forward_with(ops, batch);
        })
    }

    /// Runs the layers in order on `ops`; sizes as for [`forward`](Self::forward).
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let mut all = |_: &O::Features| ControlFlow::<Infallible>::Continue(());
        let ControlFlow::Continue(features) = self.encode(ops, input, &mut all);
        self.decode(ops, features)
    }

    /// The layers before the first upsampling. What each of them gives is told to `seen`, which may end it: in the order of
    /// PyTorch's sequence, from its place 1 (its place 0 is the padding of the input).
    pub(super) fn encode<'n, O: LayerOps<'n>, B>(
        &'n self,
        ops: &mut O,
        input: O::Features,
        seen: &mut impl FnMut(&O::Features) -> ControlFlow<B>,
    ) -> ControlFlow<B, O::Features> {
        let mut features = ops.convolution(&self.stem, input);
        seen(&features)?;
        features = ops.norm(&self.stem_norm, features);
        seen(&features)?;
        features = ops.activation(Activation::Relu, features);
        seen(&features)?;
        for down in &self.down {
            features = down.layers(ops, features, seen)?;
        }
        for block in &self.blocks {
            features = block.forward_with(ops, features);
            seen(&features)?;
        }
        ControlFlow::Continue(features)
    }

    /// The layers after those of [`encode`](Self::encode).
    pub(super) fn decode<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        mut features: O::Features,
    ) -> O::Features {
        for up in &self.up {
            features = up.forward_with(ops, features);
        }
        match &self.head {
            Some(head) => {
                features = ops.convolution(head, features);
                ops.activation(Activation::Tanh, features)
            }
            None => features,
        }
    }
}

impl Network for ResnetGenerator {
    fn layer_name(&self, path: &str) -> String {
        // A filter takes a place: after the other layers of a downsampling, before those of an upsampling.
        let down_filter = usize::from(self.downsample == Downsample::Blur);
        let up_filter = usize::from(self.upsample == Upsample::Blur);
        let first_block = 4 + (3 + down_filter) * self.down.len();
        let first_up = first_block + self.blocks.len();
        let mut parts = path.split('.');
        let group = parts.next().unwrap_or_default();
        if group == "head" {
            // Two layers after the last upsampling: its ReLU and the padding.
            return format!("model.{}", first_up + (3 + up_filter) * self.up.len() + 1);
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
            "down" => format!("model.{}", 4 + (3 + down_filter) * number + norm),
            "up" => {
                let place = first_up + (3 + up_filter) * number + up_filter;
                format!("model.{}", place + norm)
            }
            _ => {
                let inner = self
                    .blocks
                    .get(number)
                    .map_or(0, |block| block.index(layer));
                format!("model.{}.conv_block.{inner}", first_block + number)
            }
        }
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        self.reference = batch;
    }

    fn settle_reference(&self) {
        Eager::settle(&self.reference, |ops, batch| {
            let _ = self.forward_with(ops, batch);
        });
    }
}
