//! A discriminator that grows, without its last layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::batch_end::BatchEnd;
use super::growth::Growth;
use super::halvings::{INNERMOST, levels, width};
use super::sized_name::sized_name;
use crate::config::Recipe;
use crate::nn::{
    DiscriminatorLayer, Equalisation, EqualisedConvolution, ForwardMode, Halving, Trace, WeightInit,
};

/// Pairs of convolutions with an equalised learning rate at each size down to 4 x 4, and the end that looks at the batch. Every size has
/// a layer of its own that sees its picture; while the network grows, that of the larger size fades in.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018.
#[derive(Module, Debug)]
pub(super) struct ProgressiveTrunk {
    /// From the largest size on.
    blocks: Vec<Block>,
    /// As many.
    colours: Vec<EqualisedConvolution>,
    end: BatchEnd,
    #[module(skip)]
    growth: Growth,
}

#[derive(Module, Debug)]
struct Block {
    conv1: EqualisedConvolution,
    conv2: EqualisedConvolution,
}

impl ProgressiveTrunk {
    /// That of `recipe` for pictures with `input` channels; and the channels of its last features.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe, input: usize) -> (Self, usize) {
        let channels = recipe.discriminator.channels;
        let mut layer = |channels, form| {
            EqualisedConvolution::new(init, channels, form, Equalisation::ACTIVATED)
        };
        let (mut blocks, mut colours) = (Vec::new(), Vec::new());
        let count = levels(recipe.last_side());
        for level in 0..count {
            let (own, next) = (width(channels, level), width(channels, level + 1));
            colours.push(layer([input, own], [1, 0]));
            blocks.push(Block {
                conv1: layer([own; 2], [3, 1]),
                conv2: layer([own, next], [3, 1]),
            });
        }
        let last = width(channels, count);
        let trunk = Self {
            blocks,
            colours,
            end: BatchEnd::new(init, &recipe.discriminator, last),
            growth: Growth::of_stage(recipe, 1.0),
        };
        (trunk, last)
    }

    /// What comes out of each block, and at the end the last features.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        let mut features = Vec::new();
        let trace = self.follow(input, mode, &mut features);
        features.push(trace.output());
        features
    }

    /// The last features, and the way back.
    pub(super) fn traced(&self, input: Tensor<4>, mode: ForwardMode) -> Trace<'_> {
        self.follow(input, mode, &mut Vec::new())
    }

    /// Sets how far the network has grown.
    pub(super) fn set_growth(&mut self, growth: Growth) {
        self.growth = growth;
    }

    /// Follows a picture through the network, and keeps what comes out of each block.
    fn follow(
        &self,
        input: Tensor<4>,
        mode: ForwardMode,
        results: &mut Vec<Tensor<4>>,
    ) -> Trace<'_> {
        let Growth { side, from, .. } = self.growth;
        let first = self.place(side);
        let mut trace = Trace::new(input.clone()).through(&self.seen(first), mode);
        for (place, block) in self.blocks.iter().enumerate().skip(first) {
            if place > first && self.growth.fades() && place == self.place(from) {
                trace = self.faded(trace, input.clone(), place, mode);
            }
            trace = trace.through(&block.layers(), mode);
            results.push(trace.output());
        }
        trace.through(&self.end.layers(), mode)
    }

    /// `larger`, which has come to the size of the block at `place`, blended with what that size itself sees of the picture.
    fn faded<'n>(
        &'n self,
        larger: Trace<'n>,
        input: Tensor<4>,
        place: usize,
        mode: ForwardMode,
    ) -> Trace<'n> {
        let growth = self.growth;
        let mut layers = Vec::new();
        let halving = DiscriminatorLayer::Halve(Halving::Mean);
        layers.resize(place - self.place(growth.side), halving);
        layers.extend(self.seen(place));
        let smaller = Trace::new(input.clone()).through(&layers, mode);
        let output = growth.blend(larger.output(), smaller.output());
        Trace::new(input).then(output, move |gradient| {
            let of_larger = larger.input_gradient(gradient.clone() * growth.share);
            of_larger + smaller.input_gradient(gradient * (1.0 - growth.share))
        })
    }

    /// The layers that see pictures of the size of the block at `place`.
    fn seen(&self, place: usize) -> [DiscriminatorLayer<'_>; 2] {
        [
            DiscriminatorLayer::Equalised(&self.colours[place]),
            DiscriminatorLayer::LeakyRelu,
        ]
    }

    /// The place of the block of a size.
    fn place(&self, side: usize) -> usize {
        self.blocks.len() - levels(side)
    }

    /// The public name of the layer at `path`.
    pub(super) fn layer_name(&self, path: &str) -> String {
        let largest = INNERMOST << self.blocks.len();
        sized_name(path, |place| largest >> place)
    }
}

impl Block {
    fn layers(&self) -> [DiscriminatorLayer<'_>; 5] {
        [
            DiscriminatorLayer::Equalised(&self.conv1),
            DiscriminatorLayer::LeakyRelu,
            DiscriminatorLayer::Equalised(&self.conv2),
            DiscriminatorLayer::LeakyRelu,
            DiscriminatorLayer::Halve(Halving::Mean),
        ]
    }
}
