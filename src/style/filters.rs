//! The fixed filters that PyTorch's state dicts hold where networks change the size by them.

use burn::tensor::TensorData;

use crate::config::{Downsample, Recipe, Upsample};
use crate::nn::NamedTensors;

/// `weights` of the network of `recipe` whose file has the stem `network`, and the filters that `load_state_dict(strict=True)`
/// asks for besides.
pub(super) fn with_filters(
    mut weights: NamedTensors,
    recipe: &Recipe,
    network: &str,
) -> NamedTensors {
    let generator = &recipe.generator;
    let mut filters = Vec::new();
    if network.starts_with("discriminator") {
        if recipe.discriminator.downsample == Downsample::Blur {
            let layers = 0..recipe.discriminator.layers;
            // Each filter follows on a convolution, a norm (but for the first) and an activation.
            filters.extend(layers.map(|layer| match layer {
                0 => (0, 0, 2, HALVING),
                _ => (4 * layer - 1, 0, 4 * layer + 2, HALVING),
            }));
        }
    } else if let Some(blocks) = generator.arch.resnet_blocks() {
        let mut place = 4;
        for _ in 0..2 {
            place += 3;
            if generator.downsample == Downsample::Blur {
                filters.push((place - 3, 0, place, HALVING));
                place += 1;
            }
        }
        place += blocks;
        if generator.upsample == Upsample::Blur {
            // Each is followed by a convolution, a norm and an activation.
            filters.extend([place, place + 4].map(|place| (place + 1, 1, place, DOUBLING)));
        }
    }
    for (convolution, dimension, place, row) in filters {
        let weight = weights.0.get(&format!("model.{convolution}.weight"));
        let channels = weight.map(|weight| weight.shape()[dimension]);
        if let Some(channels) = channels {
            let name = format!("model.{place}.filt");
            weights.0.insert(name, filter(row, channels));
        }
    }
    weights
}

/// Weights in each direction, which add up to 1 for each pixel that is made.
const HALVING: &[f32] = &[0.25, 0.5, 0.25];
const DOUBLING: &[f32] = &[0.25, 0.75, 0.75, 0.25];

/// The outer product of `row` with itself, once for each channel: `[channels, 1, side, side]`.
fn filter(row: &[f32], channels: usize) -> TensorData {
    let one = row
        .iter()
        .flat_map(|down| row.iter().map(move |right| down * right));
    let one: Vec<f32> = one.collect();
    TensorData::new(one.repeat(channels), [channels, 1, row.len(), row.len()])
}
