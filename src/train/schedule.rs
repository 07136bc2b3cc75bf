//! Learning-rate schedules.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::config::{Mode, OptimRecipe, Policy, Recipe};

/// Epochs between the steps of the step policy, and the factor of each.
const STEP_EPOCHS: u64 = 50;
const STEP_FACTOR: f64 = 0.1;

/// The learning rate of each epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    policy: Policy,
    initial: f64,
    epochs: u64,
    decay_epochs: u64,
    /// Epochs that were added, one number for each time.
    extensions: Vec<u64>,
    /// Epochs by which the decay of the linear policy starts later.
    delay: u64,
    plateau: Plateau,
}

/// State of the plateau policy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// Current fraction of the initial rate.
    factor: f64,
    /// Best value of an epoch so far.
    best: Option<f64>,
    /// Epochs since the best.
    waited: u64,
}

impl Plateau {
    const FACTOR: f64 = 0.2;
    const PATIENCE: u64 = 5;
    /// An epoch is better if its value is lower than the best by this fraction.
    const THRESHOLD: f64 = 0.01;
    /// Smaller changes of the rate are not made, as in PyTorch.
    const MIN_CHANGE: f64 = 1e-8;

    fn new() -> Self {
        Self {
            factor: 1.0,
            best: None,
            waited: 0,
        }
    }

    fn observe(&mut self, value: f64, initial: f64) {
        if self
            .best
            .is_none_or(|best| value < best * (1.0 - Self::THRESHOLD))
        {
            self.best = Some(value);
            self.waited = 0;
            return;
        }
        self.waited += 1;
        if self.waited > Self::PATIENCE {
            self.waited = 0;
            let lower = self.factor * Self::FACTOR;
            if initial * (self.factor - lower) > Self::MIN_CHANGE {
                self.factor = lower;
            }
        }
    }
}

impl Schedule {
    /// The schedule of a section `[optim]`, at its first epoch.
    pub fn new(optim: &OptimRecipe) -> Self {
        Self {
            policy: optim.policy,
            initial: optim.lr,
            epochs: optim.epochs as u64,
            decay_epochs: optim.decay_epochs as u64,
            extensions: optim
                .extensions
                .iter()
                .map(|&epochs| epochs as u64)
                .collect(),
            delay: 0,
            plateau: Plateau::new(),
        }
    }

    /// The schedule of `recipe`, one stage of a run. In mode pix2pixhd the linear decay starts one epoch later than in the
    /// others, and would reach zero one epoch after the last, as in the reference implementation.
    pub fn from_recipe(recipe: &Recipe) -> Self {
        Self {
            delay: u64::from(recipe.mode == Mode::Pix2pixhd),
            ..Self::new(&recipe.optim)
        }
    }

    /// The fraction of the initial learning rate in `epoch` (from 1).
    ///
    /// Epochs that were added begin a linear or cosine schedule anew: linear with one half at the full rate and one half
    /// towards zero, or all at the full rate where the recipe has no decay. The other policies know no end, and go on.
    pub fn factor(&self, epoch: u64) -> f64 {
        let passed = epoch.saturating_sub(1);
        match self.policy {
            Policy::Linear => {
                let (passed, epochs, decay_epochs) = self.segment(passed);
                let decayed = (passed + 1).saturating_sub(epochs + self.delay) as f64;
                1.0 - decayed / (decay_epochs + 1).saturating_sub(self.delay).max(1) as f64
            }
            Policy::Step => STEP_FACTOR.powi((passed / STEP_EPOCHS) as i32),
            Policy::Plateau => self.plateau.factor,
            Policy::Cosine => {
                let (passed, epochs, _) = self.segment(passed);
                let part = passed as f64 / epochs.max(1) as f64;
                f64::midpoint(1.0, (PI * part).cos())
            }
            Policy::Constant => 1.0,
        }
    }

    /// The schedule that holds after `passed` epochs, the first or that of an extension: how many of its epochs have passed,
    /// those before its decay, and those of it.
    fn segment(&self, passed: u64) -> (u64, u64, u64) {
        let mut passed = passed;
        let mut segment = (self.epochs, self.decay_epochs);
        for &added in &self.extensions {
            let length = segment.0 + segment.1;
            if passed < length {
                break;
            }
            passed -= length;
            let decay = if self.policy == Policy::Linear && self.decay_epochs > 0 {
                added / 2
            } else {
                0
            };
            segment = (added - decay, decay);
        }
        (passed, segment.0, segment.1)
    }

