//! The discriminator of StyleGAN2 without its last layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::batch_end::BatchEnd;
use super::halvings::{INNERMOST, levels, width};
use super::sized_name::sized_name;
use crate::config::Recipe;
use crate::nn::{
    DiscriminatorLayer, Equalisation, EqualisedConvolution, ForwardMode, Halving, Trace, WeightInit,
};

/// Residual blocks with an equalised learning rate down to 4 x 4, whose sizes are halved by the filter 1 3 3 1, and the end that looks at
/// the batch.
///
/// Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020.
#[derive(Module, Debug)]
pub(super) struct StyleTrunk {
    colours: EqualisedConvolution,
    /// From the largest size on.
    blocks: Vec<Block>,
    end: BatchEnd,
}

#[derive(Module, Debug)]
struct Block {
    conv1: EqualisedConvolution,
    conv2: EqualisedConvolution,
    shortcut: EqualisedConvolution,
}

impl StyleTrunk {
    /// That of `recipe` for pictures with `input` channels; and the channels of its last features.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe, input: usize) -> (Self, usize) {
        let channels = recipe.discriminator.channels;
        let count = levels(recipe.data.crop_size);
        let mut layer = |channels, form, equalisation| {
            EqualisedConvolution::new(init, channels, form, equalisation)
        };
        let activated = Equalisation::ACTIVATED;
        let beside = Equalisation {
            bias: None,
            ..Equalisation::LINEAR
        };
        let colours = layer([input, width(channels, 0)], [1, 0], activated);
        let mut blocks = Vec::with_capacity(count);
        for level in 0..count {
            let (own, next) = (width(channels, level), width(channels, level + 1));
            blocks.push(Block {
                conv1: layer([own; 2], [3, 1], activated),
                conv2: layer([own, next], [3, 1], activated),
                shortcut: layer([own, next], [1, 0], beside),
            });
        }
        let last = width(channels, count);
        let trunk = Self {
            colours,
            blocks,
            end: BatchEnd::new(init, &recipe.discriminator, last),
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

    /// Follows a picture through the network, and keeps what comes out of each block.
    fn follow(
        &self,
        input: Tensor<4>,
        mode: ForwardMode,
        results: &mut Vec<Tensor<4>>,
    ) -> Trace<'_> {
        let seen = [
            DiscriminatorLayer::Equalised(&self.colours),
            DiscriminatorLayer::LeakyRelu,
        ];
        let mut trace = Trace::new(input).through(&seen, mode);
        for block in &self.blocks {
            trace = block.traced(trace, mode);
            results.push(trace.output());
        }
        trace.through(&self.end.layers(), mode)
    }

    /// The public name of the layer at `path`.
    pub(super) fn layer_name(&self, path: &str) -> String {
        let largest = INNERMOST << self.blocks.len();
        if path.starts_with("blocks") {
            return sized_name(path, |place| largest >> place);
        }
        path.to_owned()
    }
}

impl Block {
    fn traced<'n>(&'n self, trace: Trace<'n>, mode: ForwardMode) -> Trace<'n> {
        let halving = DiscriminatorLayer::Halve(Halving::Filter);
        let residual = [
            DiscriminatorLayer::Equalised(&self.conv1),
            DiscriminatorLayer::LeakyRelu,
            DiscriminatorLayer::Equalised(&self.conv2),
            halving,
            DiscriminatorLayer::LeakyRelu,
        ];
        let beside = [halving, DiscriminatorLayer::Equalised(&self.shortcut)];
        let input = trace.output();
        let beside = Trace::new(input.clone()).through(&beside, mode);
        let residual = Trace::new(input).through(&residual, mode);
        // So that the variance stays the same.
        let share = std::f64::consts::FRAC_1_SQRT_2;
        let output = (residual.output() + beside.output()) * share;
        trace.then(output, move |gradient| {
            let gradient = gradient * share;
            residual.input_gradient(gradient.clone()) + beside.input_gradient(gradient)
        })
    }
}
