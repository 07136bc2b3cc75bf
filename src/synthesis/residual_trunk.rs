//! A residual discriminator without its last layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::halvings::{levels, width};
use crate::config::{NormKind, Recipe};
use crate::nn::{
    Convolution, DiscriminatorLayer, ForwardMode, Halving, Norm, Padding, Trace, WeightInit,
    discriminator_part,
};

/// Residual blocks that halve the size of a picture down to 4 x 4, one more, and the sum over all places.
///
/// Blocks activate before they convolve, but for the first one, which sees the picture. Gulrajani et al., "Improved Training of
/// Wasserstein GANs", 2017; Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks", 2018.
#[derive(Module, Debug)]
pub(super) struct ResidualTrunk {
    blocks: Vec<Block>,
}

#[derive(Module, Debug)]
struct Block {
    /// None in the first block.
    norm1: Option<Norm>,
    conv1: Convolution,
    norm2: Norm,
    conv2: Convolution,
    /// Where channels or size change.
    shortcut: Option<Convolution>,
    #[module(skip)]
    halves: bool,
}

impl ResidualTrunk {
    /// That of `recipe` for pictures with `input` channels; and the channels of its last features.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe, input: usize) -> (Self, usize) {
        let discriminator = &recipe.discriminator;
        let mut above = input;
        let mut blocks = Vec::new();
        for level in 0..levels(recipe.data.crop_size) {
            let channels = [above, width(discriminator.channels, level)];
            blocks.push(Block::new(
                init,
                discriminator.norm,
                channels,
                level == 0,
                true,
            ));
            above = channels[1];
        }
        blocks.push(Block::new(
            init,
            discriminator.norm,
            [above; 2],
            false,
            false,
        ));
        (Self { blocks }, above)
    }

    /// What comes out of each block, and at the end the last features.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        let mut results = Vec::with_capacity(self.blocks.len() + 1);
        let mut features = input;
        for block in &self.blocks {
            features = block.forward(features, mode);
            results.push(features.clone());
        }
        results.push(discriminator_part(&LAST, features, mode));
        results
    }

    /// The last features, and the way back.
    pub(super) fn traced(&self, input: Tensor<4>, mode: ForwardMode) -> Trace<'_> {
        let mut trace = Trace::new(input);
        for block in &self.blocks {
            trace = block.traced(trace, mode);
        }
        trace.through(&LAST, mode)
    }
}

/// What follows the blocks.
const LAST: [DiscriminatorLayer<'static>; 2] =
    [DiscriminatorLayer::Relu, DiscriminatorLayer::GlobalSum];

impl Block {
    fn new(
        init: &mut WeightInit,
        norm: NormKind,
        [input, output]: [usize; 2],
        is_first: bool,
        halves: bool,
    ) -> Self {
        let bias = !norm.normalises_features();
        let mut conv = |channels, kernel: usize| {
            let padding = Padding::Zero(kernel / 2);
            Convolution::new(init, channels, kernel, 1, padding, bias)
        };
        let conv1 = conv([input, output], 3);
        let conv2 = conv([output, output], 3);
        let shortcut = (input != output || halves).then(|| conv([input, output], 1));
        Self {
            norm1: (!is_first).then(|| Norm::new(init, norm, input)),
            conv1,
            norm2: Norm::new(init, norm, output),
            conv2,
            shortcut,
            halves,
        }
    }

    /// The layers of the residual, and those beside it.
    fn ways(&self) -> [Vec<DiscriminatorLayer<'_>>; 2] {
        let halving = || {
            self.halves
                .then_some(DiscriminatorLayer::Halve(Halving::Mean))
        };
        let mut residual = Vec::new();
        if let Some(norm) = &self.norm1 {
            residual.extend([DiscriminatorLayer::Norm(norm), DiscriminatorLayer::Relu]);
        }
        residual.extend([
            DiscriminatorLayer::Convolution(&self.conv1),
            DiscriminatorLayer::Norm(&self.norm2),
            DiscriminatorLayer::Relu,
            DiscriminatorLayer::Convolution(&self.conv2),
        ]);
        residual.extend(halving());
        let mut beside = Vec::new();
        // A convolution of single pixels and a mean may change places: the mean first is a quarter of the cost.
        beside.extend(halving());
        beside.extend(self.shortcut.as_ref().map(DiscriminatorLayer::Convolution));
        [residual, beside]
    }

    fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let [residual, beside] = self.ways();
        let shortcut = discriminator_part(&beside, input.clone(), mode);
        discriminator_part(&residual, input, mode) + shortcut
    }

    fn traced<'n>(&'n self, trace: Trace<'n>, mode: ForwardMode) -> Trace<'n> {
        let [residual, beside] = self.ways();
        let input = trace.output();
        let beside = Trace::new(input.clone()).through(&beside, mode);
        let residual = Trace::new(input).through(&residual, mode);
        let output = residual.output() + beside.output();
        trace.then(output, move |gradient| {
            residual.input_gradient(gradient.clone()) + beside.input_gradient(gradient)
        })
    }
}
