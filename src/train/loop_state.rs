//! The state of the training loop.

use std::time::Instant;

use super::checkpoint::Checkpoint;
use super::schedule::Schedule;
use super::stage::Stage;
use crate::config::TrainRecipe;
use crate::method::Loss;
use crate::style::Pace;

/// Losses of a step that are still on the device.
pub(super) struct PendingLosses {
    pub(super) step: u64,
    pub(super) epoch: u64,
    pub(super) learning_rate: f64,
    /// The part of the step's samples that this process had.
    pub(super) part: f32,
    pub(super) losses: Vec<Loss>,
}

/// What is due after a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// A checkpoint.
    pub(super) saves: bool,
    /// A state that is kept.
    pub(super) keeps: bool,
    /// A preview.
    pub(super) previews: bool,
}

impl Due {
    /// Whether it takes time that the others of a group do not need.
    pub(super) fn takes_time(self) -> bool {
        self.saves || self.keeps || self.previews
    }
}

/// What changes from step to step.
pub(super) struct LoopState {
    /// Steps done.
    pub(super) step: u64,
    /// Last step of the stage.
    pub(super) last: u64,
    /// Steps of the whole run.
    pub(super) total: u64,
    /// Steps of one epoch.
    pub(super) per_epoch: u64,
    /// How steps and epochs go together.
    pub(super) pace: Pace,
    /// Time of earlier runs.
    pub(super) seconds_before: f64,
    pub(super) started: Instant,
    pub(super) schedule: Schedule,
    pub(super) epoch_loss: (f64, u64),
    pub(super) last_checkpoint: Option<u64>,
    pub(super) last_losses: Vec<(&'static str, f64)>,
    /// Steps and time since the last logged record.
    pub(super) since_log: (u64, Instant),
    pub(super) durations: Vec<f64>,
    pub(super) pending: Vec<PendingLosses>,
}

impl LoopState {
    /// The start of a run of `total` steps in `stage`, or the position at which it was `resumed`.
    pub(super) fn start(
        stage: &Stage,
        total: u64,
        pace: Pace,
        resumed: Option<&Checkpoint>,
    ) -> Self {
        let mut schedule = Schedule::from_recipe(&stage.recipe);
        if let Some(checkpoint) = resumed {
            schedule.restore(checkpoint.plateau);
        }
        let step = resumed.map_or(0, |checkpoint| checkpoint.step);
        Self {
            step,
            last: pace.step(stage.end).min(total),
            total,
            per_epoch: stage.per_epoch,
            pace,
            seconds_before: resumed.map_or(0.0, |checkpoint| checkpoint.seconds),
            started: Instant::now(),
            schedule,
            epoch_loss: resumed.map_or((0.0, 0), |checkpoint| checkpoint.epoch_loss),
            last_checkpoint: resumed.map(|checkpoint| checkpoint.step),
            last_losses: Vec::new(),
            since_log: (step, Instant::now()),
            durations: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// The position of the run: steps as if all had been of the present size.
    pub(super) fn position(&self) -> u64 {
        self.pace.position(self.step)
    }

    /// Whether the last step done was the last of its epoch.
    pub(super) fn ends_epoch(&self) -> bool {
        self.position().is_multiple_of(self.per_epoch)
    }

    /// Epoch of the last step done, from 1.
    pub(super) fn epoch(&self) -> u64 {
        self.position().saturating_sub(1) / self.per_epoch + 1
    }

    /// Whether the recipe keeps the state after the last step.
    pub(super) fn is_kept(&self, settings: &TrainRecipe) -> bool {
        // No number is a multiple of 0 but 0.
        self.step.is_multiple_of(settings.keep_every)
            || settings.keep_every_epochs > 0
                && self
                    .position()
                    .is_multiple_of(settings.keep_every_epochs * self.per_epoch)
    }

    /// Starts the next stage, with its own estimate and, unless that goes on, its own schedule.
    pub(super) fn start_stage(&mut self, stage: &Stage) {
        self.last = self.pace.step(stage.end).min(self.total);
        if stage.schedule_start == stage.first {
            self.schedule = Schedule::from_recipe(&stage.recipe);
        }
        self.durations.clear();
    }
}
