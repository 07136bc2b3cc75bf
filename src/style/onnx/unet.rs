//! [`Unet`](crate::nn::Unet), without its last activation.

use super::layers::{Features, Layers};
use crate::nn::{Padding, TensorError};

/// A U-Net, whose names PyTorch nests level by level.
pub(super) fn unet(
    layers: &mut Layers,
    downsamplings: usize,
    input: &Features,
    skip: SkipOrder,
) -> Result<Features, TensorError> {
    let features = layers.convolution(input, "model.model.0", 2, Padding::Zero(1))?;
    let inner = downsamplings - 2;
    let features = level(layers, "model.model.1.model", inner, &features, skip)?;
    let features = layers.relu(features);
    layers.upsampling(&features, "model.model.3", 0)
}

/// Whether what a level skips stands before what comes back up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SkipOrder {
    First,
    Last,
}

/// A level of the U-Net with so many levels below it: the input, and what comes back up. `place` is the name of
/// the level's sequence of layers, which PyTorch nests in that of the level above.
fn level(
    layers: &mut Layers,
    place: &str,
    below: usize,
    input: &Features,
    skip: SkipOrder,
) -> Result<Features, TensorError> {
    let at = |index: usize| format!("{place}.{index}");
    let mut features = layers.leaky_relu(input);
    features = layers.convolution(&features, &at(1), 2, Padding::Zero(1))?;
    let mut next = 2;
    if below > 0 {
        features = layers.norm(features, &at(2))?;
        let inner = format!("{place}.3.model");
        features = level(layers, &inner, below - 1, &features, skip)?;
        next = 4;
    }
    features = layers.relu(features);
    features = layers.upsampling(&features, &at(next + 1), 0)?;
    features = layers.norm(features, &at(next + 2))?;
    Ok(match skip {
        SkipOrder::First => layers.concat(input, &features),
        SkipOrder::Last => layers.concat(&features, input),
    })
}

/// A U-Net that takes a code, given as the `planes` of the picture's size, at every level.
pub(super) fn unet_with_code(
    layers: &mut Layers,
    downsamplings: usize,
    input: &Features,
    planes: &Features,
) -> Result<Features, TensorError> {
    let told = layers.concat(input, planes);
    let features = layers.convolution(&told, "model.down.0", 2, Padding::Zero(1))?;
    let place = "model.submodule";
    let features = level_with_code(layers, place, downsamplings - 2, &features, planes)?;
    let features = layers.relu(features);
    layers.upsampling(&features, "model.up.1", 0)
}

/// The level at `place` with so many levels below it; `larger` are the planes of the code in the level above.
fn level_with_code(
    layers: &mut Layers,
    place: &str,
    below: usize,
    input: &Features,
    larger: &Features,
) -> Result<Features, TensorError> {
    let planes = layers.every_second(larger);
    let told = layers.concat(input, &planes);
    let mut features = layers.leaky_relu(&told);
    features = layers.convolution(&features, &format!("{place}.down.1"), 2, Padding::Zero(1))?;
    if below > 0 {
        features = layers.norm(features, &format!("{place}.down.2"))?;
        let inner = format!("{place}.submodule");
        features = level_with_code(layers, &inner, below - 1, &features, &planes)?;
    }
    features = layers.relu(features);
    features = layers.upsampling(&features, &format!("{place}.up.1"), 0)?;
    features = layers.norm(features, &format!("{place}.up.2"))?;
    Ok(layers.concat(&features, input))
}
