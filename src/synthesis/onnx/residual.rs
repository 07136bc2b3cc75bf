//! A residual generator, layer by layer.

use super::dcgan::INNERMOST;
use crate::nn::{Padding, TensorError};
use crate::style::onnx::layers::{Features, Layers};

/// What decides scale and shift of the norms in the blocks.
pub(super) enum Conditions {
    /// Nothing but themselves.
    None,
    /// What the network is told.
    Same(Features),
    /// An embedding of it that all share, with a part of the noise for each block.
    Shared(Features),
}

/// What the generator makes of `input`, `[batch, channels, 1, 1]`, as pictures of `side` x `side`.
pub(super) fn residual(
    layers: &mut Layers,
    side: usize,
    input: Features,
    conditions: Conditions,
) -> Result<Features, TensorError> {
    let count = (side / INNERMOST).ilog2() as usize;
    let input = layers.layer_precision(input);
    let (first, conditions) = match conditions {
        Conditions::None => (input, vec![None; count]),
        Conditions::Same(told) => {
            let told = layers.layer_precision(told);
            (input, vec![Some(told); count])
        }
        Conditions::Shared(told) => {
            let told = layers.layer_precision(told);
            let embedding = layers.convolution(&told, "shared", 1, Padding::Zero(0))?;
            let part = input.channels / (count + 1);
            let first = input.channels - count * part;
            let of_block = |block: usize| {
                let own = layers.channels(&input, [first + block * part, part]);
                Some(layers.concat(&embedding, &own))
            };
            let conditions = (0..count).map(of_block).collect();
            (layers.channels(&input, [0, first]), conditions)
        }
    };
    let whole = layers.convolution(&first, "linear", 1, Padding::Zero(0))?;
    let innermost = whole.channels / (INNERMOST * INNERMOST);
    let mut features = layers.reshaped(&whole, [innermost, INNERMOST]);
    for (number, condition) in conditions.iter().enumerate() {
        let block = format!("blocks.{number}");
        features = doubling(layers, &features, condition.as_ref(), &block)?;
    }
    let features = layers.norm(features, "norm")?;
    let features = layers.relu(features);
    let picture = layers.convolution(&features, "colours", 1, Padding::Zero(1))?;
    Ok(layers.tanh(picture))
}

/// A block that doubles the size.
fn doubling(
    layers: &mut Layers,
    input: &Features,
    condition: Option<&Features>,
    block: &str,
) -> Result<Features, TensorError> {
    let features = normalised(layers, input.clone(), condition, &format!("{block}.norm1"))?;
    let features = layers.double(&features);
    let conv1 = format!("{block}.conv1");
    let features = layers.convolution(&features, &conv1, 1, Padding::Zero(1))?;
    let features = normalised(layers, features, condition, &format!("{block}.norm2"))?;
    let conv2 = format!("{block}.conv2");
    let residual = layers.convolution(&features, &conv2, 1, Padding::Zero(1))?;
    let shortcut = format!("{block}.shortcut");
    let shortcut = layers.convolution(input, &shortcut, 1, Padding::Zero(0))?;
    let shortcut = layers.double(&shortcut);
    Ok(layers.add(&residual, &shortcut))
}

/// A norm whose scale and shift the condition decides, where there is one, and a ReLU.
fn normalised(
    layers: &mut Layers,
    input: Features,
    condition: Option<&Features>,
    layer: &str,
) -> Result<Features, TensorError> {
    let mut features = layers.norm(input, &format!("{layer}.norm"))?;
    if let Some(condition) = condition {
        let mut linear =
            |part| layers.convolution(condition, &format!("{layer}.{part}"), 1, Padding::Zero(0));
        let (gain, shift) = (linear("gain")?, linear("shift")?);
        // By how far the scale is from 1.
        let more = layers.combine("Mul", &features, &gain);
        let scaled = layers.add(&features, &more);
        features = layers.add(&scaled, &shift);
    }
    Ok(layers.relu(features))
}
