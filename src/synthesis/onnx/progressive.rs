//! The generator of Progressive GAN, layer by layer.

use super::dcgan::INNERMOST;
use crate::nn::{Equalisation, TensorError};
use crate::style::onnx::layers::{Features, Layers};

/// How far a network has grown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grown {
    /// Side of its pictures so far.
    pub(super) side: usize,
    /// The side before.
    pub(super) from: usize,
    /// Share of what the larger size adds.
    pub(super) share: f64,
}

/// What the generator makes of noise, `[batch, channels, 1, 1]`, as pictures of `side` x `side`, to which those of its present size are
/// enlarged.
pub(super) fn progressive(
    layers: &mut Layers,
    side: usize,
    grown: Grown,
    input: &Features,
) -> Result<Features, TensorError> {
    let vectors = layers.pixel_norm(input);
    let whole = layers.equalised(&vectors, "linear", 0, Equalisation::ACTIVATED)?;
    let innermost = whole.channels / (INNERMOST * INNERMOST);
    let whole = layers.reshaped(&whole, [innermost, INNERMOST]);
    let mut features = activated(layers, &whole);
    features = step(layers, &features, "conv")?;
    let mut smaller = None;
    let mut present = INNERMOST;
    while present < grown.side {
        present *= 2;
        let larger = layers.double(&features);
        features = step(layers, &larger, &format!("blocks.{present}.conv1"))?;
        features = step(layers, &features, &format!("blocks.{present}.conv2"))?;
        if present == grown.from && grown.from < grown.side && grown.share < 1.0 {
            smaller = Some(colours(layers, &features, present)?);
        }
    }
    let mut picture = colours(layers, &features, present)?;
    if let Some(smaller) = smaller {
        let smaller = enlarged(layers, smaller, grown.side / grown.from);
        let smaller = layers.times(&smaller, 1.0 - grown.share);
        let larger = layers.times(&picture, grown.share);
        picture = layers.add(&larger, &smaller);
    }
    let picture = enlarged(layers, picture, side / grown.side);
    layers.graph.leave_out("kept.running_growth");
    // What the network does not use so far.
    layers.graph.leave_out_below("blocks.");
    layers.graph.leave_out_below("colours.");
    Ok(picture)
}

fn step(layers: &mut Layers, input: &Features, layer: &str) -> Result<Features, TensorError> {
    let features = layers.equalised(input, layer, 1, Equalisation::ACTIVATED)?;
    Ok(activated(layers, &features))
}

fn activated(layers: &mut Layers, input: &Features) -> Features {
    let features = layers.leaky_relu(input);
    layers.pixel_norm(&features)
}

/// The picture of a size.
fn colours(layers: &mut Layers, input: &Features, side: usize) -> Result<Features, TensorError> {
    let layer = format!("colours.{side}");
    layers.equalised(input, &layer, 0, Equalisation::LINEAR)
}

/// Nearest neighbours; the factor is a power of two.
fn enlarged(layers: &mut Layers, input: Features, factor: usize) -> Features {
    (0..factor.ilog2()).fold(input, |picture, _| layers.double(&picture))
}
