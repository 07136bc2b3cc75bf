//! The context encoder, layer by layer.

use super::attribute::ints_attr;
use super::layers::{Features, Layers, Transposed};
use crate::config::{ALEXNET_SIDE, GeneratorArch, GeneratorRecipe, Upsample};
use crate::inpainting::bilinear_weights;
use crate::nn::{Padding, TensorError};

/// Side of the innermost feature maps.
const INNERMOST: usize = 4;
/// Side of what the five up-convolutions of the network for [`ALEXNET_SIDE`] make of the innermost maps.
const ALEXNET_DECONVOLVED: usize = 161;
/// The same with resizing.
const ALEXNET_RESIZED: usize = 192;

/// What [`ContextEncoder`](crate::inpainting::ContextEncoder) makes of pictures of `side` x `side` with filled holes.
pub(super) fn context_encoder(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    [side, output_side]: [usize; 2],
    input: Features,
) -> Result<Features, TensorError> {
    let mut sequence = Sequence { layers, index: 0 };
    if side == ALEXNET_SIDE {
        return alexnet(&mut sequence, input);
    }
    let mut features = input;
    for layer in 0..(side / INNERMOST).ilog2() {
        features = sequence.halve(&features, layer > 0)?;
    }
    features = match recipe.arch {
        GeneratorArch::ContextBottleneck => sequence.bottleneck(&features)?,
        _ => sequence.channel_wise(&features, INNERMOST)?,
    };
    for _ in 1..(output_side / INNERMOST).ilog2() {
        let raised = sequence.upsampling(&features)?;
        features = sequence.norm_and_relu(raised)?;
    }
    let picture = sequence.upsampling(&features)?;
    Ok(sequence.layers.tanh(picture))
}

/// The network of the paper, without the last resize if its up-convolutions give the size already.
fn alexnet(sequence: &mut Sequence<'_>, input: Features) -> Result<Features, TensorError> {
    let mut features = input;
    // Stride, padding, norm, pooling.
    for (stride, padding, is_normalised, is_pooled) in [
        (4, 0, false, true),
        (1, 2, true, true),
        (1, 1, true, false),
        (1, 1, true, false),
        (1, 1, true, true),
    ] {
        let layer = sequence.next_layer();
        features =
            sequence
                .layers
                .convolution(&features, &layer, stride, Padding::Zero(padding))?;
        if is_normalised {
            features = sequence.norm(features)?;
        }
        features = sequence.relu(features);
        if is_pooled {
            features = sequence.max_pool(&features);
        }
    }
    features = sequence.channel_wise(&features, 6)?;
    for layer in 0..5 {
        features = match sequence.layers.upsample {
            Upsample::Resize | Upsample::Blur => sequence.upsampling(&features)?,
            Upsample::Deconv => {
                let how = Transposed {
                    stride: 2,
                    padding: 2,
                    output_padding: 0,
                };
                sequence.transposed_convolution(&features, how)?
            }
        };
        if layer < 4 {
            features = sequence.norm_and_relu(features)?;
        }
    }
    let picture = sequence.layers.tanh(features);
    let from = match sequence.layers.upsample {
        Upsample::Resize | Upsample::Blur => ALEXNET_RESIZED,
        Upsample::Deconv => ALEXNET_DECONVOLVED,
    };
    Ok(bilinear(sequence.layers, &picture, [from, ALEXNET_SIDE]))
}

/// Layers under the names of a PyTorch `Sequential` called `main`, in which activations take places too.
struct Sequence<'a> {
    layers: &'a mut Layers,
    /// Place of the next layer.
    index: usize,
}

