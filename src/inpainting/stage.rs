//! A sequence of layers with their norms and activations, under the names of a PyTorch `Sequential`.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::tanh;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

use super::channel_wise::ChannelWiseLinear;
use crate::config::{NormKind, Upsample};
use crate::kernels::{leaky_relu, relu};
use crate::nn::{
    Convolution, DiscriminatorLayer, ForwardMode, Norm, Padding, TransposedConvolution, Upsampling,
    WeightInit, full_precision,
};

const SLOPE: f64 = 0.2;

#[derive(Module, Debug)]
pub(super) enum Layer {
    Convolution(Convolution),
    Deconvolution(TransposedConvolution),
    Upsampling(Upsampling),
    ChannelWise(ChannelWiseLinear),
}

/// What follows a layer and its norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PostOp {
    Nothing,
    Relu,
    LeakyRelu,
    /// ReLU, then the maximum of 3 x 3 at every second position.
    ReluAndPool,
    Tanh,
}

/// One layer with its norm and what follows.
#[derive(Module, Debug)]
pub(super) struct Stage {
    layer: Layer,
    norm: Option<Norm>,
    #[module(skip)]
    after: PostOp,
    /// Index of the layer in the `Sequential`; its norm has the next.
    #[module(skip)]
    index: usize,
}

impl Stage {
    fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let mut features = match &self.layer {
            Layer::Convolution(layer) => layer.forward(input, mode),
            Layer::Deconvolution(layer) => layer.forward(input, mode),
            Layer::Upsampling(layer) => layer.forward(input, mode),
            Layer::ChannelWise(layer) => layer.forward(full_precision(input)),
        };
        if let Some(norm) = &self.norm {
            features = norm.forward(features, mode);
        }
        match self.after {
            PostOp::Nothing => features,
            PostOp::Relu => relu(features),
            PostOp::LeakyRelu => leaky_relu(features, SLOPE),
            PostOp::ReluAndPool => max_pool2d(
                relu(features),
                MaxPoolOptions::new([3, 3]).with_stride([2, 2]),
            ),
            PostOp::Tanh => tanh(full_precision(features)),
        }
    }
}

impl Stage {
    /// The layers of a stage of a discriminator: a convolution, its norm and a leaky ReLU, or the convolution alone.
    pub(super) fn discriminator_layers(&self) -> impl Iterator<Item = DiscriminatorLayer<'_>> {
        let Layer::Convolution(convolution) = &self.layer else {
            unreachable!("discriminators are made of convolutions")
        };
        let norm = self.norm.as_ref().map(DiscriminatorLayer::Norm);
        let is_activated = self.after == PostOp::LeakyRelu;
        let activation = is_activated.then_some(DiscriminatorLayer::LeakyRelu);
        [
            Some(DiscriminatorLayer::Convolution(convolution)),
            norm,
            activation,
        ]
        .into_iter()
        .flatten()
    }
}

/// Channels of a layer that is `distance` sizes away from the innermost: eight times `channels`, halved at each size further
/// out.
pub(super) fn width(channels: usize, distance: usize) -> usize {
    (channels * 8) >> distance.min(3)
}

/// Runs the stages in order.
pub(super) fn forward(stages: &[Stage], input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
    let next = |features, stage: &Stage| stage.forward(features, mode);
    full_precision(stages.iter().fold(input, next))
}

/// The public name of the layer at `path`, which begins with the index of its stage.
pub(super) fn layer_name(stages: &[Stage], path: &str) -> String {
    let mut parts = path.split('.');
    let stage: usize = parts
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let norm = parts.next() == Some("norm");
    let index = stages.get(stage).map_or(0, |stage| stage.index);
    format!("main.{}", index + usize::from(norm))
}

/// Builds a sequence of stages.
pub(super) struct Builder<'a> {
    init: &'a mut WeightInit,
    norm: NormKind,
    /// Index of the next layer in the `Sequential`.
    index: usize,
    stages: Vec<Stage>,
}

impl<'a> Builder<'a> {
    /// Starts a sequence with weights from `init`, whose norms are `norm`.
    pub(super) fn new(init: &'a mut WeightInit, norm: NormKind) -> Self {
        init.set_norm(norm);
        Self {
            init,
            norm,
            index: 0,
            stages: Vec::new(),
        }
    }

    /// Adds a convolution with a kernel, stride and zero padding.
    pub(super) fn convolution(
        &mut self,
        channels: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        normalised: bool,
        after: PostOp,
    ) {
        let bias = self.norm.uses_bias();
        let padding = Padding::Zero(padding);
        let layer = Convolution::new(self.init, channels, kernel, stride, padding, bias);
        self.push(
            Layer::Convolution(layer),
            normalised.then_some(channels[1]),
            after,
        );
    }

    /// Adds a transposed convolution with a kernel, stride and padding.
    pub(super) fn transposed_convolution(
        &mut self,
        channels: [usize; 2],
        shape: [usize; 3],
        normalised: bool,
        after: PostOp,
    ) {
        let bias = self.norm.uses_bias();
        let layer = TransposedConvolution::new(self.init, channels, shape, bias);
        self.push(
            Layer::Deconvolution(layer),
            normalised.then_some(channels[1]),
            after,
        );
    }

    /// Adds a layer that doubles the size.
    pub(super) fn upsampling(
        &mut self,
        channels: [usize; 2],
        kind: Upsample,
        normalised: bool,
        after: PostOp,
    ) {
        let bias = self.norm.uses_bias();
        let layer = Upsampling::new(self.init, channels, 4, 0, bias, kind);
        self.push(
            Layer::Upsampling(layer),
            normalised.then_some(channels[1]),
            after,
        );
    }

    /// Adds a channel-wise fully-connected layer over maps of `side` x `side`.
    pub(super) fn channel_wise(&mut self, maps: usize, side: usize) {
        let layer = ChannelWiseLinear::new(self.init, maps, side);
        self.push(Layer::ChannelWise(layer), None, PostOp::Nothing);
    }

    fn push(&mut self, layer: Layer, normalised: Option<usize>, after: PostOp) {
        let norm = normalised.map(|channels| Norm::new(self.init, self.norm, channels));
        let index = self.index;
        let behind = match after {
            PostOp::Nothing => 0,
            PostOp::Relu | PostOp::LeakyRelu | PostOp::Tanh => 1,
            PostOp::ReluAndPool => 2,
        };
        self.index += 1 + usize::from(norm.is_some()) + behind;
        self.stages.push(Stage {
            layer,
            norm,
            after,
            index,
        });
    }

    pub(super) fn build(self) -> Vec<Stage> {
        self.stages
    }
}
