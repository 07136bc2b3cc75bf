//! How likely pictures are by an autoencoder.

use std::f64::consts::TAU;

use burn::tensor::Tensor;
use rand::Rng;

use super::coded_picture::PreparedPictures;
use super::coder::CodeLaw;
use super::noise::normal_noise;
use super::sampler::{Code, Sampler};

/// Pictures that the network makes at once.
const AT_ONCE: usize = 32;

/// The importance-weighted bound of the density of pictures.
#[derive(Debug)]
pub struct ImportanceBound<'a> {
    /// What makes pictures of codes.
    pub sampler: &'a Sampler,
    /// Variance of the normal noise around what it makes, of values in [-1, 1]. For an autoencoder that is `loss.kl`: the loss divided by
    /// it is the negative evidence lower bound of pictures with this noise, but for a constant.
    pub variance: f64,
    /// Codes that are drawn for a picture, at least 1: with one it is a draw of the evidence lower bound, with more it comes nearer to the
    /// truth from below.
    pub draws: usize,
}

impl ImportanceBound<'_> {
    /// A lower bound, in nats, of the logarithm of the density of picture `index` of `pictures`, whose code follows `law`.
    ///
    /// Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, equation 8.
    pub fn of_picture(
        &self,
        pictures: &PreparedPictures,
        index: usize,
        law: &CodeLaw,
        rng: &mut impl Rng,
    ) -> f64 {
        let picture = pictures.pictures.clone().narrow(0, index, 1);
        let drawn: Vec<(Code, f64)> = (0..self.draws).map(|_| draw(law, rng)).collect();
        let mut logs = Vec::with_capacity(self.draws);
        for part in drawn.chunks(AT_ONCE) {
            let codes: Vec<Code> = part.iter().map(|(code, _)| code.clone()).collect();
            let likely = self.log_likelihoods(&picture, &codes);
            let weights = part.iter().map(|(_, weight)| weight);
            logs.extend(
                likely
                    .into_iter()
                    .zip(weights)
                    .map(|(log, weight)| log + weight),
            );
        }
        log_mean_exp(&logs)
    }

    /// The logarithms of the density of `picture` given each of `codes`.
    fn log_likelihoods(&self, picture: &Tensor<4>, codes: &[Code]) -> Vec<f64> {
        let apart = (self.sampler.values(codes) - picture.clone()).square();
        let apart: Tensor<2> = apart.flatten(1, 3);
        let values = apart.dims()[1] as f64;
        let constant = values / 2.0 * (TAU * self.variance).ln();
        let sums = apart.sum_dim(1).into_data();
        let logs = sums.iter::<f64>();
        logs.map(|sum| -sum / (2.0 * self.variance) - constant)
            .collect()
    }
}

/// A code of this law, and the logarithm of its density by the standard normal law over that by this one.
fn draw(law: &CodeLaw, rng: &mut impl Rng) -> (Code, f64) {
    let noise = normal_noise(rng, law.mean.len());
    let mut weight = 0.0;
    let laws = law.mean.iter().zip(&law.log_variance);
    let vector = laws.zip(noise).map(|((&mean, &log_variance), noise)| {
        let value = mean + (log_variance / 2.0).exp() * noise;
        // The constants of both densities are the same.
        weight += f64::from(noise * noise - value * value + log_variance) / 2.0;
        value
    });
    let code = Code::new(vector.collect(), law.class);
    (code, weight)
}

/// The logarithm of the mean of the exponentials of `logs`, of which there is at least one.
fn log_mean_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / logs.len() as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::sample_rng;

    #[test]
    fn means_of_large_exponentials_are_finite() {
        assert!((log_mean_exp(&[-2000.0, -2000.0]) + 2000.0).abs() < 1e-9);
        let mean = log_mean_exp(&[0.0, 3f64.ln()]);
        assert!((mean - 2f64.ln()).abs() < 1e-12);
        assert!(log_mean_exp(&[f64::NEG_INFINITY]).is_infinite());
    }

    /// The mean weight of codes is 1, whatever their law is, and of the standard law each.
    #[test]
    fn weights_of_codes_have_mean_1() {
        let rng = &mut sample_rng(0, 0);
        let law = |mean: f32, log_variance: f32| CodeLaw {
            mean: vec![mean; 2],
            log_variance: vec![log_variance; 2],
            class: 0,
        };
        let logs = |law: CodeLaw, rng: &mut rand_chacha::ChaCha8Rng| -> Vec<f64> {
            (0..20_000).map(|_| draw(&law, rng).1).collect()
        };
        assert!(logs(law(0.0, 0.0), rng).iter().all(|log| log.abs() < 1e-5));
        assert!(log_mean_exp(&logs(law(0.3, 0.2), rng)).abs() < 0.03);
    }
}