impl Sequence<'_> {
    fn next_layer(&mut self) -> String {
        self.index += 1;
        format!("main.{}", self.index - 1)
    }

    /// A convolution that halves the size, with its norm and activation.
    fn halve(&mut self, input: &Features, is_normalised: bool) -> Result<Features, TensorError> {
        let layer = self.next_layer();
        let padding = Padding::Zero(1);
        let mut features = self.layers.convolution(input, &layer, 2, padding)?;
        if is_normalised {
            features = self.norm(features)?;
        }
        Ok(self.leaky_relu(&features))
    }

    /// Down to one position and up again.
    fn bottleneck(&mut self, input: &Features) -> Result<Features, TensorError> {
        let layer = self.next_layer();
        let padding = Padding::Zero(0);
        let features = self.layers.convolution(input, &layer, 1, padding)?;
        let features = self.norm(features)?;
        let features = self.leaky_relu(&features);
        let how = Transposed {
            stride: 1,
            padding: 0,
            output_padding: 0,
        };
        let features = self.transposed_convolution(&features, how)?;
        self.norm_and_relu(features)
    }

    /// [`ChannelWiseLinear`](crate::inpainting::ChannelWiseLinear) over maps of `side` x `side` as a product of stacks of matrices, and
    /// the convolution that mixes the maps.
    fn channel_wise(&mut self, input: &Features, side: usize) -> Result<Features, TensorError> {
        let weight = format!("{}.weight", self.next_layer());
        let Layers {
            graph, precision, ..
        } = &mut *self.layers;
        graph.weight(&weight, *precision)?;
        let (maps, positions) = (input.channels as i64, (side * side) as i64);
        let rows = graph.int64_tensor("positions", vec![-1, maps, positions]);
        let planes = vec![-1, maps, side as i64, side as i64];
        let planes = graph.int64_tensor("planes", planes);
        let swap = || vec![ints_attr("perm", &[1, 0, 2])];
        // From [batch, maps, positions] to a matrix for each map, and back.
        let flat = graph.node("Reshape", &[&input.name, &rows], Vec::new());
        let by_map = graph.node("Transpose", &[flat], swap());
        let connected = graph.node("MatMul", &[by_map, weight], Vec::new());
        let by_picture = graph.node("Transpose", &[connected], swap());
        let connected = Features {
            name: graph.node("Reshape", &[by_picture, planes], Vec::new()),
            channels: input.channels,
        };
        let layer = self.next_layer();
        let padding = Padding::Zero(0);
        let mixed = self.layers.convolution(&connected, &layer, 1, padding)?;
        self.norm_and_relu(mixed)
    }

    fn upsampling(&mut self, input: &Features) -> Result<Features, TensorError> {
        let layer = self.next_layer();
        self.layers.upsampling(input, &layer, 0)
    }

    fn transposed_convolution(
        &mut self,
        input: &Features,
        how: Transposed,
    ) -> Result<Features, TensorError> {
        let layer = self.next_layer();
        self.layers.transposed_convolution(input, &layer, how)
    }

    fn norm(&mut self, input: Features) -> Result<Features, TensorError> {
        let layer = self.next_layer();
        self.layers.norm(input, &layer)
    }

    fn norm_and_relu(&mut self, input: Features) -> Result<Features, TensorError> {
        let normalised = self.norm(input)?;
        Ok(self.relu(normalised))
    }

    fn relu(&mut self, input: Features) -> Features {
        self.index += 1;
        self.layers.relu(input)
    }

    fn leaky_relu(&mut self, input: &Features) -> Features {
        self.index += 1;
        self.layers.leaky_relu(input)
    }

    fn max_pool(&mut self, input: &Features) -> Features {
        self.index += 1;
        self.layers.max_pool(input)
    }
}

/// Resizes squares by bilinear interpolation between the centres of pixels. `Resize` by a factor would leave open
/// whether 226 or 227 pixels come out, and by a size would need one for the batch too.
fn bilinear(layers: &mut Layers, input: &Features, [from, to]: [usize; 2]) -> Features {
    let columns = bilinear_weights(from, to);
    let rows = (0..to).flat_map(|target| columns[target..].iter().step_by(to).copied());
    let rows = rows.collect();
    let graph = &mut layers.graph;
    let vertical = graph.float_tensor("bilinear.vertical", [to, from], rows);
    let horizontal = graph.float_tensor("bilinear.horizontal", [from, to], columns);
    let tall = graph.node("MatMul", &[&vertical, &input.name], Vec::new());
    Features {
        name: graph.node("MatMul", &[tall, horizontal], Vec::new()),
        channels: input.channels,
    }
}
