//! Confidence intervals and tests that draw from the pictures themselves.

use rand::RngExt;

use crate::random;

/// Draws of the bootstrap.
const RESAMPLES: u64 = 2000;
/// Draws of the test.
const FLIPS: u64 = 10_000;

/// An interval that holds the true value in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The interval of the mean of some values: the percentiles of the means of as many values drawn with replacement (Efron,
/// "Bootstrap methods", 1979). The same for the same seed; `None` for fewer than two values.
pub(super) fn mean_interval(values: &[f64], seed: u64) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f64;
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|draw| {
            let mut rng = random::step_rng(seed, draw);
            let chosen = values
                .iter()
                .map(|_| values[rng.random_range(0..values.len())]);
            chosen.sum::<f64>() / count
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let percentile = |share: f64| means[(share * (means.len() - 1) as f64).round() as usize];
    Some(Interval {
        low: percentile(0.025),
        high: percentile(0.975),
    })
}

/// How often the mean of differences would be as far from zero by chance, if either sign of each difference were as likely
/// (Fisher's randomisation test, with drawn signs).
pub(super) fn sign_flip_test(differences: &[f64], seed: u64) -> f64 {
    const FIRST: u64 = 1 << 40;
    let observed = differences.iter().sum::<f64>().abs();
    // Rounding must not tell sums of equal numbers apart.
    let threshold = observed * (1.0 - 1e-9);
    let as_far = (0..FLIPS).filter(|draw| {
        let mut rng = random::step_rng(seed, FIRST + draw);
        let flipped = differences.iter().map(|difference| {
            if rng.random::<bool>() {
                *difference
            } else {
                -difference
            }
        });
        flipped.sum::<f64>().abs() >= threshold
    });
    // The signs as they are count as one of the draws.
    (as_far.count() as f64 + 1.0) / (FLIPS as f64 + 1.0)
}

/// The interval of a share of `total` cases (Wilson, "Probable inference, the law of succession, and statistical inference",
/// 1927).
pub(super) fn share_interval(successes: u64, total: u64) -> Interval {
    const Z: f64 = 1.959_963_984_540_054;
    if total == 0 {
        return Interval {
            low: 0.0,
            high: 1.0,
        };
    }
    let total = total as f64;
    let share = successes as f64 / total;
    let scale = 1.0 + Z * Z / total;
    let centre = (share + Z * Z / (2.0 * total)) / scale;
    let reach = Z * (share * (1.0 - share) / total + Z * Z / (4.0 * total * total)).sqrt() / scale;
    Interval {
        low: (centre - reach).max(0.0),
        high: (centre + reach).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_theory() {
        let values: Vec<f64> = (0..400).map(|value| f64::from(value % 20)).collect();
        let interval = mean_interval(&values, 3).unwrap();
        // Mean 9.5, deviation 5.77: plus and minus 1.96 * 5.77 / 20.
        assert!((interval.low - 8.93).abs() < 0.06, "{interval:?}");
        assert!((interval.high - 10.07).abs() < 0.06, "{interval:?}");
        assert_eq!(mean_interval(&values, 3), Some(interval));
        assert_eq!(mean_interval(&[1.0], 3), None);
        let wilson = share_interval(8, 10);
        assert!((wilson.low - 0.4902).abs() < 1e-4 && (wilson.high - 0.9433).abs() < 1e-4);
    }

    #[test]
    fn differences_by_chance_are_told_from_others() {
        assert!(sign_flip_test(&[1.0; 20], 1) < 0.001);
        let even: Vec<f64> = (0..20)
            .map(|index| if index % 2 == 0 { 1.0 } else { -1.0 })
            .collect();
        assert!(sign_flip_test(&even, 1) > 0.9);
        assert!(sign_flip_test(&[0.0; 5], 1) > 0.999);
    }
}
