//! Strided convolutions that halve the size of a picture down to 4 x 4.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::config::NormKind;
use crate::nn::{
    Convolution, DiscriminatorLayer, ForwardMode, Norm, Padding, ReferenceBatch, WeightInit,
    discriminator_features,
};

/// Side of the innermost features, in pixels.
pub(super) const INNERMOST: usize = 4;

/// Channels of the features at the size that is `level` halvings away from the picture and its neighbour: `channels`, doubled at each
/// further one up to eight times.
pub(super) fn width(channels: usize, level: usize) -> usize {
    channels << level.min(3)
}

/// Halvings between pictures of `side` x `side`, a power of two from 8 on, and [`INNERMOST`].
pub(super) fn levels(side: usize) -> usize {
    (side / INNERMOST).ilog2() as usize
}

/// Convolutions of 4 x 4 with stride 2, each but the first with a norm, and a leaky ReLU after each: the discriminator of DCGAN without
/// its last layer.
#[derive(Module, Debug)]
pub(super) struct Halvings {
    layers: Vec<Halving>,
}

#[derive(Module, Debug)]
struct Halving {
    layer: Convolution,
    norm: Option<Norm>,
}

impl Halvings {
    /// Those for pictures of `side` x `side` with `input` channels, of which the first makes `channels`.
    pub(super) fn new(
        init: &mut WeightInit,
        norm: NormKind,
        [input, channels]: [usize; 2],
        side: usize,
    ) -> Self {
        let mut above = input;
        let mut layers = Vec::new();
        for level in 0..levels(side) {
            let next = width(channels, level);
            let bias = norm.uses_bias();
            let layer = Convolution::new(init, [above, next], 4, 2, Padding::Zero(1), bias);
            let norm = (level > 0).then(|| Norm::new(init, norm, next));
            layers.push(Halving { layer, norm });
            above = next;
        }
        Self { layers }
    }

    /// What comes out of each activation, and at the end the last features again.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        discriminator_features(&self.layers(), input, mode, &ReferenceBatch::default())
    }

    /// The layers in their order.
    pub(super) fn layers(&self) -> Vec<DiscriminatorLayer<'_>> {
        let mut layers = Vec::new();
        for halving in &self.layers {
            layers.push(DiscriminatorLayer::Convolution(&halving.layer));
            layers.extend(halving.norm.as_ref().map(DiscriminatorLayer::Norm));
            layers.push(DiscriminatorLayer::LeakyRelu);
        }
        layers
    }

    /// The place of what comes after the layers in a PyTorch `Sequential` of them all.
    pub(super) fn next_index(&self) -> usize {
        3 * self.layers.len() - 1
    }

    /// The place of the layer at `path` in that `Sequential`, where `path` begins after the field of this network.
    pub(super) fn index(path: &str) -> usize {
        let mut parts = path.split('.').skip(1);
        let level = parts.next().and_then(|part| part.parse::<usize>().ok());
        let level = level.unwrap_or_default();
        let norm = usize::from(parts.next() == Some("norm"));
        (3 * level + norm).saturating_sub(1)
    }
}
