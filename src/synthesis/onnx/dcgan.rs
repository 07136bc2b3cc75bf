//! The generator of DCGAN, layer by layer.

use crate::nn::TensorError;
use crate::style::onnx::layers::{Features, Layers, Transposed};

/// Side of the innermost features, in pixels.
pub(super) const INNERMOST: usize = 4;

/// What the generator makes of noise, `[batch, channels, 1, 1]`, as pictures of `side` x `side`. The names of its layers begin with `start`.
pub(super) fn dcgan(
    layers: &mut Layers,
    side: usize,
    noise: &Features,
    start: &str,
) -> Result<Features, TensorError> {
    let how = Transposed {
        stride: 1,
        padding: 0,
        output_padding: 0,
    };
    // A layer, its norm and its activation take a place each.
    let at = |place: usize| format!("{start}main.{place}");
    let mut features = layers.transposed_convolution(noise, &at(0), how)?;
    let doublings = (side / INNERMOST).ilog2() as usize;
    for doubling in 1..=doublings {
        features = layers.norm(features, &at(3 * doubling - 2))?;
        features = layers.relu(features);
        features = layers.upsampling(&features, &at(3 * doubling), 0)?;
    }
    Ok(layers.tanh(features))
}
