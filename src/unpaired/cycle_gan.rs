//! The CycleGAN training step.

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use crate::config::Recipe;
use crate::data::Batch;
use crate::method::{Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, Discriminator, ForwardMode, GanLoss, Generator, ImagePool, NamedTensors, NormStats,
    TensorError, Trainable, WEIGHT_CLIP, WeightInit,
};
use crate::random;

const GENERATOR_A2B: &str = "generator_a2b";
const GENERATOR_B2A: &str = "generator_b2a";
const DISCRIMINATOR_A: &str = "discriminator_a";
const DISCRIMINATOR_B: &str = "discriminator_b";

/// Two generators between domains A and B, held together by cycle consistency, and a discriminator for each domain.
///
/// As in the reference implementation discriminator A judges domain B, and discriminator B judges domain A. Zhu, Park,
/// Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", 2017.
#[derive(Debug)]
pub struct CycleGan {
    a2b: Trainable<Generator>,
    b2a: Trainable<Generator>,
    discriminator_a: DiscriminatorWithPool,
    discriminator_b: DiscriminatorWithPool,
    gan_loss: GanLoss,
    /// Weights of the cycles that start in A and in B, and of the identity loss as a fraction of these.
    cycle_a: f64,
    cycle_b: f64,
    identity: f64,
    discriminator_steps: usize,
    /// Without automatic differentiation.
    device: Device,
}

/// A discriminator and the pool of translations that it is shown.
#[derive(Debug)]
struct DiscriminatorWithPool {
    network: Trainable<Discriminator>,
    pool: ImagePool,
}

impl DiscriminatorWithPool {
    /// Updates on real pictures and, through the pool, generated ones; returns the mean of the two losses.
    fn update(
        &mut self,
        gan_loss: GanLoss,
        real: &Tensor<4>,
        fake: Tensor<4>,
        steps: usize,
        rate: f64,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<1> {
        let fake = self.pool.query(fake.inner(), rng);
        let mut step = || {
            let network = self.network.network();
            let on_real = network.forward(real.clone(), ForwardMode::TRAINING);
            let on_fake = network.forward(fake.clone(), ForwardMode::TRAINING);
            let loss = (gan_loss.discriminator_on_real(on_real)
                + gan_loss.discriminator_on_fake(on_fake))
                * 0.5;
            self.network.update(&mut loss.backward(), rate);
            if gan_loss.clips_weights() {
                self.network.clip(WEIGHT_CLIP);
            }
            loss
        };
        let mut loss = step();
        for _ in 1..steps {
            loss = step();
        }
        loss
    }
}

impl CycleGan {
    /// Networks with fresh weights, as `recipe` describes them.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (a, b) = (recipe.data.input_channels, recipe.data.output_channels);
        let generator =
            |stream, from, to| Generator::new(&mut init(stream), &recipe.generator, from, to);
        let discriminator = |stream, channels| {
            Discriminator::new(&mut init(stream), &recipe.discriminator, channels)
        };
        let generators = [generator(0, a, b), generator(1, b, a)];
        let discriminators = [discriminator(2, b), discriminator(3, a)];
        Self::from_networks(recipe, generators, discriminators, device)
    }

    /// The method around given networks (A to B, B to A; judge of B, judge of A), which lie on the autodiff device of
    /// `device`.
    pub fn from_networks(
        recipe: &Recipe,
        generators: [Generator; 2],
        discriminators: [Discriminator; 2],
        device: &Device,
    ) -> Self {
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        let [a2b, b2a] = generators.map(|network| Trainable::new(network, adam()));
        let [discriminator_a, discriminator_b] =
            discriminators.map(|network| DiscriminatorWithPool {
                network: Trainable::new(network, adam()),
                pool: ImagePool::new(recipe.optim.pool_size),
            });
        Self {
            a2b,
            b2a,
            discriminator_a,
            discriminator_b,
            gan_loss: GanLoss::new(recipe.loss.gan, recipe.loss.label_smoothing),
            cycle_a: recipe.loss.cycle_a,
            cycle_b: recipe.loss.cycle_b,
            identity: recipe.loss.identity,
            discriminator_steps: recipe.optim.discriminator_steps,
            device: device.clone(),
        }
    }

    /// Updates both generators; returns the translations (to B, to A) and the losses.
    fn update_generators(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        rate: f64,
    ) -> (Tensor<4>, Tensor<4>, GeneratorLosses) {
        let (a2b, b2a) = (self.a2b.network(), self.b2a.network());
        let mode = ForwardMode::TRAINING;
        let fake_b = a2b.forward(real_a.clone(), mode);
        let recovered_a = b2a.forward(fake_b.clone(), mode);
        let fake_a = b2a.forward(real_b.clone(), mode);
        let recovered_b = a2b.forward(fake_a.clone(), mode);

        let judge = |judge: &DiscriminatorWithPool, fake: &Tensor<4>| {
            let logits = judge.network.frozen().forward(fake.clone(), mode);
            self.gan_loss.generator(logits)
        };
        let distance = |one: Tensor<4>, other: &Tensor<4>| (one - other.clone()).abs().mean();
        let gan_a = judge(&self.discriminator_a, &fake_b);
        let gan_b = judge(&self.discriminator_b, &fake_a);
        let cycle_a = distance(recovered_a, real_a) * self.cycle_a;
        let cycle_b = distance(recovered_b, real_b) * self.cycle_b;
        // A generator into B should leave pictures of B as they are.
        let identity = (self.identity > 0.0).then(|| {
            let same_b = a2b.forward(real_b.clone(), mode);
            let same_a = b2a.forward(real_a.clone(), mode);
            (
                distance(same_b, real_b) * (self.cycle_b * self.identity),
                distance(same_a, real_a) * (self.cycle_a * self.identity),
            )
        });

        let mut loss = gan_a.clone() + gan_b.clone() + cycle_a.clone() + cycle_b.clone();
        if let Some((identity_a, identity_b)) = &identity {
            loss = loss + identity_a.clone() + identity_b.clone();
        }
        let mut gradients: Gradients = loss.backward();
        self.a2b.update(&mut gradients, rate);
        self.b2a.update(&mut gradients, rate);
        let losses = GeneratorLosses {
            gan: [gan_a, gan_b],
            cycle: [cycle_a, cycle_b],
            identity: identity.map(|(a, b)| [a, b]),
        };
        (fake_b, fake_a, losses)
    }
}

