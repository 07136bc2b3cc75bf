//! The end of the trunks of discriminators that look at the batch as a whole.

use burn::module::Module;

use super::halvings::INNERMOST;
use crate::config::DiscriminatorRecipe;
use crate::nn::{
    DiscriminatorLayer, Equalisation, EqualisedConvolution, MinibatchLayers, WeightInit,
};

/// From features of 4 x 4 to features of the whole: what the layers of the batch add, a convolution, and a linear layer, each of these with
/// a leaky ReLU.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018, table 2.
#[derive(Module, Debug)]
pub(super) struct BatchEnd {
    minibatch: MinibatchLayers,
    conv: EqualisedConvolution,
    linear: EqualisedConvolution,
}

impl BatchEnd {
    /// That of `recipe`, on features with so many channels, as many as it gives.
    pub(super) fn new(
        init: &mut WeightInit,
        recipe: &DiscriminatorRecipe,
        channels: usize,
    ) -> Self {
        let added = MinibatchLayers::added_channels(recipe);
        let mut layer = |input, form| {
            EqualisedConvolution::new(init, [input, channels], form, Equalisation::ACTIVATED)
        };
        let conv = layer(channels + added, [3, 1]);
        let linear = layer(channels, [INNERMOST, 0]);
        Self {
            minibatch: MinibatchLayers::new(init, recipe, channels),
            conv,
            linear,
        }
    }

    /// The layers in their order.
    pub(super) fn layers(&self) -> Vec<DiscriminatorLayer<'_>> {
        let mut layers: Vec<_> = self.minibatch.layers().collect();
        for layer in [&self.conv, &self.linear] {
            layers.push(DiscriminatorLayer::Equalised(layer));
            layers.push(DiscriminatorLayer::LeakyRelu);
        }
        layers
    }
}
