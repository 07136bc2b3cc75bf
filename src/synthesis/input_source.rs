//! Where a generator in training gets its input from.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use super::coarse_pictures::CoarsePictures;
use super::generator::SynthesisGenerator;
use super::generator_input::{GeneratorInput, StyleInput};
use super::latent_codes::{LatentCodes, told};
use super::noise::normal_noise;
use super::preview::Preview;
use super::staged_generator::StagedGenerator;
use crate::config::Recipe;

/// What a generator in training makes its pictures of.
#[derive(Debug)]
pub(super) struct InputSource {
    latent: usize,
    /// Share of the steps with two vectors a picture.
    mixing: f64,
    codes: LatentCodes,
    coarse: CoarsePictures,
    /// Without automatic differentiation.
    device: Device,
}

impl InputSource {
    /// That of `recipe`, without a first stage, on `device`.
    pub(super) fn new(recipe: &Recipe, device: &Device) -> Self {
        Self {
            latent: recipe.generator.latent,
            mixing: recipe.synthesis.mixing,
            codes: LatentCodes::new(recipe),
            coarse: CoarsePictures::new(recipe),
            device: device.clone(),
        }
    }

    /// The same with the pictures of a first stage.
    pub(super) fn with_first_stage(self, first: StagedGenerator) -> Self {
        let coarse = CoarsePictures::Made(Box::new(first));
        Self { coarse, ..self }
    }

    /// How many values of noise `count` pictures of `network` are made of, without their codes.
    pub(super) fn noise_count(&self, network: &SynthesisGenerator, count: usize) -> usize {
        let sides = network.noise_sides();
        let mixed = if sides.is_empty() || self.mixing <= 0.0 {
            0
        } else {
            self.latent
        };
        let of_layers: usize = sides.iter().map(|side| side * side).sum();
        count * (self.latent + mixed + of_layers + self.coarse.noise_length())
    }

    /// Draws the values of the codes of `count` pictures.
    pub(super) fn draw_codes(&self, rng: &mut impl Rng, count: usize) -> Vec<f32> {
        self.codes.draw(rng, count)
    }

    /// Takes the codes of `count` pictures from the end of `noise`, where there are any.
    pub(super) fn take_codes(&self, noise: &mut Vec<f32>, count: usize) -> Option<Tensor<4>> {
        let values = noise.split_off(noise.len() - count * self.codes.count());
        self.codes.tensor(values, &self.device)
    }

    /// What `network` makes pictures of in a step with these `real` ones, their classes, codes, and [so much](Self::noise_count) `noise`.
    pub(super) fn of_step(
        &self,
        network: &SynthesisGenerator,
        mut noise: Vec<f32>,
        real: &Tensor<4>,
        [classes, codes]: [Option<&Tensor<4>>; 2],
        rng: &mut impl Rng,
    ) -> GeneratorInput {
        let count = real.dims()[0];
        let coarse = self.coarse.of_step(&mut noise, real, classes);
        let mut others = noise.split_off(count * self.latent);
        let vectors = self.vectors(noise, count);
        let told = told(classes.cloned(), codes.cloned());
        let mut input = GeneratorInput {
            coarse,
            ..GeneratorInput::new(vectors, told)
        };
        if let Some(layers) = network.style_layers() {
            input.style = self.style(network, &mut others, [count, layers], rng);
        }
        input
    }

    /// What arch `style` takes besides, of `layers` layers, for which noise is taken from the start of `others`.
    fn style(
        &self,
        network: &SynthesisGenerator,
        others: &mut Vec<f32>,
        [count, layers]: [usize; 2],
        rng: &mut impl Rng,
    ) -> StyleInput {
        let mut style = StyleInput::default();
        let mut take = |length| {
            let rest = others.split_off(length);
            std::mem::replace(others, rest)
        };
        if self.mixing > 0.0 {
            let mixed = self.vectors(take(count * self.latent), count);
            let is_mixed = rng.random::<f64>() < self.mixing;
            let first = rng.random_range(1..layers);
            style.mixed = is_mixed.then_some((mixed, first));
        }
        for side in network.noise_sides() {
            let values = TensorData::new(take(count * side * side), [count, 1, side, side]);
            style.noise.push(Tensor::from_data(values, &self.device));
        }
        style
    }

    /// What a preview shows pictures of.
    pub(super) fn of_preview(&self, preview: Preview) -> GeneratorInput {
        let Preview {
            mut rng,
            classes,
            count,
        } = preview;
        let rng = &mut rng;
        let vectors = self.vectors(normal_noise(rng, count * self.latent), count);
        let codes = self.codes.draw(rng, count);
        let codes = self.codes.tensor(codes, &self.device);
        let noise = normal_noise(rng, count * self.coarse.noise_length());
        let coarse = self.coarse.made(noise, classes.as_ref());
        GeneratorInput {
            coarse,
            ..GeneratorInput::new(vectors, told(classes, codes))
        }
    }

    /// Vectors for `count` pictures, `[count, latent, 1, 1]`.
    fn vectors(&self, noise: Vec<f32>, count: usize) -> Tensor<4> {
        let shape = [count, self.latent, 1, 1];
        Tensor::from_data(TensorData::new(noise, shape), &self.device)
    }
}