/// Losses of the generators: of the side with discriminator A, then of the side with discriminator B.
struct GeneratorLosses {
    gan: [Tensor<1>; 2],
    cycle: [Tensor<1>; 2],
    identity: Option<[Tensor<1>; 2]>,
}

impl Method for CycleGan {
    fn step(&mut self, batch: Batch, context: StepContext) -> Vec<Loss> {
        let real_a = Tensor::<4>::from_data(batch.a, &self.device);
        let real_b = Tensor::<4>::from_data(batch.b, &self.device);
        let (fake_b, fake_a, losses) =
            self.update_generators(&real_a, &real_b, context.generator_rate);

        let mut rng = random::step_rng(context.seed, context.step);
        let (gan_loss, rate) = (self.gan_loss, context.discriminator_rate);
        let steps = self.discriminator_steps;
        let judge_a = &mut self.discriminator_a;
        let loss_a = judge_a.update(gan_loss, &real_b, fake_b, steps, rate, &mut rng);
        let judge_b = &mut self.discriminator_b;
        let loss_b = judge_b.update(gan_loss, &real_a, fake_a, steps, rate, &mut rng);

        let mut named = Vec::with_capacity(8);
        let names = [
            ["D_A", "G_A", "cycle_A", "idt_A"],
            ["D_B", "G_B", "cycle_B", "idt_B"],
        ];
        for (side, loss) in [loss_a, loss_b].iter().enumerate() {
            let [discriminator, gan, cycle, identity] = names[side];
            named.push(Loss::discriminator(discriminator, loss));
            named.push(Loss::generator(gan, &losses.gan[side]));
            named.push(Loss::generator(cycle, &losses.cycle[side]));
            if let Some(values) = &losses.identity {
                named.push(Loss::generator(identity, &values[side]));
            }
        }
        named
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let row = |real: TensorData, there: &Generator, back: &Generator| {
            let input = Tensor::<4>::from_data(real.clone(), &self.device);
            let translated = there.forward(input, mode);
            let recovered = back.forward(translated.clone(), mode);
            vec![real, translated.into_data(), recovered.into_data()]
        };
        let (a2b, b2a) = (self.a2b.network().valid(), self.b2a.network().valid());
        vec![row(batch.a, &a2b, &b2a), row(batch.b, &b2a, &a2b)]
    }

    /// The translation into domain B, with a real picture of that domain, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let input = Tensor::<4>::from_data(batch.a, &self.device);
        let translated = self.a2b.network().valid().forward(input, mode);
        vec![(translated.into_data(), batch.b)]
    }

    fn networks(&self) -> &'static [&'static str] {
        &[
            GENERATOR_A2B,
            GENERATOR_B2A,
            DISCRIMINATOR_A,
            DISCRIMINATOR_B,
        ]
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match network {
            GENERATOR_A2B => self.a2b.weights(),
            GENERATOR_B2A => self.b2a.weights(),
            DISCRIMINATOR_A => self.discriminator_a.network.weights(),
            _ => self.discriminator_b.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR_A2B => self.a2b.load_weights(weights),
            GENERATOR_B2A => self.b2a.load_weights(weights),
            DISCRIMINATOR_A => self.discriminator_a.network.load_weights(weights),
            _ => self.discriminator_b.network.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR_A2B, &self.a2b);
        state.insert_optimiser(GENERATOR_B2A, &self.b2a);
        for (stem, judge) in [
            (DISCRIMINATOR_A, &self.discriminator_a),
            (DISCRIMINATOR_B, &self.discriminator_b),
        ] {
            state.insert_optimiser(stem, &judge.network);
            state.insert(&pool_of(stem), (judge.pool.state(), 0));
        }
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR_A2B, &mut self.a2b)?;
        state.restore_optimiser(GENERATOR_B2A, &mut self.b2a)?;
        for (stem, judge) in [
            (DISCRIMINATOR_A, &mut self.discriminator_a),
            (DISCRIMINATOR_B, &mut self.discriminator_b),
        ] {
            state.restore_optimiser(stem, &mut judge.network)?;
            judge
                .pool
                .restore(state.take(&pool_of(stem)).0, &self.device);
        }
        Ok(())
    }
}

fn pool_of(stem: &str) -> String {
    stem.replace("discriminator", "pool")
}
