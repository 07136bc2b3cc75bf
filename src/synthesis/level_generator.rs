//! The generators of the levels of a cascade.

use burn::module::Module;
use burn::tensor::Tensor;

use super::dcgan_generator::DcganGenerator;
use super::detail_generator::DetailGenerator;
use super::generator_input::GeneratorInput;
use crate::config::Recipe;
use crate::nn::{ForwardMode, Network, WeightInit};

/// The generator of one level.
#[derive(Module, Debug)]
pub enum LevelGenerator {
    /// Of the coarsest one, whose pictures are made of noise alone.
    Coarsest(DcganGenerator),
    /// Of the others, which add detail.
    Detail(DetailGenerator),
}

impl LevelGenerator {
    /// That of a level's `recipe`.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        if recipe.synthesis.is_level {
            Self::Detail(DetailGenerator::new(init, recipe))
        } else {
            Self::Coarsest(DcganGenerator::from_recipe(init, recipe))
        }
    }

    /// Makes pictures, `[batch, channels, side, side]`, about in [-1, 1].
    pub(super) fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Coarsest(network) => network.forward(input.joined(), mode),
            Self::Detail(network) => network.forward(input, mode),
        }
    }
}

impl Network for LevelGenerator {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or("", |(_, rest)| rest);
        match self {
            Self::Coarsest(network) => network.layer_name(path),
            Self::Detail(_) => path.to_owned(),
        }
    }
}
