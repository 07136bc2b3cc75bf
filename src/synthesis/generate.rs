//! The training step of mode generate.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::classes::{Classes, with_classes};
use super::dcgan_discriminator::DcganDiscriminator;
use super::dcgan_generator::DcganGenerator;
use super::noise::normal_noise;
use crate::config::Recipe;
use crate::data::Batch;
use crate::method::{DiscriminatorLosses, Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, DiffAugment, FeatureMatching, ForwardMode, GanLoss, InstanceNoise, NamedTensors,
    NormStats, Penalties, TensorError, Trainable, WEIGHT_CLIP, WeightInit,
};
use crate::random::{sample_rng, step_rng};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
/// Pictures in a row of a preview.
const PREVIEW_PICTURES: usize = 8;

/// A generator of pictures from noise and, where there are classes, a class, and the discriminator that it plays against.
///
/// Goodfellow et al., "Generative Adversarial Nets", 2014. Each step updates the discriminator; the generator is updated in every one
/// of so many, with noise of that step, and judged by the discriminator after its update. Generated pictures have the classes of the
/// real ones of the step.
#[derive(Debug)]
pub struct Generate {
    generator: Trainable<DcganGenerator>,
    discriminator: Trainable<DcganDiscriminator>,
    classes: Classes,
    augment: DiffAugment,
    noise: InstanceNoise,
    gan_loss: GanLoss,
    penalties: Penalties,
    matching: FeatureMatching,
    latent: usize,
    discriminator_steps: u64,
    /// Seed of the pictures in previews.
    seed: u64,
    /// Without automatic differentiation.
    device: Device,
}

impl Generate {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let input = recipe.generator.latent + recipe.class_count();
        let picture = [recipe.data.crop_size, recipe.data.output_channels];
        let generator = DcganGenerator::new(&mut init(0), &recipe.generator, input, picture);
        let discriminator = DcganDiscriminator::new(&mut init(1), recipe);
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam()).with_average(recipe.optim.ema),
            discriminator: Trainable::new(discriminator, adam()),
            classes: Classes::new(recipe),
            augment: DiffAugment::new(&recipe.discriminator.augment),
            noise: InstanceNoise::new(recipe),
            gan_loss: GanLoss::new(recipe.loss.gan, recipe.loss.label_smoothing),
            penalties: Penalties::new(&recipe.loss),
            matching: FeatureMatching::new(&recipe.loss),
            latent: recipe.generator.latent,
            discriminator_steps: recipe.optim.discriminator_steps as u64,
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
        rng: &mut ChaCha8Rng,
    ) -> Vec<Loss> {
        let real = Tensor::<4>::from_data(batch.b, &self.device);
        let count = real.dims()[0];
        let places = self.classes.of_pictures(&batch.names, count);
        let classes = self.classes.one_hot(&places, &self.device);
        let input = with_classes(classes.as_ref(), self.vectors(noise, count));
        let fake = self
            .generator
            .network()
            .forward(input, ForwardMode::TRAINING);
        // Without its graph: the discriminator's step must not reach the generator.
        let seen = fake.clone().inner();
        let judged = self.update_discriminator(&real, &seen, classes.as_ref(), context, rng);
        let judged = judged.named();
        if !context.step.is_multiple_of(self.discriminator_steps) {
            return judged.collect();
        }
        let fake = self.seen(fake, classes.as_ref(), context.epoch, rng);
        // Changed alike, and only where a loss asks for it.
        let real = if self.matching.compares() {
            self.seen(real, classes.as_ref(), context.epoch, rng)
        } else {
            real
        };
        let judgement = self
            .matching
            .judge(&self.discriminator.frozen(), fake, &real);
        let adversarial = judgement.generator_loss(self.gan_loss);
        let loss = judgement.added_to(adversarial.clone());
        self.generator
            .update(&mut loss.backward(), context.generator_step());
        let mut losses = vec![Loss::generator("G_GAN", &adversarial)];
        losses.extend(Loss::matching(&judgement));
        losses.extend(judged);
        losses
    }

    /// Updates the discriminator on real and generated pictures of `classes`; returns its losses.
    fn update_discriminator(
        &mut self,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        classes: Option<&Tensor<4>>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> DiscriminatorLosses {
        let real = self.seen(real.clone(), classes, context.epoch, rng);
        let fake = self.seen(fake.clone(), classes, context.epoch, rng);
        let network = self.discriminator.network();
        let penalty = self
            .penalties
            .loss(network, &real, &fake, context.step, rng);
        let on_real = network.forward(real, ForwardMode::TRAINING);
        let on_fake = network.forward(fake, ForwardMode::TRAINING);
        let losses = DiscriminatorLosses {
            on_real: self.gan_loss.discriminator_on_real(on_real),
            on_fake: self.gan_loss.discriminator_on_fake(on_fake),
            penalty,
        };
        let step = context.discriminator_step();
        self.discriminator
            .update(&mut losses.sum().backward(), step);
        if self.gan_loss.clips_weights() {
            self.discriminator.clip(WEIGHT_CLIP);
        }
        losses
    }

    /// Pictures and their classes as the discriminator sees them.
    fn seen(
        &self,
        pictures: Tensor<4>,
        classes: Option<&Tensor<4>>,
        epoch: u64,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        let pictures = self.augment.apply(pictures, rng);
        with_classes(classes, self.noise.apply(pictures, 0, epoch))
    }

    /// Vectors for `count` pictures, `[count, latent, 1, 1]`.
    fn vectors(&self, noise: Vec<f32>, count: usize) -> Tensor<4> {
        let shape = [count, self.latent, 1, 1];
        Tensor::from_data(TensorData::new(noise, shape), &self.device)
    }

    /// `count` pictures of the class of the real picture of this name, always from the same noise, each `[1, channels, side, side]`.
    fn samples(&self, names: &[String], count: usize) -> Vec<TensorData> {
        let name = names.first().map_or("", String::as_str);
        let hash = Sha256::digest(name);
        let index = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
        let rng = &mut sample_rng(self.seed, u64::from(index));
        let place = self.classes.of_pictures(names, 1)[0];
        let classes = self.classes.one_hot(&vec![place; count], &self.device);
        let vectors = self.vectors(normal_noise(rng, count * self.latent), count);
        let input = with_classes(classes.as_ref(), vectors);
        let mode = ForwardMode::inference(NormStats::Running, false);
        let pictures = self.generator.in_use().forward(input, mode);
        let picture = |place| pictures.clone().narrow(0, place, 1).into_data();
        (0..count).map(picture).collect()
    }
}

impl Method for Generate {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let rng = &mut step_rng(context.seed, context.step);
        let noise = normal_noise(rng, batch.b.shape()[0] * self.latent);
        self.step_with(batch, noise, context, rng)
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        vec![self.samples(&batch.names, PREVIEW_PICTURES)]
    }

    /// A picture of the class of the real one, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        let made = self.samples(&batch.names, 1);
        made.into_iter()
            .map(|made| (made, batch.b.clone()))
            .collect()
    }

    fn networks(&self) -> &'static [&'static str] {
        &[GENERATOR, DISCRIMINATOR]
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match network {
            GENERATOR => self.generator.weights(),
            _ => self.discriminator.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => self.generator.load_weights(weights),
            _ => self.discriminator.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        state.insert_optimiser(DISCRIMINATOR, &self.discriminator);
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        state.restore_optimiser(DISCRIMINATOR, &mut self.discriminator)
    }
}
