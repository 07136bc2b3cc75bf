//! The noise that pictures are made from.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Most values that are drawn in the place of one that is too large: with the smallest limit about one of 13 is not.
const MAX_DRAWS: usize = 1_000;

/// `count` independent values with mean 0 and variance 1.
pub fn normal_noise(rng: &mut impl Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// The same, where values further than `limit` (at least [`MIN_TRUNCATION`]) from 0 are drawn again: pictures that are more alike and
/// better.
///
/// Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", 2019.
pub fn truncated_noise(rng: &mut impl Rng, count: usize, limit: f32) -> Vec<f32> {
    let mut draw = || {
        let mut values = (0..MAX_DRAWS).map(|_| StandardNormal.sample(rng));
        let within = values.find(|value: &f32| value.abs() <= limit);
        within.unwrap_or(0.0)
    };
    (0..count).map(|_| draw()).collect()
}

/// The smallest limit of [`truncated_noise`].
pub const MIN_TRUNCATION: f32 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::sample_rng;

    #[test]
    fn noise_is_normal_and_truncated_noise_within_its_limit() {
        let values = normal_noise(&mut sample_rng(1, 0), 20_000);
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let variance = values.iter().map(|value| value * value).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
        for limit in [MIN_TRUNCATION, 0.5, 2.0] {
            let values = truncated_noise(&mut sample_rng(1, 0), 2_000, limit);
            assert!(values.iter().all(|value| value.abs() <= limit));
            let beyond_half = values.iter().filter(|value| value.abs() > limit / 2.0);
            assert!((400..1_200).contains(&beyond_half.count()));
        }
    }

    #[test]
    fn each_number_of_a_seed_has_noise_of_its_own() {
        let noise = |seed, index| normal_noise(&mut sample_rng(seed, index), 4);
        assert_eq!(noise(3, 7), noise(3, 7));
        assert_ne!(noise(3, 7), noise(3, 8));
        assert_ne!(noise(3, 7), noise(4, 7));
    }
}
