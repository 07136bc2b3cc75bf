//! The pix2pix training step.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{DiscriminatorLosses, Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, DiffAugment, Discriminator, FeatureMatching, ForwardMode, GanLoss, Generator, ImagePool,
    InstanceNoise, NamedTensors, NormStats, Penalties, TensorError, Trainable, WEIGHT_CLIP,
    WeightInit,
};
use crate::random;

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
const POOL: &str = "pool";

/// A conditional generative adversarial network for pairs of pictures.
///
/// The discriminator judges the input together with the output; the generator also minimises the L1 distance to the
/// target. Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2017.
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
    discriminator_steps: usize,
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
            discriminator_steps: recipe.optim.discriminator_steps,
            device: device.clone(),
        }
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
        let mode = context.training_mode();
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
        let pair = |picture: Tensor<4>| Tensor::cat(vec![input.clone(), picture], 1);

        let fake = self
            .generator
            .network()
            .forward(input.clone(), context.training_mode());

        let real_pair = pair(target.clone());
        // Without its graph: the discriminator's step must not reach the generator.
        let fake_pair = pair(fake.clone().inner());
        let mut rng = random::step_rng(context.seed, context.step);
        let fake_pair = self.pool.query(fake_pair, &mut rng);
        let draw = self.augment.draw(&target, &mut rng);
        let given = input.dims()[1];
        let (noise, epoch) = (self.noise, context.epoch);
        let seen = |pair: Tensor<4>| noise.apply(draw.apply(pair, given), given, epoch);
        let (real_pair, fake_pair) = (seen(real_pair), seen(fake_pair));
        let mut judged = self.update_discriminator(&real_pair, &fake_pair, context, &mut rng);
        for _ in 1..self.discriminator_steps {
            judged = self.update_discriminator(&real_pair, &fake_pair, context, &mut rng);
        }

        // The generator is judged by the discriminator after its step.
        let frozen = self.discriminator.frozen();
        let (shown, mode) = (seen(pair(fake.clone())), context.training_mode());
        let judgement = self.matching.judge(&frozen, shown, &real_pair, mode);
        let adversarial = judgement.generator_loss(self.gan_loss);
        let distance = mean((fake - target).abs()) * self.l1;
        let loss = judgement.added_to(adversarial.clone() + distance.clone());
        self.generator
            .update(&mut loss.backward(), context.generator_step());

        let mut losses = vec![
            Loss::generator("G_GAN", &adversarial),
            Loss::generator("G_L1", &distance),
        ];
        losses.extend(Loss::matching(&judgement));
        losses.extend(judged.named());
        losses
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let input = Tensor::<4>::from_data(batch.a.clone(), &self.device);
        let network = self.generator.in_use();
        let output = network.forward(input, ForwardMode::inference(NormStats::Batch, false));
        vec![vec![batch.a, output.into_data(), batch.b]]
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
