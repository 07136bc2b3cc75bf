//! The generators of all levels of a cascade, one after the other.

use burn::module::Module;
use burn::tensor::Tensor;

use super::generator_input::GeneratorInput;
use super::level_generator::LevelGenerator;
use crate::config::Recipe;
use crate::kernels::double_bilinear;
use crate::nn::{ForwardMode, Network, WeightInit};

/// Small pictures from noise, which are doubled in size and given detail, again and again.
///
/// Denton, Chintala, Szlam and Fergus, "Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks", 2015.
#[derive(Module, Debug)]
pub struct LaplacianGenerator {
    /// From the coarsest on.
    levels: Vec<LevelGenerator>,
    /// Side of the pictures of the coarsest level, in pixels.
    #[module(skip)]
    coarsest: usize,
    /// Values of the noise of the coarsest level.
    #[module(skip)]
    latent: usize,
}

impl LaplacianGenerator {
    /// The generator of `recipe`.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let levels = recipe.cascade_levels();
        let levels = levels.iter().map(|level| LevelGenerator::new(init, level));
        Self::of_levels(levels.collect(), recipe)
    }

    /// The generator of these levels of `recipe`, of which there is at least one.
    pub(super) fn of_levels(levels: Vec<LevelGenerator>, recipe: &Recipe) -> Self {
        Self {
            levels,
            coarsest: recipe.synthesis.coarsest,
            latent: recipe.generator.latent,
        }
    }

    /// Makes pictures, `[batch, channels, side, side]`, about in [-1, 1], of the noise of the levels one after the other.
    pub(super) fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        let (mut first, mut picture) = (0, None);
        for (place, level) in self.levels.iter().enumerate() {
            let count = match place {
                0 => self.latent,
                _ => (self.coarsest << place).pow(2),
            };
            let own = input.vectors.clone().narrow(1, first, count);
            first += count;
            let input = GeneratorInput {
                coarse: picture.map(double_bilinear),
                ..GeneratorInput::new(own, input.classes.clone())
            };
            picture = Some(level.forward(&input, mode));
        }
        picture.expect("a cascade has a coarsest level")
    }
}

/// The beginning of the names of the layers of the level whose pictures have this side.
pub(super) fn level_prefix(side: usize) -> String {
    format!("levels.{side}.")
}

impl Network for LaplacianGenerator {
    fn layer_name(&self, path: &str) -> String {
        let mut parts = path.splitn(3, '.').skip(1);
        let place = parts.next().and_then(|place| place.parse().ok());
        let place: usize = place.unwrap_or_default();
        let path = parts.next().unwrap_or_default();
        let layer = match self.levels.get(place) {
            Some(level) => level.layer_name(path),
            None => path.to_owned(),
        };
        level_prefix(self.coarsest << place) + &layer
    }
}
