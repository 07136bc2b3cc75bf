//! The generator of a second stage.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::tanh;

use super::condition_code::ConditionCode;
use super::generator_input::GeneratorInput;
use super::normed_convolution::NormedConvolution;
use crate::config::Recipe;
use crate::kernels::relu;
use crate::nn::{Convolution, ForwardMode, Network, Padding, WeightInit, doubled, full_precision};

/// Times that the picture is halved before it meets the condition, and doubled after it.
const HALVINGS: usize = 2;
const DOUBLINGS: usize = 4;
/// Residual blocks of the paper's networks for pictures of this side, in pixels, and for smaller ones.
const LARGE: usize = 256;
const BLOCKS: [usize; 2] = [4, 2];
/// Why the input has a picture and a condition.
const COARSE: &str = "a second stage is given the pictures of the first";
const CONDITION: &str = "validated recipes of a second stage have a condition";

/// From small pictures and a condition to pictures of four times their size.
///
/// Strided convolutions halve the picture twice, the code of the condition joins it in all places, residual blocks look at both, and
/// four times the size is doubled by nearest neighbours before a convolution; norm and ReLU after each but the first and the last
/// layer. Zhang et al., "StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative Adversarial Networks", 2017.
#[derive(Module, Debug)]
pub struct StackGenerator {
    code: ConditionCode,
    entry: Convolution,
    halvings: Vec<NormedConvolution>,
    join: NormedConvolution,
    blocks: Vec<Block>,
    doublings: Vec<NormedConvolution>,
    colours: Convolution,
    /// Weight of the divergence of the codes.
    #[module(skip)]
    kl: f64,
}

/// Two convolutions whose result is added to their input.
#[derive(Module, Debug)]
struct Block {
    conv1: NormedConvolution,
    conv2: NormedConvolution,
}

impl StackGenerator {
    /// The generator of `recipe`.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let generator = &recipe.generator;
        let (norm, picture) = (generator.norm, recipe.data.output_channels);
        let code = ConditionCode::new(init, recipe.class_count(), generator.latent);
        init.set_norm(norm);
        let whole = |init: &mut WeightInit, channels| {
            Convolution::new(init, channels, 3, 1, Padding::Zero(1), true)
        };
        let mut above = generator.channels;
        let entry = whole(init, [picture, above]);
        let mut halvings = Vec::with_capacity(HALVINGS);
        for _ in 0..HALVINGS {
            halvings.push(NormedConvolution::halving(init, norm, [above, 2 * above]));
            above *= 2;
        }
        let join = NormedConvolution::same(init, norm, [above + generator.latent, above]);
        let [many, few] = BLOCKS;
        let count = if recipe.data.crop_size < LARGE {
            few
        } else {
            many
        };
        let mut same = || NormedConvolution::same(init, norm, [above; 2]);
        let blocks = (0..count).map(|_| Block {
            conv1: same(),
            conv2: same(),
        });
        let blocks = blocks.collect();
        let mut doublings = Vec::with_capacity(DOUBLINGS);
        for _ in 0..DOUBLINGS {
            let next = (above / 2).max(1);
            doublings.push(NormedConvolution::same(init, norm, [above, next]));
            above = next;
        }
        Self {
            code,
            entry,
            halvings,
            join,
            blocks,
            doublings,
            colours: whole(init, [above, picture]),
            kl: recipe.synthesis.kl,
        }
    }

    /// Makes pictures in [-1, 1], `[batch, channels, side, side]`, of coarse ones of a quarter of the side.
    pub(super) fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        let coarse = input.coarse.clone().expect(COARSE);
        let condition = input.classes.clone().expect(CONDITION);
        let code = self.code.forward(condition, input.vectors.clone(), mode);
        let mut features = relu(self.entry.forward(coarse, mode));
        for layer in &self.halvings {
            features = relu(layer.forward(features, mode));
        }
        let features = full_precision(features);
        let [batch, _, height, width] = features.dims();
        let length = code.dims()[1];
        let everywhere = code.expand([batch, length, height, width]);
        let joined = Tensor::cat(vec![features, everywhere], 1);
        let mut features = relu(self.join.forward(joined, mode));
        for Block { conv1, conv2 } in &self.blocks {
            let residual = relu(conv1.forward(features.clone(), mode));
            features = relu(conv2.forward(residual, mode) + features);
        }
        for layer in &self.doublings {
            features = relu(layer.forward(doubled(features), mode));
        }
        tanh(full_precision(self.colours.forward(features, mode)))
    }

    /// The weighted divergence of the codes of the conditions of `input` from the standard normal law, `[1]`.
    pub(super) fn divergence(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<1> {
        let condition = input.classes.clone().expect(CONDITION);
        self.code.divergence(condition, mode) * self.kl
    }
}

impl Network for StackGenerator {
    fn layer_name(&self, path: &str) -> String {
        path.to_owned()
    }
}
