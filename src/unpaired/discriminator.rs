//! The discriminator of one domain in training.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::Recipe;
use crate::method::{DiscriminatorLosses, MethodState, StepContext};
use crate::nn::{
    Adam, DiffAugment, Discriminator, FeatureMatching, GanLoss, ImagePool, InstanceNoise,
    Judgement, Penalties, TensorError, Trainable, WEIGHT_CLIP,
};

/// A discriminator, the pool of translations that it is shown, and how pictures are changed before it sees them.
#[derive(Debug)]
pub(super) struct DiscriminatorWithPool {
    pub(super) network: Trainable<Discriminator>,
    pool: ImagePool,
    augment: DiffAugment,
    noise: InstanceNoise,
    gan_loss: GanLoss,
    penalties: Penalties,
    matching: FeatureMatching,
    /// Updates for each of the generator.
    steps: usize,
}

impl DiscriminatorWithPool {
    /// `network` in training as `recipe` asks for it.
    pub(super) fn new(network: Discriminator, recipe: &Recipe) -> Self {
        let adam = Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            network: Trainable::new(network, adam),
            pool: ImagePool::new(recipe.optim.pool_size),
            augment: DiffAugment::new(&recipe.discriminator.augment),
            noise: InstanceNoise::new(recipe),
            gan_loss: GanLoss::new(recipe.loss.gan, recipe.loss.label_smoothing),
            penalties: Penalties::new(&recipe.loss),
            matching: FeatureMatching::new(&recipe.loss),
            steps: recipe.optim.discriminator_steps,
        }
    }

    /// Updates on real pictures and, through the pool, generated ones; returns the losses.
    pub(super) fn update(
        &mut self,
        real: &Tensor<4>,
        fake: Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> DiscriminatorLosses {
        // Without its graph: the discriminator's step must not reach the generator.
        let fake = self.pool.query(fake.inner(), rng);
        let mut losses = self.step(real, &fake, context, rng);
        for _ in 1..self.steps {
            losses = self.step(real, &fake, context, rng);
        }
        losses
    }

    fn step(
        &mut self,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> DiscriminatorLosses {
        let network = self.network.network();
        let real = self.seen(real.clone(), context.epoch, rng);
        let fake = self.seen(fake.clone(), context.epoch, rng);
        let penalty = self
            .penalties
            .loss(network, &real, &fake, context.step, rng);
        let mode = context.training_mode();
        let on_real = network.forward(real, mode);
        let on_fake = network.forward(fake, mode);
        let on_real = self.gan_loss.discriminator_on_real(on_real);
        let on_fake = self.gan_loss.discriminator_on_fake(on_fake);
        let losses = DiscriminatorLosses {
            on_real,
            on_fake,
            penalty,
        };
        let loss = losses.sum() * 0.5;
        let step = context.discriminator_step();
        self.network.update(&mut loss.backward(), step);
        if self.gan_loss.clips_weights() {
            self.network.clip(WEIGHT_CLIP);
        }
        losses
    }

    /// Pictures as the network sees them.
    fn seen(&self, pictures: Tensor<4>, epoch: u64, rng: &mut ChaCha8Rng) -> Tensor<4> {
        let pictures = self.augment.apply(pictures, rng);
        self.noise.apply(pictures, 0, epoch)
    }

    /// What the generator minimises on its pictures, `[1]`, and the losses of their features, compared with those of `real`.
    pub(super) fn generator_loss(
        &self,
        fake: &Tensor<4>,
        real: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> (Tensor<1>, Judgement) {
        let fake = self.seen(fake.clone(), context.epoch, rng);
        // Changed alike, and only where a loss asks for it.
        let real = if self.matching.compares() {
            self.seen(real.clone(), context.epoch, rng)
        } else {
            real.clone()
        };
        let (frozen, mode) = (self.network.frozen(), context.training_mode());
        let judgement = self.matching.judge(&frozen, fake, &real, mode);
        (judgement.generator_loss(self.gan_loss), judgement)
    }

    /// Puts what must be kept besides the weights into `state`.
    pub(super) fn save(&self, state: &mut MethodState, stem: &str) {
        state.insert_optimiser(stem, &self.network);
        state.insert_pool(&pool_part(stem), &self.pool);
    }

    /// Takes it out again; `device` is without automatic differentiation.
    ///
    /// # Errors
    /// The state is not of this network.
    pub(super) fn restore(
        &mut self,
        state: &mut MethodState,
        stem: &str,
        device: &Device,
    ) -> Result<(), TensorError> {
        state.restore_optimiser(stem, &mut self.network)?;
        self.pool.restore(state.take(&pool_part(stem)).0, device);
        Ok(())
    }
}

fn pool_part(stem: &str) -> String {
    stem.replace("discriminator", "pool")
}
