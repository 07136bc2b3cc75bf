//! A generator that grows.

use burn::module::Module;
use burn::tensor::Tensor;

use super::growth::{Growth, KeptGrowth};
use super::halvings::{INNERMOST, levels, width};
use super::pixel_norm::pixel_norm;
use super::sized_name::sized_name;
use crate::config::Recipe;
use crate::kernels::leaky_relu;
use crate::nn::{
    Equalisation, EqualisedConvolution, LEAKY_SLOPE, Network, WeightInit, doubled, enlarged,
};

/// Convolutions with an equalised learning rate at 4 x 4, then pairs of them at each doubled size, each with a leaky ReLU and a norm of
/// each pixel. Every size has a layer of its own that makes its picture; while the network grows, that of the larger size fades in.
///
/// The network always has the layers of all sizes of its run. Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved
/// Quality, Stability, and Variation", 2018.
#[derive(Module, Debug)]
pub struct ProgressiveGenerator {
    linear: EqualisedConvolution,
    conv: EqualisedConvolution,
    /// From 8 x 8 on.
    blocks: Vec<Block>,
    /// As many.
    colours: Vec<EqualisedConvolution>,
    kept: KeptGrowth,
    #[module(skip)]
    growth: Growth,
}

#[derive(Module, Debug)]
struct Block {
    conv1: EqualisedConvolution,
    conv2: EqualisedConvolution,
}

impl ProgressiveGenerator {
    /// The generator of `recipe`, at the size of its stage.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let generator = &recipe.generator;
        let count = levels(recipe.last_side());
        let innermost = width(generator.channels, count);
        let input = generator.latent + recipe.told_count();
        let activated = |init: &mut WeightInit, channels, form| {
            EqualisedConvolution::new(init, channels, form, Equalisation::ACTIVATED)
        };
        let whole = [input, innermost * INNERMOST * INNERMOST];
        let linear = activated(init, whole, [1, 0]);
        let conv = activated(init, [innermost; 2], [3, 1]);
        let (mut blocks, mut colours) = (Vec::new(), Vec::new());
        let mut above = innermost;
        for level in (0..count).rev() {
            let next = width(generator.channels, level);
            blocks.push(Block {
                conv1: activated(init, [above, next], [3, 1]),
                conv2: activated(init, [next; 2], [3, 1]),
            });
            let picture = [next, recipe.data.output_channels];
            colours.push(EqualisedConvolution::new(
                init,
                picture,
                [1, 0],
                Equalisation::LINEAR,
            ));
            above = next;
        }
        let growth = Growth::of_stage(recipe, 1.0);
        Self {
            linear,
            conv,
            blocks,
            colours,
            kept: KeptGrowth::new(growth, &init.device().clone().inner()),
            growth,
        }
    }

    /// Maps vectors, `[batch, input, 1, 1]`, to pictures of the present size, `[batch, channels, side, side]`, about in [-1, 1].
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let step = |layer: &EqualisedConvolution, features| {
            pixel_norm(leaky_relu(layer.forward(features), LEAKY_SLOPE))
        };
        let features = self.linear.forward(pixel_norm(input));
        let [batch, all, ..] = features.dims();
        let innermost = all / (INNERMOST * INNERMOST);
        let features = features.reshape([batch, innermost, INNERMOST, INNERMOST]);
        let features = pixel_norm(leaky_relu(features, LEAKY_SLOPE));
        let mut features = step(&self.conv, features);
        let Growth { side, from, .. } = self.growth;
        let mut smaller = None;
        for (block, colours) in self.blocks.iter().zip(&self.colours) {
            features = step(&block.conv1, doubled(features));
            features = step(&block.conv2, features);
            let present = features.dims()[2];
            if present == from && self.growth.fades() {
                smaller = Some(enlarged(colours.forward(features.clone()), side / from));
            }
            if present == side {
                let picture = colours.forward(features);
                return match smaller {
                    Some(smaller) => self.growth.blend(picture, smaller),
                    None => picture,
                };
            }
        }
        unreachable!("a network has the layers of all sizes of its run")
    }

    /// Sets how far the network has grown.
    pub(super) fn set_growth(&mut self, growth: Growth) {
        self.growth = growth;
        self.kept.keep(growth);
    }

    /// How far the network has grown.
    pub(super) fn growth(&self) -> Growth {
        self.growth
    }

    /// Goes back to where its weights say that it has grown to, if that is a size of its run.
    pub(super) fn restore_growth(&mut self) {
        let growth = self.kept.kept();
        let largest = INNERMOST << self.blocks.len();
        let is_size =
            |side: usize| side.is_power_of_two() && (2 * INNERMOST..=largest).contains(&side);
        if is_size(growth.side) && is_size(growth.from) {
            self.growth = growth;
        }
    }
}

impl Network for ProgressiveGenerator {
    fn layer_name(&self, path: &str) -> String {
        sized_name(path, |place| (2 * INNERMOST) << place)
    }
}
