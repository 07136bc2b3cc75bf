//! Penalties on the gradient of a discriminator with respect to what it sees.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use super::forward_mode::ForwardMode;
use super::input_gradient::Critic;
use crate::config::LossRecipe;

/// Added to squared lengths: the root has no gradient at 0.
const MIN_SQUARE: f64 = 1e-16;
/// Deviation of DRAGAN's noise, as a share of that of the pictures.
const NOISE: f64 = 0.5;

/// What a discriminator's loss has besides the objective: penalties on the length of the gradient of its logits, summed over all
/// patches, with respect to all that it sees of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalties {
    interpolated: f64,
    dragan: f64,
    r1: f64,
    r1_every: u64,
}

impl Penalties {
    /// The penalties of a recipe.
    pub fn new(recipe: &LossRecipe) -> Self {
        Self {
            interpolated: recipe.gradient_penalty_weight(),
            dragan: recipe.dragan,
            r1: recipe.r1,
            r1_every: recipe.r1_every as u64,
        }
    }

    /// The weighted sum of the penalties in training step `step`, counted from 1, on `real` and `fake`,
    /// `[batch, channels, height, width]` without automatic differentiation; `[1]`. `None` for a recipe without penalties.
    pub fn loss<C: Critic>(
        &self,
        critic: &C,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        step: u64,
        rng: &mut impl Rng,
    ) -> Option<Tensor<1>> {
        let mut terms = Vec::new();
        if self.interpolated > 0.0 {
            let shares = (0..real.dims()[0]).map(|_| rng.random());
            let between = interpolate(real, fake, shares.collect());
            terms.push(distance_from_one(critic, between) * self.interpolated);
        }
        if self.dragan > 0.0 {
            let count = real.shape().num_elements();
            let noise = (0..count).map(|_| rng.random());
            let around = perturb(real, noise.collect());
            terms.push(distance_from_one(critic, around) * self.dragan);
        }
        if self.r1 > 0.0 {
            // Lazily, and as many times as strong: Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020.
            terms.push(if (step - 1).is_multiple_of(self.r1_every) {
                let squares = squared_lengths(critic, real.clone());
                squares.mean() * (self.r1 / 2.0 * self.r1_every as f64)
            } else {
                Tensor::zeros([1], &real.device())
            });
        }
        terms.into_iter().reduce(|sum, term| sum + term)
    }
}

/// Points between each real picture and a generated one: the share `shares` of the first, one for each sample.
///
/// Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved Training of Wasserstein GANs", 2017.
fn interpolate(real: &Tensor<4>, fake: &Tensor<4>, shares: Vec<f32>) -> Tensor<4> {
    let count = shares.len();
    let shares = numbers(shares, [count, 1, 1, 1], &real.device());
    fake.clone() + (real.clone() - fake.clone()) * shares
}

/// Real pictures with `noise` from [0, 1) times half of the deviation of them all.
///
/// Kodali, Abernethy, Hays and Kira, "On Convergence and Stability of GANs", 2017 (DRAGAN).
fn perturb(real: &Tensor<4>, noise: Vec<f32>) -> Tensor<4> {
    let count = noise.len();
    let noise = numbers(noise, real.dims(), &real.device());
    let centred = real.clone() - real.clone().mean().reshape([1; 4]);
    let variance = centred.square().sum() / (count.max(2) - 1) as f64;
    real.clone() + noise * (variance.sqrt() * NOISE).reshape([1; 4])
}

fn numbers(values: Vec<f32>, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The mean square of how far the gradient's length at these points is from 1.
fn distance_from_one<C: Critic>(critic: &C, points: Tensor<4>) -> Tensor<1> {
    let lengths = (squared_lengths(critic, points) + MIN_SQUARE).sqrt();
    (lengths - 1.0).square().mean()
}

/// The squared length of the gradient at each of the points, `[batch]`.
///
/// Of real pictures its mean is the penalty R1: Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually
/// Converge?", 2018.
fn squared_lengths<C: Critic>(critic: &C, points: Tensor<4>) -> Tensor<1> {
    let gradient = critic.input_gradient(points, ForwardMode::TRAINING);
    gradient
        .square()
        .flatten::<2>(1, 3)
        .sum_dim(1)
        .squeeze_dim(1)
}
