//! The discriminator of pairs in training.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::Recipe;
use crate::method::{DiscriminatorLosses, MethodState, StepContext};
use crate::nn::{
    Adam, AugmentDraw, DiffAugment, Discriminator, GanLoss, ImagePool, InstanceNoise, Penalties,
    TensorError, Trainable, WEIGHT_CLIP,
};

/// A discriminator that judges an input together with its output, the pool of outputs that it is shown, and how pictures are changed
/// before it sees them.
#[derive(Debug)]
pub(super) struct PairDiscriminator {
    pub(super) network: Trainable<Discriminator>,
    pool: ImagePool,
    augment: DiffAugment,
    noise: InstanceNoise,
    gan_loss: GanLoss,
    penalties: Penalties,
    /// Updates for each of the generator.
    steps: usize,
}

/// How pairs of one step are changed before they are seen, real and generated ones alike.
#[derive(Debug)]
pub(super) struct View {
    draw: AugmentDraw,
    noise: InstanceNoise,
    /// Channels of the input.
    given: usize,
    epoch: u64,
}

/// What a discriminator is shown in one step, `[batch, channels, height, width]` without gradients.
#[derive(Debug)]
pub(super) struct ShownPairs {
    pub(super) real: Tensor<4>,
    fake: Tensor<4>,
    pub(super) view: View,
}

impl View {
    /// Input and output, joined, as the discriminator sees them.
    pub(super) fn apply(&self, pair: Tensor<4>) -> Tensor<4> {
        let changed = self.draw.apply(pair, self.given);
        self.noise.apply(changed, self.given, self.epoch)
    }
}

impl PairDiscriminator {
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
            steps: recipe.optim.discriminator_steps,
        }
    }

    /// What it is to be shown of `input` with its `target` and with what was generated, through the pool.
    pub(super) fn show(
        &mut self,
        [input, target, fake]: [&Tensor<4>; 3],
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> ShownPairs {
        let pair = |picture: Tensor<4>| Tensor::cat(vec![input.clone(), picture], 1);
        // Without its graph: the discriminator's step must not reach the generator.
        let fake = self.pool.query(pair(fake.clone().inner()), rng);
        let view = View {
            draw: self.augment.draw(target, rng),
            noise: self.noise,
            given: input.dims()[1],
            epoch: context.epoch,
        };
        let real = view.apply(pair(target.clone()));
        let fake = view.apply(fake);
        ShownPairs { real, fake, view }
    }

    /// Updates on pairs, as often as the recipe says; returns the losses on each of them, in the last update.
    pub(super) fn update(
        &mut self,
        shown: &[&ShownPairs],
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<DiscriminatorLosses> {
        let mut losses = self.step(shown, context, rng);
        for _ in 1..self.steps {
            losses = self.step(shown, context, rng);
        }
        losses
    }

    fn step(
        &mut self,
        shown: &[&ShownPairs],
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<DiscriminatorLosses> {
        let network = self.network.network();
        let mode = context.training_mode();
        let judged = shown.iter().map(|ShownPairs { real, fake, .. }| {
            let on_fake = network.forward(fake.clone(), mode);
            let on_fake = self.gan_loss.discriminator_on_fake(on_fake);
            let on_real = network.forward(real.clone(), mode);
            let on_real = self.gan_loss.discriminator_on_real(on_real);
            let penalty = self.penalties.loss(network, real, fake, context.step, rng);
            DiscriminatorLosses {
                on_real,
                on_fake,
                penalty,
            }
        });
        let losses: Vec<DiscriminatorLosses> = judged.collect();
        let all = losses.iter().map(DiscriminatorLosses::sum);
        let Some(loss) = all.reduce(|sum, loss| sum + loss) else {
            return losses;
        };
        let loss = loss * 0.5;
        self.network
            .update(&mut loss.backward(), context.discriminator_step());
        if self.gan_loss.clips_weights() {
            self.network.clip(WEIGHT_CLIP);
        }
        losses
    }

    /// Puts what must be kept besides the weights into `state`.
    pub(super) fn save(&self, state: &mut MethodState, [stem, pool]: [&str; 2]) {
        state.insert_optimiser(stem, &self.network);
        state.insert_pool(pool, &self.pool);
    }

    /// Takes it out again.
    ///
    /// # Errors
    /// It belongs to another network.
    pub(super) fn restore(
        &mut self,
        state: &mut MethodState,
        [stem, pool]: [&str; 2],
        device: &Device,
    ) -> Result<(), TensorError> {
        state.restore_optimiser(stem, &mut self.network)?;
        self.pool.restore(state.take(pool).0, device);
        Ok(())
    }
}
