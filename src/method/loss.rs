//! The losses of a step, by the names that `metrics.jsonl` carries.

use burn::tensor::Tensor;

use crate::nn::Judgement;

/// The network that a loss trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// The generator, or both generators.
    Generator,
    /// A discriminator.
    Discriminator,
}

/// One named loss of a step, still on the device: reading it waits for the device.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The name that `metrics.jsonl` carries.
    pub name: &'static str,
    /// The network that it trains.
    pub player: Player,
    /// The value, `[1]`, outside automatic differentiation.
    pub value: Tensor<1>,
}

impl Loss {
    /// A loss of the generator.
    pub fn generator(name: &'static str, value: &Tensor<1>) -> Self {
        Self::new(name, Player::Generator, value)
    }

    /// A loss of a discriminator.
    pub fn discriminator(name: &'static str, value: &Tensor<1>) -> Self {
        Self::new(name, Player::Discriminator, value)
    }

    /// The losses of the features that a discriminator makes of generated pictures.
    pub fn matching(judgement: &Judgement) -> impl Iterator<Item = Self> {
        let losses = judgement.matching.iter();
        losses.map(|(name, value)| Self::generator(name, value))
    }

    fn new(name: &'static str, player: Player, value: &Tensor<1>) -> Self {
        let value = value.clone().inner();
        Self {
            name,
            player,
            value,
        }
    }
}

/// The losses of a discriminator in one update, each `[1]`.
#[derive(Debug, Clone)]
pub struct DiscriminatorLosses {
    /// On real pictures.
    pub on_real: Tensor<1>,
    /// On generated pictures.
    pub on_fake: Tensor<1>,
    /// What is added to them, where the recipe has penalties.
    pub penalty: Option<Tensor<1>>,
}

impl DiscriminatorLosses {
    /// Their sum.
    pub fn sum(&self) -> Tensor<1> {
        let objective = self.on_real.clone() + self.on_fake.clone();
        match &self.penalty {
            Some(penalty) => objective + penalty.clone(),
            None => objective,
        }
    }

    /// The losses by the names that `metrics.jsonl` carries, where there is one discriminator.
    pub fn named(&self) -> impl Iterator<Item = Loss> {
        let penalty = self.penalty.as_ref();
        [
            Some(Loss::discriminator("D_real", &self.on_real)),
            Some(Loss::discriminator("D_fake", &self.on_fake)),
            penalty.map(|penalty| Loss::discriminator("D_penalty", penalty)),
        ]
        .into_iter()
        .flatten()
    }
}
