//! The Inception score (Salimans et al., "Improved techniques for training GANs", 2016).

use super::features::SetFeatures;
use super::kernel_distance::mean_and_deviation;
use super::numpy_random::RandomState;

/// The seed of torch-fidelity.
const SEED: u32 = 2020;
/// Parts of which the score is calculated, to be averaged.
const SPLITS: usize = 10;

/// Mean and standard deviation, over ten parts of the set in random order, of the exponential of the mean divergence of each
/// picture's classes from those of the part. Classes are the softmax of the logits without bias, as in torch-fidelity. A set
/// of fewer than ten pictures has as many parts as pictures.
pub(super) fn inception_score(set: &SetFeatures) -> (f64, f64) {
    let count = set.count();
    let order = RandomState::new(SEED).permutation(count);
    let splits = SPLITS.min(count);
    let scores: Vec<f64> = (0..splits)
        .map(|split| {
            let part = &order[split * count / splits..(split + 1) * count / splits];
            part_score(set, part)
        })
        .collect();
    mean_and_deviation(&scores)
}

fn part_score(set: &SetFeatures, part: &[usize]) -> f64 {
    let size = part.len() as f64;
    let mut mean = vec![0.0_f64; set.classes()];
    // The mean of p log p; that of p log q follows from the mean of p.
    let mut own = 0.0_f64;
    for &index in part {
        let log_shares = log_softmax(set.logits(index));
        for (mean, log) in mean.iter_mut().zip(&log_shares) {
            let share = log.exp();
            *mean += share / size;
            own += share * log / size;
        }
    }
    let cross: f64 = mean
        .iter()
        .filter(|share| **share > 0.0)
        .map(|share| share * share.ln())
        .sum();
    (own - cross).exp()
}

fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let highest = f64::from(highest);
    let shifted = logits.iter().map(|logit| f64::from(*logit) - highest);
    let sum: f64 = shifted.clone().map(f64::exp).sum();
    shifted.map(|logit| logit - sum.ln()).collect()
}
