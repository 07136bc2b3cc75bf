//! Noise on what a discriminator sees.

use burn::tensor::{Distribution, Tensor};

use crate::config::Recipe;

/// Gaussian noise on real and generated pictures alike, which falls to nothing in the course of the epochs: with it the two kinds
/// overlap, so that the discriminator cannot tell them apart with certainty while the generator is still bad.
///
/// Arjovsky and Bottou, "Towards Principled Methods for Training Generative Adversarial Networks", 2017; Sønderby, Caballero,
/// Theis, Shi and Huszár, "Amortised MAP Inference for Image Super-resolution", 2017.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceNoise {
    /// Standard deviation in the first epoch.
    deviation: f64,
    /// Epochs after which there is none.
    epochs: u64,
}

impl InstanceNoise {
    /// The noise of a recipe.
    pub fn new(recipe: &Recipe) -> Self {
        let epochs = match recipe.discriminator.noise_epochs {
            0 => recipe.schedule_epochs(),
            epochs => epochs,
        };
        Self {
            deviation: recipe.discriminator.noise,
            epochs: epochs.max(1) as u64,
        }
    }

    /// The standard deviation in an epoch, counted from 1.
    pub fn deviation(&self, epoch: u64) -> f64 {
        let left = self.epochs.saturating_sub(epoch.saturating_sub(1));
        self.deviation * left as f64 / self.epochs as f64
    }

    /// `pictures`, `[batch, channels, height, width]`, with fresh noise; the first `condition` channels of each, which belong to
    /// what the picture is judged with, stay as they are.
    pub fn apply(&self, pictures: Tensor<4>, condition: usize, epoch: u64) -> Tensor<4> {
        let deviation = self.deviation(epoch);
        if deviation == 0.0 {
            return pictures;
        }
        let [batch, channels, height, width] = pictures.dims();
        let device = pictures.device().inner();
        let shape = [batch, channels - condition, height, width];
        let noise = Tensor::<4>::random(shape, Distribution::Normal(0.0, deviation), &device);
        if condition == 0 {
            return pictures + noise;
        }
        let quiet = Tensor::zeros([batch, condition, height, width], &device);
        pictures + Tensor::cat(vec![quiet, noise], 1)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::config::Mode;

    fn noise(deviation: f64, epochs: usize) -> InstanceNoise {
        let mut recipe = Recipe::defaults(Mode::Pix2pix);
        recipe.discriminator.noise = deviation;
        recipe.discriminator.noise_epochs = epochs;
        InstanceNoise::new(&recipe)
    }

    #[test]
    fn noise_falls_to_nothing() {
        let at = |epoch| noise(0.5, 4).deviation(epoch);
        let found: Vec<f64> = (1..=6).map(at).collect();
        let wanted = [0.5, 0.375, 0.25, 0.125, 0.0, 0.0];
        assert!(found.iter().zip(wanted).all(|(x, y)| (x - y).abs() < 1e-12));
        // Over all epochs of the run unless others are given.
        let whole = noise(0.5, 0);
        assert!((whole.deviation(101) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn noise_is_on_the_picture_alone_and_has_its_deviation() {
        let device = Device::flex();
        device.seed(3);
        let pictures = Tensor::<4>::ones([1, 3, 60, 60], &device);
        let noisy = noise(0.1, 4).apply(pictures.clone(), 1, 1) - pictures.clone();
        let of = |first, count| noisy.clone().narrow(1, first, count);
        assert!(of(0, 1).abs().max().into_scalar::<f32>() < 1e-9);
        let deviation = of(1, 2).square().mean().sqrt().into_scalar::<f32>();
        assert!((deviation - 0.1).abs() < 0.005, "{deviation}");
        let after = noise(0.1, 4).apply(pictures.clone(), 1, 5);
        assert_eq!(after.into_data(), pictures.into_data());
    }
}
