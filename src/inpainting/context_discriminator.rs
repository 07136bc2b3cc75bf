//! The discriminator of the context encoder.

use burn::module::Module;
use burn::tensor::Tensor;

use super::stage::{Builder, PostOp, Stage, layer_name, width};
use crate::config::DiscriminatorRecipe;
use crate::nn::{
    Critic, DiscriminatorLayer, ForwardMode, MinibatchLayers, Network, ReferenceBatch, WeightInit,
    discriminator_features, discriminator_logits, input_gradient,
};

/// Strided convolutions down to few positions, then one logit for the whole picture or patch.
///
/// The discriminator of DCGAN (Radford, Metz and Chintala, 2016), as in the context encoder's code; the depth follows the size.
/// The sigmoid is part of the loss.
#[derive(Module, Debug)]
pub struct ContextDiscriminator {
    stages: Vec<Stage>,
    /// Before the last stage.
    minibatch: MinibatchLayers,
}

impl ContextDiscriminator {
    /// Creates a discriminator of pictures of `side` x `side` (at least 8) with `input` channels.
    pub fn new(
        init: &mut WeightInit,
        recipe: &DiscriminatorRecipe,
        side: usize,
        input: usize,
    ) -> Self {
        let mut sides = vec![side];
        while sides[sides.len() - 1] >= 8 {
            sides.push(sides[sides.len() - 1] / 2);
        }
        let layers = sides.len() - 1;
        let mut builder = Builder::new(init, recipe.norm);
        let mut above = input;
        for layer in 0..layers {
            let next = width(recipe.channels, layers - 1 - layer);
            builder.convolution([above, next], [4, 2, 1], layer > 0, PostOp::LeakyRelu);
            above = next;
        }
        let added = MinibatchLayers::added_channels(recipe);
        let whole = [sides[layers], 1, 0];
        builder.convolution([above + added, 1], whole, false, PostOp::Nothing);
        Self {
            stages: builder.build(),
            minibatch: MinibatchLayers::new(init, recipe, above),
        }
    }

    /// Maps `[batch, in, side, side]` to logits, `[batch, 1, 1, 1]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        discriminator_logits(&self.layers(), input, mode, &ReferenceBatch::default())
    }

    /// The layers in their order.
    fn layers(&self) -> Vec<DiscriminatorLayer<'_>> {
        let stages = self.stages.iter();
        let mut layers: Vec<_> = stages.flat_map(Stage::discriminator_layers).collect();
        let last = layers.len() - 1;
        layers.splice(last..last, self.minibatch.layers());
        layers
    }
}

impl Critic for ContextDiscriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        vec![discriminator_features(
            &self.layers(),
            input,
            mode,
            &ReferenceBatch::default(),
        )]
    }

    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        input_gradient(&self.layers(), input, mode, &ReferenceBatch::default())
    }
}

impl Network for ContextDiscriminator {
    fn layer_name(&self, path: &str) -> String {
        if path.starts_with(MinibatchLayers::NAME) {
            return MinibatchLayers::NAME.to_owned();
        }
        layer_name(&self.stages, path.strip_prefix("stages.").unwrap_or(path))
    }
}
