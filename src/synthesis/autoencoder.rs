//! The training step of mode vae.

use burn::tensor::{Device, Tensor, TensorData};

use super::classes::{Classes, with_classes};
use super::dcgan_generator::DcganGenerator;
use super::encoder::Encoder;
use super::noise::normal_noise;
use super::preview::{Preview, beside_real, one_by_one};
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{Loss, Method, MethodState, StepContext};
use crate::nn::{Adam, ForwardMode, NamedTensors, NormStats, TensorError, Trainable, WeightInit};

const GENERATOR: &str = "generator";
const ENCODER: &str = "encoder";
/// Pictures from noise in a row of a preview.
const PREVIEW_PICTURES: usize = 6;

/// A variational autoencoder: an encoder from pictures to the law of their codes, and a generator from codes to pictures.
///
/// Minimises the negative evidence lower bound per picture, where pixels have normal noise of variance 1: half of the sum of squared
/// differences of reconstruction and picture, and, times `loss.kl`, the divergence of the law of its code from the standard normal one.
/// That weight takes the place of another variance of the noise. With 0 it is a plain autoencoder, whose codes are the means. With
/// classes both networks are told that of the picture. Kingma and Welling, "Auto-Encoding Variational Bayes", 2014; Sohn, Lee and Yan,
/// "Learning Structured Output Representation using Deep Conditional Generative Models", 2015.
#[derive(Debug)]
pub struct Autoencoder {
    generator: Trainable<DcganGenerator>,
    encoder: Trainable<Encoder>,
    classes: Classes,
    latent: usize,
    kl: f64,
    /// Seed of the pictures in previews.
    seed: u64,
    /// Without automatic differentiation.
    device: Device,
}

impl Autoencoder {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let generator = DcganGenerator::from_recipe(&mut init(0), recipe);
        let encoder = Encoder::new(&mut init(1), recipe);
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam()).with_average(recipe.optim.ema),
            encoder: Trainable::new(encoder, adam()).with_average(recipe.optim.ema),
            classes: Classes::new(recipe),
            latent: recipe.generator.latent,
            kl: recipe.loss.kl,
            seed: recipe.train.seed,
            device: device.clone(),
        }
    }

    /// Takes one training step with this `noise`, `latent` values for each picture of `batch`.
    pub fn step_with(
        &mut self,
        batch: Batch,
        noise: Vec<f32>,
        context: StepContext<'_>,
    ) -> Vec<Loss> {
        let mode = context.training_mode();
        let classes = self.classes.of_batch(&batch, &self.device);
        let picture = Tensor::<4>::from_data(batch.b, &self.device);
        let [count, channels, height, width] = picture.dims();
        let input = with_classes(classes.as_ref(), picture.clone());
        let law = self.encoder.network().forward(input, mode);
        let is_variational = self.kl > 0.0;
        let code = if is_variational {
            law.draw(self.vectors(noise, count))
        } else {
            law.mean.clone()
        };
        let input = with_classes(classes.as_ref(), code);
        let output = self.generator.network().forward(input, mode);
        let values = (channels * height * width) as f64;
        let distance = mean((output - picture).square()) * (values / 2.0);
        let divergence = is_variational.then(|| law.divergence() * self.kl);
        let loss = match &divergence {
            Some(divergence) => distance.clone() + divergence.clone(),
            None => distance.clone(),
        };
        let mut gradients = loss.backward();
        let step = context.generator_step();
        self.generator.update(&mut gradients, step);
        self.encoder.update(&mut gradients, step);
        let divergence = divergence.as_ref();
        [Loss::generator("reconstruction", &distance)]
            .into_iter()
            .chain(divergence.map(|divergence| Loss::generator("KL", divergence)))
            .collect()
    }

    /// Vectors for `count` pictures, `[count, latent, 1, 1]`.
    fn vectors(&self, noise: Vec<f32>, count: usize) -> Tensor<4> {
        let shape = [count, self.latent, 1, 1];
        Tensor::from_data(TensorData::new(noise, shape), &self.device)
    }

    /// Pictures from codes, each `[1, channels, side, side]`.
    fn decoded(&self, codes: Tensor<4>, classes: Option<&Tensor<4>>) -> Vec<TensorData> {
        let mode = ForwardMode::inference(NormStats::Running, false);
        let input = with_classes(classes, codes);
        one_by_one(&self.generator.in_use().forward(input, mode))
    }

    /// A batch of one picture, encoded and decoded.
    fn reconstruction(&self, batch: &Batch) -> Option<TensorData> {
        let classes = self.classes.of_batch(batch, &self.device);
        let picture = Tensor::<4>::from_data(batch.b.clone(), &self.device);
        let input = with_classes(classes.as_ref(), picture);
        let mode = ForwardMode::inference(NormStats::Running, false);
        let law = self.encoder.in_use().forward(input, mode);
        self.decoded(law.mean, classes.as_ref()).pop()
    }
}

impl Method for Autoencoder {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let rng = &mut context.rng();
        let noise = normal_noise(rng, batch.b.shape()[0] * self.latent);
        self.step_with(batch, noise, context)
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: picture, the same encoded and decoded, then pictures from noise."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let mut row = vec![batch.b.clone()];
        row.extend(self.reconstruction(&batch));
        if self.kl > 0.0 {
            let (count, classes) = (PREVIEW_PICTURES, &self.classes);
            let mut preview = Preview::new(self.seed, &batch, count, classes, &self.device);
            let noise = normal_noise(&mut preview.rng, count * self.latent);
            let codes = self.vectors(noise, count);
            row.extend(self.decoded(codes, preview.classes.as_ref()));
        }
        vec![row]
    }

    /// The reconstruction of a picture, and the picture.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        beside_real(self.reconstruction(&batch).into_iter().collect(), &batch)
    }

    fn networks(&self) -> &'static [&'static str] {
        &[GENERATOR, ENCODER]
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match network {
            GENERATOR => self.generator.weights(),
            _ => self.encoder.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => self.generator.load_weights(weights),
            _ => self.encoder.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        state.insert_optimiser(ENCODER, &self.encoder);
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        state.restore_optimiser(ENCODER, &mut self.encoder)
    }
}
