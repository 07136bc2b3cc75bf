//! The layers before the last one of a discriminator that look at all pictures of a batch.

use burn::module::Module;

use super::discriminator_layer::DiscriminatorLayer;
use super::minibatch_discrimination::MinibatchDiscrimination;
use super::weight_init::WeightInit;
use crate::config::DiscriminatorRecipe;

/// What the last layer of a discriminator is shown of the batch as a whole: generated pictures that resemble each other more
/// than real ones give themselves away.
#[derive(Module, Debug)]
pub struct MinibatchLayers {
    discrimination: Option<MinibatchDiscrimination>,
    #[module(skip)]
    deviation: bool,
}

impl MinibatchLayers {
    /// The part of the public names of their weights that stands for the layer.
    pub const NAME: &'static str = "minibatch";

    /// The layers that `recipe` asks for, on features of so many channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, channels: usize) -> Self {
        let deviation = recipe.minibatch_deviation;
        let kernels = recipe.minibatch_discrimination;
        let channels = channels + usize::from(deviation);
        Self {
            discrimination: (kernels > 0)
                .then(|| MinibatchDiscrimination::new(init, channels, kernels)),
            deviation,
        }
    }

    /// How many channels the layers of a recipe add.
    pub fn added_channels(recipe: &DiscriminatorRecipe) -> usize {
        usize::from(recipe.minibatch_deviation) + recipe.minibatch_discrimination
    }

    /// The layers in their order.
    pub fn layers(&self) -> impl Iterator<Item = DiscriminatorLayer<'_>> {
        let deviation = self.deviation;
        let deviation = deviation.then_some(DiscriminatorLayer::MinibatchDeviation);
        let discrimination = self.discrimination.as_ref();
        let discrimination = discrimination.map(DiscriminatorLayer::MinibatchDiscrimination);
        deviation.into_iter().chain(discrimination)
    }
}
