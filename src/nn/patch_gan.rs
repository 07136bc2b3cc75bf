//! Discriminators of patches: PatchGAN, and PixelGAN as its limit of single pixels.

use burn::module::Module;
use burn::tensor::Tensor;

use super::convolution::{Convolution, Padding};
use super::discriminator_layer::{
    DiscriminatorLayer, discriminator_features, discriminator_logits, settle_reference,
};
use super::forward_mode::ForwardMode;
use super::input_gradient::input_gradient;
use super::minibatch_layers::MinibatchLayers;
use super::norm::Norm;
use super::reference_batch::ReferenceBatch;
use super::tensors::Network;
use super::weight_init::WeightInit;
use crate::config::{DiscriminatorRecipe, Downsample};

/// A stack of convolutions, each of whose outputs judges one patch of the picture.
///
/// Three strided layers see patches of 70 x 70 pixels (receptive field 16, 34, 70, 142, 286 for 1 to 5 layers).
/// Isola et al., 2017, section 3.2.2.
#[derive(Module, Debug)]
pub struct PatchGan {
    convolutions: Vec<Convolution>,
    /// One for each convolution but the first and the last.
    norms: Vec<Norm>,
    /// Before the last convolution.
    minibatch: MinibatchLayers,
    #[module(skip)]
    downsample: Downsample,
    #[module(skip)]
    reference: ReferenceBatch,
}

impl PatchGan {
    /// Creates a discriminator of pictures with `input` channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        const KERNEL: usize = 4;
        init.set_norm(recipe.norm);
        let layers = recipe.layers;
        let inner_bias = recipe.norm.uses_bias();
        let width = |layer: usize| recipe.channels << layer.min(3);
        let mut convolutions = Vec::with_capacity(layers + 2);
        let mut norms = Vec::with_capacity(layers);
        for layer in 0..layers + 2 {
            let last = layer == layers + 1;
            let added = if last {
                MinibatchLayers::added_channels(recipe)
            } else {
                0
            };
            let above = if layer == 0 { input } else { width(layer - 1) } + added;
            let result = if last { 1 } else { width(layer) };
            let strided = layer < layers && recipe.downsample == Downsample::Strided;
            let stride = if strided { 2 } else { 1 };
            let bias = layer == 0 || last || inner_bias;
            convolutions.push(Convolution::new(
                init,
                [above, result],
                KERNEL,
                stride,
                Padding::Zero(1),
                bias,
            ));
            if layer > 0 && !last {
                norms.push(Norm::new(init, recipe.norm, result));
            }
        }
        Self {
            convolutions,
            norms,
            minibatch: MinibatchLayers::new(init, recipe, width(layers)),
            downsample: recipe.downsample,
            reference: ReferenceBatch::default(),
        }
    }

    /// Maps `[batch, in, height, width]` to one logit per patch, `[batch, 1, height', width']`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        discriminator_logits(&self.layers(), input, mode, &self.reference)
    }

    /// What comes out of each activation, and the logits at the end.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        discriminator_features(&self.layers(), input, mode, &self.reference)
    }

    /// The gradient of the sum of all logits with respect to `input`.
    pub(super) fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        input_gradient(&self.layers(), input, mode, &self.reference)
    }

    /// The layers in their order.
    fn layers(&self) -> Vec<DiscriminatorLayer<'_>> {
        let last = self.convolutions.len() - 1;
        let mut layers = Vec::with_capacity(4 * self.convolutions.len());
        for (index, convolution) in self.convolutions.iter().enumerate() {
            if index == last {
                layers.extend(self.minibatch.layers());
            }
            layers.push(DiscriminatorLayer::Convolution(convolution));
            if index == last {
                break;
            }
            if index > 0 {
                layers.push(DiscriminatorLayer::Norm(&self.norms[index - 1]));
            }
            layers.push(DiscriminatorLayer::LeakyRelu);
            // The last two convolutions keep the size.
            if self.downsample == Downsample::Blur && index + 1 < last {
                layers.push(DiscriminatorLayer::BlurDownsample);
            }
        }
        layers
    }
}

impl Network for PatchGan {
    fn layer_name(&self, path: &str) -> String {
        let (group, number) = path.split_once('.').unwrap_or((path, "0"));
        if group == MinibatchLayers::NAME {
            return group.to_owned();
        }
        let number: usize = number.parse().unwrap_or_default();
        let mut index = match (group, number) {
            ("convolutions", 0) => 0,
            ("convolutions", number) => 3 * number - 1,
            (_, number) => 3 * (number + 1),
        };
        if self.downsample == Downsample::Blur {
            // A filter takes a place after each strided layer's activation.
            let before = if group == "convolutions" {
                number
            } else {
                number + 1
            };
            index += before.min(self.convolutions.len() - 2);
        }
        format!("model.{index}")
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        self.reference = batch;
    }

    fn settle_reference(&self) {
        settle_reference(&self.layers(), &self.reference);
    }
}

/// 1 x 1 convolutions: judges each pixel on its own. Isola et al., 2017, section 4.4.
#[derive(Module, Debug)]
pub struct PixelGan {
    first: Convolution,
    second: Convolution,
    norm: Norm,
    minibatch: MinibatchLayers,
    last: Convolution,
    #[module(skip)]
    reference: ReferenceBatch,
}

impl PixelGan {
    /// Creates a discriminator of pictures with `input` channels.
    pub fn new(init: &mut WeightInit, recipe: &DiscriminatorRecipe, input: usize) -> Self {
        init.set_norm(recipe.norm);
        let bias = recipe.norm.uses_bias();
        let width = recipe.channels;
        let added = MinibatchLayers::added_channels(recipe);
        let pixelwise = |init: &mut WeightInit, channels, bias| {
            Convolution::new(init, channels, 1, 1, Padding::Zero(0), bias)
        };
        Self {
            first: pixelwise(init, [input, width], true),
            second: pixelwise(init, [width, width * 2], bias),
            norm: Norm::new(init, recipe.norm, width * 2),
            last: pixelwise(init, [width * 2 + added, 1], bias),
            minibatch: MinibatchLayers::new(init, recipe, width * 2),
            reference: ReferenceBatch::default(),
        }
    }

    /// Maps `[batch, in, height, width]` to one logit per pixel, `[batch, 1, height, width]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        discriminator_logits(&self.layers(), input, mode, &self.reference)
    }

    /// What comes out of each activation, and the logits at the end.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        discriminator_features(&self.layers(), input, mode, &self.reference)
    }

    /// The gradient of the sum of all logits with respect to `input`.
    pub(super) fn input_gradient(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        input_gradient(&self.layers(), input, mode, &self.reference)
    }

    /// The layers in their order.
    fn layers(&self) -> Vec<DiscriminatorLayer<'_>> {
        let mut layers = vec![
            DiscriminatorLayer::Convolution(&self.first),
            DiscriminatorLayer::LeakyRelu,
            DiscriminatorLayer::Convolution(&self.second),
            DiscriminatorLayer::Norm(&self.norm),
            DiscriminatorLayer::LeakyRelu,
        ];
        layers.extend(self.minibatch.layers());
        layers.push(DiscriminatorLayer::Convolution(&self.last));
        layers
    }
}

impl Network for PixelGan {
    fn layer_name(&self, path: &str) -> String {
        let index = match path {
            "first" => 0,
            "second" => 2,
            "norm" => 3,
            "last" => 5,
            _ => return MinibatchLayers::NAME.to_owned(),
        };
        format!("net.{index}")
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        self.reference = batch;
    }

    fn settle_reference(&self) {
        settle_reference(&self.layers(), &self.reference);
    }
}
