//! The events of a training run, for its listeners: progress display, metrics file, previews, report.

use std::path::PathBuf;
use std::time::Duration;

use burn::tensor::TensorData;

use super::error::TrainError;
use super::evaluation_line::EvaluationLine;

/// The losses of one step, read from the device.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// Number of the step, from 1.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u64,
    /// Learning rate of the generator.
    pub learning_rate: f64,
    /// Seconds per step since the last record that was logged.
    pub seconds: f64,
    /// Losses by name, in the method's order.
    pub losses: Vec<(&'static str, f64)>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// All steps are done.
    Finished,
    /// It was interrupted, and can be resumed.
    Stopped,
    /// It failed; the last checkpoint is kept.
    Failed,
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event {
    /// The run begins after `done` of `total` steps.
    Started {
        /// Steps done before.
        done: u64,
        /// Steps of the whole run.
        total: u64,
    },
    /// The losses of a step are known.
    Step {
        /// The step.
        record: StepRecord,
        /// Whether `train.log_every` asks for a line in `metrics.jsonl`.
        logged: bool,
    },
    /// An estimate after the first steps.
    Estimate {
        /// Time left.
        left: Duration,
        /// Median seconds per step so far.
        seconds_per_step: f64,
        /// Steps that it is made from.
        steps: usize,
    },
    /// Pictures of the fixed samples: rows of `[1, channels, height, width]` in [-1, 1].
    Preview {
        /// Steps done.
        step: u64,
        /// Rows of pictures.
        rows: Vec<Vec<TensorData>>,
    },
    /// A checkpoint is complete.
    Saved {
        /// Steps done.
        step: u64,
        /// Its folder.
        path: PathBuf,
    },
    /// The weights have been evaluated.
    Evaluated {
        /// What was found.
        line: EvaluationLine,
    },
    /// The run is over.
    Ended {
        /// How.
        outcome: RunOutcome,
        /// Steps done.
        step: u64,
    },
}

/// A receiver of events. The loop waits for it, so it must not block for long.
pub trait Listener {
    /// Handles `event`.
    ///
    /// # Errors
    /// A file cannot be written, which ends the run.
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError>;
}
