//! The generator of DCGAN.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::tanh;

use super::halvings::{INNERMOST, levels, width};
use crate::config::{GeneratorRecipe, Recipe};
use crate::kernels::relu;
use crate::nn::{
    ForwardMode, Network, Norm, TransposedConvolution, Upsampling, WeightInit, full_precision,
};

/// Up-convolutions from a vector to a picture.
///
/// The vector becomes features of 4 x 4, which are doubled in size up to that of the picture, with half of the channels each time from
/// eight times the first width on; norm and ReLU after each but the last layer, which ends in tanh. Radford, Metz and Chintala,
/// "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks", 2016.
#[derive(Module, Debug)]
pub struct DcganGenerator {
    unfold: TransposedConvolution,
    unfold_norm: Norm,
    doublings: Vec<Doubling>,
}

#[derive(Module, Debug)]
struct Doubling {
    layer: Upsampling,
    norm: Option<Norm>,
}

impl DcganGenerator {
    /// The network from vectors of `input` values to pictures of `side` x `side` (a power of two from 8 on) with `output` channels.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        input: usize,
        [side, output]: [usize; 2],
    ) -> Self {
        init.set_norm(recipe.norm);
        let bias = recipe.norm.uses_bias();
        let count = levels(side);
        let mut above = width(recipe.channels, count - 1);
        let unfold = TransposedConvolution::new(init, [input, above], [INNERMOST, 1, 0], bias);
        let unfold_norm = Norm::new(init, recipe.norm, above);
        let mut doublings = Vec::with_capacity(count);
        for level in (0..count).rev() {
            let next = match level {
                0 => output,
                _ => width(recipe.channels, level - 1),
            };
            let layer = Upsampling::new(init, [above, next], 4, 0, bias, recipe.upsample);
            let norm = (level > 0).then(|| Norm::new(init, recipe.norm, next));
            doublings.push(Doubling { layer, norm });
            above = next;
        }
        Self {
            unfold,
            unfold_norm,
            doublings,
        }
    }

    /// The generator of `recipe`, whose input is what it is told, such as a class, and a vector of its latent values.
    pub fn from_recipe(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let input = recipe.generator.latent + recipe.told_count();
        let picture = [recipe.data.crop_size, recipe.data.output_channels];
        Self::new(init, &recipe.generator, input, picture)
    }

    /// Maps vectors, `[batch, input, 1, 1]`, to pictures in [-1, 1], `[batch, output, side, side]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let features = self.unfold.forward(input, mode);
        let mut features = relu(self.unfold_norm.forward(features, mode));
        for Doubling { layer, norm } in &self.doublings {
            features = layer.forward(features, mode);
            if let Some(norm) = norm {
                features = relu(norm.forward(features, mode));
            }
        }
        tanh(full_precision(features))
    }
}

impl Network for DcganGenerator {
    fn layer_name(&self, path: &str) -> String {
        let mut parts = path.split('.');
        let index = match parts.next() {
            Some("unfold") => 0,
            Some("unfold_norm") => 1,
            _ => {
                let doubling = parts.next().and_then(|part| part.parse::<usize>().ok());
                let norm = usize::from(parts.next() == Some("norm"));
                3 * (doubling.unwrap_or_default() + 1) + norm
            }
        };
        format!("main.{index}")
    }
}
