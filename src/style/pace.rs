//! How steps and epochs of a run go together.

use serde::{Deserialize, Serialize};

/// How many samples the steps of a run have, where that is not the batch size of its recipe: several processes take a batch each, and
/// their number may change when the run goes on.
///
/// Steps are counted on as they are done. The *position* of a run is the number of steps that it would have done with its present
/// number of processes all the time: epochs are counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Processes that train together.
    pub processes: usize,
    /// How far the position is ahead of the number of steps.
    pub ahead: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            processes: 1,
            ahead: 0,
        }
    }
}

impl Pace {
    /// The position after `step` steps.
    pub fn position(self, step: u64) -> u64 {
        step.saturating_add_signed(self.ahead)
    }

    /// The number of steps done at a position.
    pub fn step(self, position: u64) -> u64 {
        position.saturating_add_signed(-self.ahead)
    }

    /// Samples of a step in which each process takes `batch_size`.
    pub fn samples_per_step(self, batch_size: usize) -> usize {
        batch_size.max(1) * self.processes.max(1)
    }

    /// Steps of an epoch of `samples`.
    pub fn steps_per_epoch(self, samples: u64, batch_size: usize) -> u64 {
        samples.div_ceil(self.samples_per_step(batch_size) as u64)
    }

    /// The pace of a run that goes on with `processes` after `step` steps. In the epoch that it is in, samples that would fill
    /// a part of a step are left out.
    pub fn regrouped(self, processes: usize, step: u64, samples: u64, batch_size: usize) -> Self {
        if processes == self.processes {
            return self;
        }
        let unmoved = Self {
            processes,
            ahead: 0,
        };
        let before = self.steps_per_epoch(samples, batch_size).max(1);
        let now = unmoved.steps_per_epoch(samples, batch_size).max(1);
        let position = self.position(step);
        let seen = position % before * self.samples_per_step(batch_size) as u64;
        let within = seen.div_ceil(unmoved.samples_per_step(batch_size) as u64);
        // An epoch that has begun has an end.
        let position = position / before * now + within.min(now - 1);
        Self {
            ahead: position as i64 - step as i64,
            ..unmoved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_where_it_was_in_its_epoch() {
        let alone = Pace::default();
        // 10 samples: 10 steps of one, 5 of two, 3 of four.
        let two = alone.regrouped(2, 23, 10, 1);
        assert_eq!(two.position(23), 12);
        assert_eq!(two.step(12), 23);
        let four = two.regrouped(4, 24, 10, 1);
        // Two steps into the second epoch and one done: 6 of its samples are seen.
        assert_eq!(two.position(24), 13);
        assert_eq!(four.position(24), 8);
        let back = four.regrouped(1, 25, 10, 1);
        assert_eq!(back.position(25), 30);
        assert_eq!(alone.regrouped(1, 23, 10, 1), alone);
        // At the end of an epoch nothing is left out.
        assert_eq!(alone.regrouped(2, 20, 10, 1).position(20), 10);
        assert_eq!(alone.regrouped(4, 19, 10, 1).position(19), 5);
    }
}
