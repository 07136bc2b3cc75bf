//! The networks of a recipe of mode pix2pixhd.

use super::discriminator::MultiscaleDiscriminator;
use crate::config::{GeneratorRecipe, Recipe};
use crate::nn::{Generator, ResnetConfig, ResnetGenerator, WeightInit};

/// Channels of the condition: classes or the channels of a picture, and the boundaries of instances.
pub fn input_channels(recipe: &Recipe) -> usize {
    let data = &recipe.data;
    let input = if data.classes > 0 {
        data.label_channels()
    } else {
        data.input_channels
    };
    input + usize::from(data.instances)
}

/// The generator, whose input is the condition and the instance features.
pub fn generator(init: &mut WeightInit, recipe: &Recipe) -> Generator {
    let input = input_channels(recipe) + recipe.encoder.features;
    let output = recipe.data.output_channels;
    Generator::new(init, &recipe.generator, input, output)
}

/// The discriminator, whose input is the condition and a picture.
pub(super) fn discriminator(init: &mut WeightInit, recipe: &Recipe) -> MultiscaleDiscriminator {
    let input = input_channels(recipe) + recipe.data.output_channels;
    MultiscaleDiscriminator::new(init, &recipe.discriminator, input)
}

/// The encoder of a picture to features, `[batch, features, height, width]` in [-1, 1], which are then averaged over each
/// instance: a ResNet generator without residual blocks. Wang et al., 2018, section 3.4.
pub fn encoder(init: &mut WeightInit, recipe: &Recipe) -> ResnetGenerator {
    let encoder = &recipe.encoder;
    let config = ResnetConfig {
        downsamplings: encoder.downsamplings,
        blocks: 0,
        bias: true,
        output: Some(encoder.features),
    };
    let layers = GeneratorRecipe {
        channels: encoder.channels,
        ..recipe.generator.clone()
    };
    ResnetGenerator::from_config(init, &layers, config, recipe.data.output_channels)
}
