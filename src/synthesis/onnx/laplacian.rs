//! The generators of all levels of a cascade, layer by layer.

use super::dcgan::dcgan;
use crate::nn::{Padding, TensorError};
use crate::style::onnx::layers::{Features, Layers};

/// What a level that adds detail is given.
pub(super) struct LevelNoise {
    /// Side of its pictures.
    pub(super) side: usize,
    /// `[batch, 1, side, side]`.
    pub(super) plane: Features,
}

/// The pictures of the last level: the first makes small ones of `side` x `side` of `input`, `[batch, channels, 1, 1]`, and each of `levels`
/// adds detail to those before it, doubled. All of them are `told` the same.
pub(super) fn laplacian(
    layers: &mut Layers,
    side: usize,
    input: Features,
    levels: Vec<LevelNoise>,
    told: Option<&Features>,
) -> Result<Features, TensorError> {
    let input = layers.layer_precision(input);
    let mut picture = dcgan(layers, side, &input, &format!("levels.{side}."))?;
    for noise in levels {
        let coarse = layers.blur_upsample(&picture);
        let detail = detail(layers, &coarse, &noise, told)?;
        picture = layers.add(&coarse, &detail);
    }
    Ok(picture)
}

/// The detail that a level adds to a coarse picture.
fn detail(
    layers: &mut Layers,
    coarse: &Features,
    LevelNoise { side, plane }: &LevelNoise,
    told: Option<&Features>,
) -> Result<Features, TensorError> {
    let mut seen = layers.concat(coarse, plane);
    if let Some(told) = told {
        let told = layers.layer_precision(told.clone());
        let values = format!("levels.{side}.plane");
        let values = layers.convolution(&told, &values, 1, Padding::Zero(0))?;
        let values = layers.full_precision(values);
        let plane = layers.reshaped(&values, [1, *side]);
        seen = layers.concat(&seen, &plane);
    }
    let mut features = layers.layer_precision(seen);
    let mut count = 0;
    let hidden = |count| format!("levels.{side}.hidden.{count}");
    while (layers.graph).has_weight(&format!("{}.conv.weight", hidden(count))) {
        features = layers.normed_convolution(&features, &hidden(count), 1)?;
        features = layers.relu(features);
        count += 1;
    }
    let detail = format!("levels.{side}.detail");
    let detail = layers.convolution(&features, &detail, 1, Padding::Zero(1))?;
    Ok(layers.full_precision(detail))
}
