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

    /// The losses of a batch from those of its parts, which have the same names in the same order: their means, each part weighted as its
    /// share.
    pub fn mean(parts: Vec<(f64, Vec<Self>)>) -> Vec<Self> {
        let mut parts = parts.into_iter();
        let Some((share, mut sums)) = parts.next() else {
            return Vec::new();
        };
        if share < 1.0 {
            for sum in &mut sums {
                sum.value = sum.value.clone() * share;
            }
        }
        for (share, losses) in parts {
            for (sum, loss) in sums.iter_mut().zip(losses) {
                sum.value = sum.value.clone() + loss.value * share;
            }
        }
        sums
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn losses_of_parts_count_as_their_shares() {
        let part = |gan: f32, real: f32| {
            let value = |value: f32| Tensor::<1>::from_floats([value], &Device::flex().autodiff());
            vec![
                Loss::generator("G_GAN", &value(gan)),
                Loss::discriminator("D_real", &value(real)),
            ]
        };
        let mean = Loss::mean(vec![(0.75, part(4.0, 1.0)), (0.25, part(8.0, -1.0))]);
        let found = mean
            .into_iter()
            .map(|loss| (loss.name, loss.value.into_scalar::<f32>()));
        assert_eq!(found.collect::<Vec<_>>(), [("G_GAN", 5.0), ("D_real", 0.5)]);
        assert!(Loss::mean(Vec::new()).is_empty());
    }
}
