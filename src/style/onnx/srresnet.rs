//! The generator of super-resolution, layer by layer.

use super::layers::{Features, Layers};
use crate::config::GeneratorRecipe;
use crate::nn::{Padding, TensorError};

/// [`Srresnet`](crate::nn::Srresnet).
pub(super) fn srresnet(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    input: &Features,
) -> Result<Features, TensorError> {
    // Where the activation stands in a sequence with a norm.
    let after_norm = 1 + usize::from(recipe.norm.normalises_features());
    let features = layers.convolution(input, "conv_block1.conv_block.0", 1, Padding::Zero(4))?;
    let stem = layers.prelu(&features, "conv_block1.conv_block.1")?;
    let mut features = Features {
        name: stem.name.clone(),
        channels: stem.channels,
    };
    for block in 0..recipe.blocks {
        let at = |group: usize, place: usize| {
            format!("residual_blocks.{block}.conv_block{group}.conv_block.{place}")
        };
        let mut inner = layers.convolution(&features, &at(1, 0), 1, Padding::Zero(1))?;
        inner = layers.norm(inner, &at(1, 1))?;
        inner = layers.prelu(&inner, &at(1, after_norm))?;
        inner = layers.convolution(&inner, &at(2, 0), 1, Padding::Zero(1))?;
        inner = layers.norm(inner, &at(2, 1))?;
        features = layers.add(&features, &inner);
    }
    features = layers.convolution(&features, "conv_block2.conv_block.0", 1, Padding::Zero(1))?;
    features = layers.norm(features, "conv_block2.conv_block.1")?;
    features = layers.add(&stem, &features);
    for number in 0..recipe.scale.ilog2() {
        let block = format!("subpixel_convolutional_blocks.{number}");
        let conv = format!("{block}.conv");
        features = layers.convolution(&features, &conv, 1, Padding::Zero(1))?;
        features = layers.pixel_shuffle(&features, 2);
        features = layers.prelu(&features, &format!("{block}.prelu"))?;
    }
    if !recipe.residual {
        let features =
            layers.convolution(&features, "conv_block3.conv_block.0", 1, Padding::Zero(4))?;
        return Ok(layers.tanh(features));
    }
    features = layers.convolution(&features, "conv_block3", 1, Padding::Zero(4))?;
    let mut enlarged = Features {
        name: input.name.clone(),
        channels: input.channels,
    };
    for _ in 0..recipe.scale.ilog2() {
        enlarged = layers.double(&enlarged);
    }
    let made = layers.add(&enlarged, &features);
    Ok(layers.full_precision(made))
}