    /// Ends an epoch with this mean of the generator's loss.
    pub fn end_epoch(&mut self, generator_loss: f64) {
        self.plateau.observe(generator_loss, self.initial);
    }

    /// The state that a checkpoint saves.
    pub fn state(&self) -> Plateau {
        self.plateau
    }

    /// Restores a saved state.
    pub fn restore(&mut self, state: Plateau) {
        self.plateau = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(policy: Policy, epochs: usize, decay_epochs: usize) -> Schedule {
        Schedule::new(&OptimRecipe {
            epochs,
            decay_epochs,
            policy,
            ..Recipe::defaults(Mode::Cycle).optim
        })
    }

    fn fixture(policy: &str) -> serde_json::Value {
        let text = include_str!("../../tests/fixtures/schedules.json");
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        all[policy].clone()
    }

    fn numbers(value: &serde_json::Value) -> Vec<f64> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|number| number.as_f64().unwrap())
            .collect()
    }

    fn assert_rate(schedule: &Schedule, epoch: usize, expected: f64) {
        let rate = 2e-4 * schedule.factor(epoch as u64);
        assert!(
            (rate - expected).abs() < 1e-12,
            "epoch {epoch}: {rate} for {expected}"
        );
    }

    #[test]
    fn rates_equal_pytorch() {
        let cases = [
            ("linear", schedule(Policy::Linear, 5, 5)),
            ("cosine", schedule(Policy::Cosine, 5, 0)),
            ("constant", schedule(Policy::Constant, 5, 5)),
        ];
        for (name, schedule) in cases {
            let rates = numbers(&fixture(name)["rates"]);
            assert!(rates.len() >= 5);
            for (index, rate) in rates.into_iter().enumerate() {
                assert_rate(&schedule, index + 1, rate);
            }
        }
        // The fixture falls every 3 epochs, ours every 50.
        for (index, rate) in numbers(&fixture("step")["rates"]).into_iter().enumerate() {
            let epoch = index / 3 * 50 + index % 3 + 1;
            assert_rate(&schedule(Policy::Step, 100, 100), epoch, rate);
        }
    }

    #[test]
    fn the_plateau_equals_pytorch() {
        for name in ["plateau", "plateau_constant_metric"] {
            let case = fixture(name);
            let mut schedule = schedule(Policy::Plateau, 100, 100);
            let (metrics, rates) = (numbers(&case["metrics"]), numbers(&case["rates"]));
            for (index, (metric, rate)) in metrics.into_iter().zip(rates).enumerate() {
                assert_rate(&schedule, index + 1, rate);
                schedule.end_epoch(metric);
            }
            let mut copy = super::tests::schedule(Policy::Plateau, 100, 100);
            copy.restore(schedule.state());
            assert_eq!(copy, schedule);
        }
    }

    #[test]
    fn pix2pixhd_goes_down_one_epoch_later() {
        let schedule = Schedule::from_recipe(&Recipe::defaults(Mode::Pix2pixhd));
        assert_rate(&schedule, 101, 2e-4);
        assert_rate(&schedule, 102, 2e-4 * 0.99);
        assert_rate(&schedule, 200, 2e-4 * 0.01);
    }

    #[test]
    fn epochs_that_are_added_have_a_schedule_of_their_own() {
        let extended = |policy, decay_epochs| Schedule {
            extensions: vec![4, 3],
            ..schedule(policy, 3, decay_epochs)
        };
        let linear = extended(Policy::Linear, 3);
        let added = [1.0, 1.0, 2.0 / 3.0, 1.0 / 3.0, 1.0, 1.0, 0.5];
        for (index, factor) in added.into_iter().enumerate() {
            assert_rate(&linear, 7 + index, 2e-4 * factor);
        }
        assert_rate(&linear, 6, 2e-4 / 4.0);
        let cosine = extended(Policy::Cosine, 0);
        assert_rate(&cosine, 4, 2e-4);
        assert_rate(&cosine, 6, 1e-4);
        assert_rate(&cosine, 8, 2e-4);
        // Without decay there is none later either.
        let flat = extended(Policy::Linear, 0);
        assert!((1..=10).all(|epoch| (flat.factor(epoch) - 1.0).abs() < 1e-12));
    }

    #[test]
    fn the_last_epoch_of_the_defaults_has_one_part_in_101() {
        let schedule = schedule(Policy::Linear, 100, 100);
        assert_rate(&schedule, 100, 2e-4);
        assert_rate(&schedule, 101, 2e-4 * (1.0 - 1.0 / 101.0));
        assert_rate(&schedule, 200, 2e-4 / 101.0);
    }
}
