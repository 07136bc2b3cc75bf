//! The pix2pix training step.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::view::View;
use crate::config::Recipe;
use crate::data::Batch;
use crate::method::{DiscriminatorLosses, Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, DiffAugment, Discriminator, FeatureMatching, ForwardMode, GanLoss, Generator, ImagePool,
    InstanceNoise, NamedTensors, NormStats, Penalties, TensorError, Trainable, Vgg19, WEIGHT_CLIP,
    WeightInit, enlarged,
};
use crate::random;

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
const POOL: &str = "pool";

/// A conditional generative adversarial network for pairs of pictures.
///
/// The discriminator judges the input together with the output; the generator also minimises the L1 distance to the
/// target. Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2017.
///
/// With a generator that enlarges, the discriminator is shown the input enlarged. With the weights of VGG19, the generator minimises
/// the distance between its features too, as in pix2pixHD.
#[derive(Debug)]
pub struct Pix2pix {
    generator: Trainable<Generator>,
    discriminator: Trainable<Discriminator>,
    pool: ImagePool,
    augment: DiffAugment,
    noise: InstanceNoise,
    gan_loss: GanLoss,
    penalties: Penalties,
    matching: FeatureMatching,
    l1: f64,
    /// Weight of the adversarial loss; 0 leaves the discriminator out.
    adversarial: f64,
    vgg: Option<Vgg19>,
    perceptual: f64,
    discriminator_steps: usize,
    /// How many times larger than its input the output is.
    scale: usize,
    view: View,
    norm_stats: NormStats,
    /// Without automatic differentiation.
    device: Device,
}

