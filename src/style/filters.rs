//! The fixed filters that PyTorch's state dicts hold where networks change the size by them.

use burn::tensor::TensorData;

use crate::config::{DiscriminatorRecipe, Downsample, GeneratorRecipe, Recipe, Upsample};
use crate::nn::NamedTensors;

/// `weights` of the network of `recipe` whose file has the stem `network`, and the filters that `load_state_dict(strict=True)`
/// asks for besides.
pub(super) fn with_filters(
    mut weights: NamedTensors,
    recipe: &Recipe,
    network: &str,
) -> NamedTensors {
    let filters = if network.starts_with("discriminator") {
        discriminator_filters(&recipe.discriminator, &weights)
    } else {
        generator_filters(&recipe.generator, &weights)
    };
    weights.0.extend(filters.0);
    weights
}

/// The filters of a generator with the convolutions in `weights`; none for networks without.
pub(super) fn generator_filters(recipe: &GeneratorRecipe, weights: &NamedTensors) -> NamedTensors {
    let mut filters = Vec::new();
    if let Some(blocks) = recipe.arch.resnet_blocks() {
        let mut place = 4;
        for _ in 0..2 {
            place += 3;
            if recipe.downsample == Downsample::Blur {
                filters.push((place - 3, 0, place, HALVING));
                place += 1;
            }
        }
        place += blocks;
        if recipe.upsample == Upsample::Blur {
            // Each is followed by a convolution, a norm and an activation.
            filters.extend([place, place + 4].map(|place| (place + 1, 1, place, DOUBLING)));
        }
    }
    beside_convolutions(weights, filters)
}

/// The filters of a PatchGAN with the convolutions in `weights`.
pub(super) fn discriminator_filters(
    recipe: &DiscriminatorRecipe,
    weights: &NamedTensors,
) -> NamedTensors {
    let mut filters = Vec::new();
    if recipe.downsample == Downsample::Blur {
        // Each filter follows on a convolution, a norm (but for the first) and an activation.
        filters.extend((0..recipe.layers).map(|layer| match layer {
            0 => (0, 0, 2, HALVING),
            _ => (4 * layer - 1, 0, 4 * layer + 2, HALVING),
        }));
    }
    beside_convolutions(weights, filters)
}

/// Filters at their places in the sequence, each as wide as one dimension of a convolution's weight.
fn beside_convolutions(
    weights: &NamedTensors,
    filters: Vec<(usize, usize, usize, &[f32])>,
) -> NamedTensors {
    let filters = filters.into_iter();
    let found = filters.filter_map(|(convolution, dimension, place, row)| {
        let weight = weights.0.get(&format!("model.{convolution}.weight"))?;
        let channels = *weight.shape().get(dimension)?;
        Some((format!("model.{place}.filt"), filter(row, channels)))
    });
    NamedTensors(found.collect())
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
