//! The multi-scale discriminator of pix2pixHD.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::config::DiscriminatorRecipe;
use crate::nn::{
    Convolution, Critic, DiscriminatorLayer, ForwardMode, MinibatchLayers, Network, Norm, Padding,
    ReferenceBatch, WeightInit, discriminator_features, downsample, downsample_gradient,
    input_gradient,
};

const KERNEL: usize = 4;
/// Most channels of a layer.
const MAX_CHANNELS: usize = 512;

/// PatchGANs of one architecture that judge a picture at several sizes, each half of the one before.
///
/// Wang et al., 2018, section 3.2. Unlike the PatchGAN of pix2pix, the padding is 2 and every convolution has a bias.
/// Parameter names are those of the public PyTorch implementation with intermediate features.
#[derive(Module, Debug)]
pub struct MultiscaleDiscriminator {
    /// From the coarsest, `scale0`, to the full size.
    scales: Vec<Scale>,
}

#[derive(Module, Debug)]
struct Scale {
    layers: Vec<Layer>,
    /// Before the last layer.
    minibatch: MinibatchLayers,
}

/// A convolution and, but in the first and the last layer, the normalisation after it.
#[derive(Module, Debug)]
struct Layer {
    convolution: Convolution,
    norm: Option<Norm>,
}

impl Scale {
    fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        let last = recipe.layers + 1;
        let width =
            |layer: usize| (recipe.channels << layer).min(MAX_CHANNELS.max(recipe.channels));
        let layers = (0..=last)
            .map(|index| {
                let added = if index == last {
                    MinibatchLayers::added_channels(recipe)
                } else {
                    0
                };
                let above = if index == 0 { input } else { width(index - 1) } + added;
                let result = if index == last { 1 } else { width(index) };
                let stride = if index < recipe.layers { 2 } else { 1 };
                let convolution = Convolution::new(
                    init,
                    [above, result],
                    KERNEL,
                    stride,
                    Padding::Zero(2),
                    true,
                );
                let inner = index > 0 && index < last;
                Layer {
                    convolution,
                    norm: inner.then(|| Norm::new(init, recipe.norm, result)),
                }
            })
            .collect();
        Self {
            layers,
            minibatch: MinibatchLayers::new(init, recipe, width(recipe.layers)),
        }
    }

    /// The output of every layer; the last one is the logits.
    fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        discriminator_features(&self.sequence(), input, mode, &ReferenceBatch::default())
    }

    /// All layers in their order.
    fn sequence(&self) -> Vec<DiscriminatorLayer<'_>> {
        let mut sequence = Vec::with_capacity(3 * self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            if index + 1 == self.layers.len() {
                sequence.extend(self.minibatch.layers());
            }
            sequence.push(DiscriminatorLayer::Convolution(&layer.convolution));
            sequence.extend(layer.norm.as_ref().map(DiscriminatorLayer::Norm));
            if index + 1 < self.layers.len() {
                sequence.push(DiscriminatorLayer::LeakyRelu);
            }
        }
        sequence
    }
}

impl MultiscaleDiscriminator {
    /// Creates a discriminator of pictures with `input` channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        init.set_norm(recipe.norm);
        let scales = (0..recipe.scales)
            .map(|_| Scale::new(init, recipe, input))
            .collect();
        Self { scales }
    }

    /// Maps `[batch, in, height, width]` to the outputs of every layer at every size, the full size first:
    /// `[batch, channels, height', width']`, the last of each size with one logit per patch.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        let mut results = Vec::with_capacity(self.scales.len());
        let mut input = input;
        for (index, scale) in self.scales.iter().rev().enumerate() {
            if index > 0 {
                input = downsample(input);
            }
            results.push(scale.forward(input.clone(), mode));
        }
        results
    }
}

impl Critic for MultiscaleDiscriminator {
    fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Vec<Tensor<4>>> {
        self.forward(input, mode)
    }

    fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let mut inputs = vec![input];
        for _ in 1..self.scales.len() {
            inputs.push(downsample(inputs[inputs.len() - 1].clone()));
        }
        // From the coarsest to the full size, each to the gradient of which the one before adds its own.
        let mut coarser: Option<Tensor<4>> = None;
        for (scale, input) in self.scales.iter().zip(inputs.into_iter().rev()) {
            let [_, _, height, width] = input.dims();
            let own = input_gradient(&scale.sequence(), input, mode, &ReferenceBatch::default());
            coarser = Some(match coarser {
                Some(coarser) => own + downsample_gradient(coarser, [height, width]),
                None => own,
            });
        }
        coarser.expect("a discriminator has at least one scale")
    }
}

impl Network for MultiscaleDiscriminator {
    fn layer_name(&self, path: &str) -> String {
        // `scales.0.layers.1.norm`
        let parts: Vec<&str> = path.split('.').collect();
        let part = |index: usize| parts.get(index).copied().unwrap_or_default();
        if part(2) == MinibatchLayers::NAME {
            return format!("scale{}_{}", part(1), part(2));
        }
        let index = usize::from(part(4) == "norm");
        format!("scale{}_layer{}.{index}", part(1), part(3))
    }
}
