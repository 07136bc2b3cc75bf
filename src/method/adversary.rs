//! The discriminator in training, as all methods that have one share it.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::micro_batches::MicroBatch;
use super::state::MethodState;
use super::step_context::StepContext;
use crate::config::Recipe;
use crate::nn::{
    Adam, AugmentDraw, Critic, DiffAugment, FeatureMatching, GanLoss, ImagePool, InstanceNoise,
    JointForward, Judgement, Penalties, TensorError, Trainable, WEIGHT_CLIP,
};

/// A discriminator in training, how pictures are changed before it sees them, and the losses of both players.
///
/// In which order it is shown real and generated pictures, and what its loss has besides, is for each method to say.
#[derive(Debug)]
pub struct Adversary<D> {
    /// The discriminator.
    pub network: Trainable<D>,
    /// What both players minimise of its logits.
    pub gan_loss: GanLoss,
    /// What the generator minimises of its features.
    pub matching: FeatureMatching,
    /// Earlier pictures of the generator; empty in modes that keep none.
    pub pool: ImagePool,
    /// Its updates for each of the generator.
    pub steps: usize,
    /// How it sees real and generated pictures in one pass.
    pub joint: JointForward,
    augment: DiffAugment,
    noise: InstanceNoise,
    penalties: Penalties,
}

/// How pictures of one step are changed before they are judged, real and generated ones alike.
#[derive(Debug)]
pub struct AugmentedView {
    draw: AugmentDraw,
    noise: InstanceNoise,
    condition: usize,
    epoch: u64,
}

impl AugmentedView {
    /// `pictures`, `[batch, channels, height, width]`, as the discriminator sees them. Noise is drawn anew with each call.
    pub fn apply(&self, pictures: Tensor<4>) -> Tensor<4> {
        let changed = self.draw.apply(pictures, self.condition);
        self.noise.apply(changed, self.condition, self.epoch)
    }
}

impl<D: Critic> Adversary<D> {
    /// `network` in training as `recipe` asks for it.
    pub fn new(network: D, recipe: &Recipe) -> Self {
        let adam = Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            network: Trainable::new(network, adam),
            gan_loss: GanLoss::new(recipe.loss.gan, recipe.loss.label_smoothing),
            matching: FeatureMatching::new(&recipe.loss),
            pool: ImagePool::new(recipe.optim.pool_size),
            steps: recipe.optim.discriminator_steps,
            joint: JointForward::of_discriminator(&recipe.discriminator),
            augment: DiffAugment::new(&recipe.discriminator.augment),
            noise: InstanceNoise::new(recipe),
            penalties: Penalties::new(&recipe.loss),
        }
    }

    /// Draws a view for as many pictures as `pictures`, and of their size. The first `condition` channels of what is judged, which
    /// belong to what a picture is judged with, are moved and cut with the picture; their values stay as they are.
    pub fn view(
        &self,
        pictures: &Tensor<4>,
        condition: usize,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> AugmentedView {
        AugmentedView {
            draw: self.augment.draw(pictures, rng),
            noise: self.noise,
            condition,
            epoch: context.epoch,
        }
    }

    /// `pictures`, `[batch, channels, height, width]`, in a view of their own.
    pub fn seen(
        &self,
        pictures: Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        self.view(&pictures, 0, context, rng).apply(pictures)
    }

    /// The sum of the penalties on the gradient at what it sees, `[1]`; `None` for a recipe without penalties.
    pub fn penalty(
        &self,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Tensor<1>> {
        let network = self.network.network();
        self.penalties.loss(network, real, fake, context.step, rng)
    }

    /// What the generator minimises of the logits of `fake`, `[1]`, and the losses of its features, compared with those of `real`; both
    /// as the discriminator sees them, whose weights get no gradients.
    pub fn judge(
        &self,
        fake: Tensor<4>,
        real: &Tensor<4>,
        context: StepContext<'_>,
    ) -> (Tensor<1>, Judgement) {
        let (frozen, mode) = (self.network.frozen(), context.training_mode());
        let judgement = self.matching.judge(&frozen, fake, real, mode);
        (judgement.generator_loss(self.gan_loss), judgement)
    }

    /// Updates the discriminator, [as often](Self::steps) as the recipe says, along the mean of the losses that `play` returns for each of
    /// `parts` of the batch; returns what it returns besides, in the last update.
    pub fn update<P, T>(
        &mut self,
        parts: &mut [MicroBatch<P>],
        context: StepContext<'_>,
        mut play: impl FnMut(&Self, &P, &mut ChaCha8Rng) -> (Tensor<1>, T),
    ) -> Vec<T> {
        let mut results = Vec::new();
        for _ in 0..self.steps.max(1) {
            results.clear();
            for part in &mut *parts {
                let (loss, result) = play(self, &part.content, &mut part.rng);
                self.network.collect(&mut loss.backward(), part.share);
                results.push(result);
            }
            self.step(context);
        }
        results
    }

    /// Takes one step of the optimiser along the gradient of `loss`, then clips the weights where the objective asks for it.
    pub fn minimise(&mut self, loss: &Tensor<1>, context: StepContext<'_>) {
        self.network.collect(&mut loss.backward(), 1.0);
        self.step(context);
    }

    /// Takes one step of the optimiser along the gradients that the network has collected, then clips the weights where the objective asks
    /// for it.
    pub fn step(&mut self, context: StepContext<'_>) {
        self.network.step(context.discriminator_step());
        if self.gan_loss.clips_weights() {
            self.network.clip(WEIGHT_CLIP);
        }
    }

    /// Puts what must be kept besides the weights into `state`, under the name of the network, `stem`.
    pub fn save(&self, state: &mut MethodState, stem: &str) {
        state.insert_optimiser(stem, &self.network);
        if self.pool.keeps_pictures() {
            state.insert_pool(&pool_part(stem), &self.pool);
        }
    }

    /// Takes it out again; `device` is without automatic differentiation.
    ///
    /// # Errors
    /// The state belongs to another network.
    pub fn restore(
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

/// The part of the state with the pool of the discriminator `stem`.
fn pool_part(stem: &str) -> String {
    stem.replace("discriminator", "pool")
}
