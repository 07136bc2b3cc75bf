//! The ResNet generators of CycleGAN and pix2pixHD.

use std::convert::Infallible;
use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::Tensor;

use super::behaviour::Behaviour;
use super::convolution::{Convolution, Padding, STEM_BORDER};
use super::initialise::Initialise;
use super::norm::Norm;
use super::pass::{Activation, Pass, Whole};
use super::residual::{DownBlock, ResidualBlock, UpBlock};
use super::tensors::Network;
use crate::config::{Downsample, GeneratorRecipe, Upsample};

/// Sizes of a ResNet generator that recipes do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResnetShape {
    /// Halvings of the size before the residual blocks, and doublings after them.
    pub downsamplings: usize,
    /// Residual blocks.
    pub blocks: usize,
    /// Whether the convolutions before a norm have a bias; the last one always has.
    pub bias: bool,
    /// Channels of the output; without one the network ends with its last upsampling.
    pub output: Option<usize>,
}

/// Downsamplings, residual blocks, as many upsamplings: the generator of CycleGAN has two, the global generator of pix2pixHD
/// four.
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
}

impl ResnetGenerator {
    /// The generator of CycleGAN with `blocks` residual blocks from `input` to `output` channels.
    pub fn new(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        blocks: usize,
        input: usize,
        output: usize,
    ) -> Self {
        let shape = ResnetShape {
            downsamplings: 2,
            blocks,
            bias: recipe.norm.wants_bias(),
            output: Some(output),
        };
        Self::of_shape(initialise, recipe, shape, input)
    }

    /// A generator of any shape that takes `input` channels.
    pub fn of_shape(
        initialise: &mut Initialise,
        recipe: &GeneratorRecipe,
        shape: ResnetShape,
        input: usize,
    ) -> Self {
        let bias = shape.bias;
        let width = |halvings: usize| recipe.channels << halvings;
        let stem = Convolution::new(
            initialise,
            [input, width(0)],
            7,
            1,
            Padding::Reflect(STEM_BORDER),
            bias,
        );
        let stem_norm = Norm::new(initialise, recipe.norm, width(0));
        let down = (0..shape.downsamplings)
            .map(|index| DownBlock::new(initialise, recipe, width(index), bias))
            .collect();
        let widest = width(shape.downsamplings);
        let blocks = (0..shape.blocks)
            .map(|_| ResidualBlock::new(initialise, recipe, widest, bias))
            .collect();
        let up = (0..shape.downsamplings)
            .rev()
            .map(|index| UpBlock::new(initialise, recipe, width(index), bias))
            .collect();
        let head = shape.output.map(|output| {
            Convolution::new(
                initialise,
                [width(0), output],
                7,
                1,
                Padding::Reflect(3),
                true,
            )
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
        }
    }

    /// `[batch, in, height, width]` in [-1, 1] to `[batch, out, height, width]` in [-1, 1]; height and width are
    /// multiples of two to the power of the number of downsamplings, and at least twice that.
    ///
    /// Without an output of its own the network gives the features of its last upsampling, `[batch, channels, height,
    /// width]`.
    pub fn forward(&self, input: Tensor<4>, behaviour: Behaviour) -> Tensor<4> {
        self.through(&mut Whole { behaviour }, input)
    }

    /// The layers in their order; sizes as for [`forward`](Self::forward).
    pub fn through<'n, P: Pass<'n>>(&'n self, pass: &mut P, input: P::Features) -> P::Features {
        let mut all = |_: &P::Features| ControlFlow::<Infallible>::Continue(());
        let ControlFlow::Continue(features) = self.encode(pass, input, &mut all);
        self.decode(pass, features)
    }

    /// The layers before the first upsampling. What each of them gives is told to `seen`, which may end it: in the order of
    /// PyTorch's sequence, from its place 1 (its place 0 is the padding of the input).
    pub(super) fn encode<'n, P: Pass<'n>, B>(
        &'n self,
        pass: &mut P,
        input: P::Features,
        seen: &mut impl FnMut(&P::Features) -> ControlFlow<B>,
    ) -> ControlFlow<B, P::Features> {
        let mut features = pass.convolution(&self.stem, input);
        seen(&features)?;
        features = pass.norm(&self.stem_norm, features);
        seen(&features)?;
        features = pass.activation(Activation::Relu, features);
        seen(&features)?;
        for down in &self.down {
            features = down.layers(pass, features, seen)?;
        }
        for block in &self.blocks {
            features = block.through(pass, features);
            seen(&features)?;
        }
        ControlFlow::Continue(features)
    }

    /// The layers after those of [`encode`](Self::encode).
    pub(super) fn decode<'n, P: Pass<'n>>(
        &'n self,
        pass: &mut P,
        mut features: P::Features,
    ) -> P::Features {
        for up in &self.up {
            features = up.through(pass, features);
        }
        match &self.head {
            Some(head) => {
                features = pass.convolution(head, features);
                pass.activation(Activation::Tanh, features)
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
}
