//! The generator of a second stage, layer by layer.

use crate::nn::{Padding, TensorError};
use crate::style::onnx::layers::{Features, Layers};

/// What the generator makes of `coarse` pictures, `[batch, channels, side, side]`, and of what it is `told`, whose code is drawn with
/// `noise`, `[batch, length, 1, 1]`: pictures of four times the side.
pub(super) fn stack(
    layers: &mut Layers,
    coarse: Features,
    side: usize,
    noise: &Features,
    told: Features,
) -> Result<Features, TensorError> {
    let code = code(layers, noise, told)?;
    let coarse = layers.layer_precision(coarse);
    let features = layers.convolution(&coarse, "entry", 1, Padding::Zero(1))?;
    let mut features = layers.relu(features);
    let mut inner = side;
    for layer in listed(layers, "halvings", "conv.weight") {
        features = layers.normed_convolution(&features, &layer, 2)?;
        features = layers.relu(features);
        inner /= 2;
    }
    let features = layers.full_precision(features);
    let everywhere = layers.planes(&code, &features, Some([inner; 2]));
    let joined = layers.concat(&features, &everywhere);
    let joined = layers.layer_precision(joined);
    let joined = layers.normed_convolution(&joined, "join", 1)?;
    let mut features = layers.relu(joined);
    for block in listed(layers, "blocks", "conv1.conv.weight") {
        let residual = layers.normed_convolution(&features, &format!("{block}.conv1"), 1)?;
        let residual = layers.relu(residual);
        let residual = layers.normed_convolution(&residual, &format!("{block}.conv2"), 1)?;
        let sum = layers.add(&residual, &features);
        features = layers.relu(sum);
    }
    for layer in listed(layers, "doublings", "conv.weight") {
        let larger = layers.double(&features);
        features = layers.normed_convolution(&larger, &layer, 1)?;
        features = layers.relu(features);
    }
    let picture = layers.convolution(&features, "colours", 1, Padding::Zero(1))?;
    Ok(layers.tanh(picture))
}

/// Conditioning augmentation, in 32 bits.
fn code(layers: &mut Layers, noise: &Features, told: Features) -> Result<Features, TensorError> {
    let told = layers.layer_precision(told);
    let law = layers.convolution(&told, "code.linear", 1, Padding::Zero(0))?;
    let law = layers.full_precision(law);
    let length = noise.channels;
    let [mean, log_variance] = [0, length].map(|first| layers.channels(&law, [first, length]));
    let exponent = layers.times(&log_variance, 0.5);
    let deviation = layers.map("Exp", &exponent);
    let apart = layers.combine("Mul", &deviation, noise);
    Ok(layers.add(&mean, &apart))
}

/// The names of the layers of a list, each of which has this weight.
fn listed(layers: &Layers, list: &str, weight: &str) -> Vec<String> {
    let names = (0..).map(|number| format!("{list}.{number}"));
    let is_there = |name: &String| layers.graph.has_weight(&format!("{name}.{weight}"));
    names.take_while(is_there).collect()
}