impl Pix2pix {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (input, output) = (recipe.data.input_channels, recipe.data.output_channels);
        let generator = Generator::new(&mut init(0), &recipe.generator, input, output);
        let judged = input + output;
        let discriminator = Discriminator::new(&mut init(1), &recipe.discriminator, judged);
        Self::from_networks(recipe, generator, discriminator, device)
    }

    /// Wraps given networks, which lie on the autodiff device of `device`.
    pub fn from_networks(
        recipe: &Recipe,
        generator: Generator,
        discriminator: Discriminator,
        device: &Device,
    ) -> Self {
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam()).with_average(recipe.optim.ema),
            discriminator: Trainable::new(discriminator, adam()),
            pool: ImagePool::new(recipe.optim.pool_size),
            augment: DiffAugment::new(&recipe.discriminator.augment),
            noise: InstanceNoise::new(recipe),
            gan_loss: GanLoss::new(recipe.loss.gan, recipe.loss.label_smoothing),
            penalties: Penalties::new(&recipe.loss),
            matching: FeatureMatching::new(&recipe.loss),
            l1: recipe.loss.l1,
            adversarial: recipe.loss.adversarial,
            vgg: None,
            perceptual: recipe.loss.perceptual,
            discriminator_steps: recipe.optim.discriminator_steps,
            scale: recipe.generator.scale,
            view: View::new(recipe),
            norm_stats: NormStats::usual(recipe),
            device: device.clone(),
        }
    }

    /// Adds the perceptual loss of the recipe, with the weights of VGG19.
    ///
    /// # Errors
    /// The weights are incomplete.
    pub fn with_perceptual_loss(
        mut self,
        weights: &NamedTensors,
        recipe: &Recipe,
    ) -> Result<Self, TensorError> {
        let device = self.device.clone().autodiff();
        self.vgg = Some(Vgg19::from_weights(
            weights,
            recipe.train.precision,
            &device,
        )?);
        Ok(self)
    }

    /// The generator's loss as the discriminator sees its output, `fake`, after a step of its own; with the terms for display.
    fn play(
        &mut self,
        input: &Tensor<4>,
        target: &Tensor<4>,
        fake: &Tensor<4>,
        context: StepContext<'_>,
    ) -> (Tensor<1>, Vec<Loss>) {
        let condition = match self.scale {
            1 => input.clone(),
            scale => enlarged(input.clone(), scale),
        };
        let pair = |picture: Tensor<4>| Tensor::cat(vec![condition.clone(), picture], 1);
        let real_pair = pair(target.clone());
        // Without its graph: the discriminator's step must not reach the generator.
        let fake_pair = pair(fake.clone().inner());
        let mut rng = random::step_rng(context.seed, context.step);
        let fake_pair = self.pool.query(fake_pair, &mut rng);
        let draw = self.augment.draw(target, &mut rng);
        let given = condition.dims()[1];
        let (noise, epoch) = (self.noise, context.epoch);
        let seen = |pair: Tensor<4>| noise.apply(draw.apply(pair, given), given, epoch);
        let (real_pair, fake_pair) = (seen(real_pair), seen(fake_pair));
        let mut judged = self.update_discriminator(&real_pair, &fake_pair, context, &mut rng);
        for _ in 1..self.discriminator_steps {
            judged = self.update_discriminator(&real_pair, &fake_pair, context, &mut rng);
        }

        // The generator is judged by the discriminator after its step.
        let frozen = self.discriminator.frozen();
        let judgement = self
            .matching
            .judge(&frozen, seen(pair(fake.clone())), &real_pair);
        let adversarial = judgement.generator_loss(self.gan_loss) * self.adversarial;
        let mut losses = vec![Loss::generator("G_GAN", &adversarial)];
        losses.extend(Loss::matching(&judgement));
        losses.extend(judged.named());
        (judgement.added_to(adversarial), losses)
    }

    /// Updates the discriminator on the real pair and a generated one; returns its losses.
    fn update_discriminator(
        &mut self,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> DiscriminatorLosses {
        let network = self.discriminator.network();
        let mode = ForwardMode::TRAINING;
        let on_fake = network.forward(fake.clone(), mode);
        let on_fake = self.gan_loss.discriminator_on_fake(on_fake);
        let on_real = network.forward(real.clone(), mode);
        let on_real = self.gan_loss.discriminator_on_real(on_real);
        let penalty = self.penalties.loss(network, real, fake, context.step, rng);
        let losses = DiscriminatorLosses {
            on_real,
            on_fake,
            penalty,
        };
        let loss = losses.sum() * 0.5;
        let step = context.discriminator_step();
        self.discriminator.update(&mut loss.backward(), step);
        if self.gan_loss.clips_weights() {
            self.discriminator.clip(WEIGHT_CLIP);
        }
        losses
    }
}

impl Method for Pix2pix {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let input = Tensor::<4>::from_data(batch.a, &self.device);
        let target = Tensor::<4>::from_data(batch.b, &self.device);
        let fake = self
            .generator
            .network()
            .forward(input.clone(), ForwardMode::TRAINING);

        let distance = (fake.clone() - target.clone()).abs().mean() * self.l1;
        let named = Loss::generator("G_L1", &distance);
        let (mut loss, mut losses) = if self.adversarial > 0.0 {
            let (played, mut terms) = self.play(&input, &target, &fake, context);
            terms.insert(1, named);
            (played + distance, terms)
        } else {
            (distance, vec![named])
        };
        if let Some(vgg) = &self.vgg {
            let distance = vgg.perceptual_loss(fake, target) * self.perceptual;
            losses.push(Loss::generator("G_VGG", &distance));
            loss = loss + distance;
        }
        self.generator
            .update(&mut loss.backward(), context.generator_step());
        losses
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let input = Tensor::<4>::from_data(batch.a.clone(), &self.device);
        let network = self.generator.in_use();
        let mode = ForwardMode::inference(self.norm_stats, false);
        let output = network.forward(input, mode).into_data();
        vec![self.view.row(batch.a, output, batch.b, &self.device)]
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
        state.insert_pool(POOL, &self.pool);
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        state.restore_optimiser(DISCRIMINATOR, &mut self.discriminator)?;
        self.pool.restore(state.take(POOL).0, &self.device);
        Ok(())
    }
}
