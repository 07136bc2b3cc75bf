//! The encoder of pictures to latent codes.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use crate::config::Recipe;
use crate::kernels::leaky_relu;
use crate::nn::{
    Convolution, ForwardMode, LEAKY_SLOPE, Linear, Network, Norm, NormalLaw, Padding, WeightInit,
    full_precision,
};

/// Most channels, as a multiple of those of the first layer.
const WIDEST: usize = 4;

/// A ResNet that sees what a code should make of an input, and gives the normal distribution that the code is drawn from.
///
/// Zhu et al., "Toward Multimodal Image-to-Image Translation", 2017 (BicycleGAN). Parameter names are those of the public
/// PyTorch implementation.
#[derive(Module, Debug)]
pub struct CodeEncoder {
    stem: Convolution,
    blocks: Vec<Block>,
    mean: Linear,
    log_variance: Linear,
    #[module(skip)]
    has_norms: bool,
}

/// Norm, activation and convolution, twice, added to the input's mean of 2 x 2 pixels: half the size.
#[derive(Module, Debug)]
struct Block {
    first_norm: Norm,
    first: Convolution,
    second_norm: Norm,
    second: Convolution,
    shortcut: Convolution,
}

impl Block {
    fn new(init: &mut WeightInit, recipe: &Recipe, input: usize, output: usize) -> Self {
        let kind = recipe.generator.norm;
        let same = |init: &mut WeightInit, output| {
            Convolution::new(init, [input, output], 3, 1, Padding::Zero(1), true)
        };
        Self {
            first_norm: Norm::new(init, kind, input),
            first: same(init, input),
            second_norm: Norm::new(init, kind, input),
            second: same(init, output),
            shortcut: Convolution::new(init, [input, output], 1, 1, Padding::Zero(0), true),
        }
    }

    fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let activated =
            |norm: &Norm, features| leaky_relu(norm.forward(features, mode), LEAKY_SLOPE);
        let mut features = activated(&self.first_norm, input.clone());
        features = self.first.forward(features, mode);
        features = activated(&self.second_norm, features);
        features = halve(self.second.forward(features, mode));
        features + self.shortcut.forward(halve(input), mode)
    }
}

/// Means of 2 x 2 pixels. What is one pixel high or wide, of a picture smaller than those of training, stays as it is.
fn halve(features: Tensor<4>) -> Tensor<4> {
    let [.., height, width] = features.dims();
    if height.min(width) < 2 {
        return features;
    }
    avg_pool2d(features, AvgPoolOptions::new([2, 2]).with_stride([2, 2]))
}

impl CodeEncoder {
    /// Creates the encoder of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let encoder = &recipe.encoder;
        init.set_norm(recipe.generator.norm);
        let width = |halvings: usize| encoder.channels * halvings.min(WIDEST);
        let pictures = recipe.data.output_channels;
        let stem = Convolution::new(init, [pictures, width(1)], 4, 2, Padding::Zero(1), true);
        let blocks = (1..encoder.downsamplings)
            .map(|index| Block::new(init, recipe, width(index), width(index + 1)))
            .collect();
        let features = width(encoder.downsamplings);
        let code = recipe.generator.latent;
        Self {
            stem,
            blocks,
            mean: Linear::new(init, features, code),
            log_variance: Linear::new(init, features, code),
            has_norms: recipe.generator.norm.normalises_features(),
        }
    }

    /// Maps `[batch, channels, height, width]` in [-1, 1] to the law of each picture's code, `[batch, length]`.
    pub fn forward(&self, pictures: Tensor<4>, mode: ForwardMode) -> NormalLaw<2> {
        let mut features = self.stem.forward(pictures, mode);
        for block in &self.blocks {
            features = block.forward(features, mode);
        }
        let features = full_precision(leaky_relu(features, LEAKY_SLOPE));
        // Over what the halvings have left: 8 x 8 in the paper, for 256 pixels.
        let [batch, channels, ..] = features.dims();
        let features = features.mean_dim(3).mean_dim(2).reshape([batch, channels]);
        NormalLaw {
            mean: self.mean.forward(features.clone()),
            log_variance: self.log_variance.forward(features),
        }
    }
}

impl Network for CodeEncoder {
    fn layer_name(&self, path: &str) -> String {
        let mut parts = path.split('.');
        let number = match parts.next() {
            Some("stem") => return "conv.0".to_owned(),
            Some("mean") => return "fc.0".to_owned(),
            Some("log_variance") => return "fcVar.0".to_owned(),
            _ => parts.next().and_then(|text| text.parse::<usize>().ok()),
        };
        let block = format!("conv.{}", number.unwrap_or_default() + 1);
        // A norm takes a place before each activation.
        let norms = usize::from(self.has_norms);
        match parts.next().unwrap_or_default() {
            "first_norm" => format!("{block}.conv.0"),
            "first" => format!("{block}.conv.{}", 1 + norms),
            "second_norm" => format!("{block}.conv.3"),
            // In a sequence of its own with the means of pixels.
            "second" => format!("{block}.conv.{}.0", 3 + 2 * norms),
            _ => format!("{block}.shortcut.1"),
        }
    }
}
