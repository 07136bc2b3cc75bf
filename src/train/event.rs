//! What a training run tells those who listen: progress display, metrics file, previews, report.

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
pub enum Ending {
    /// All steps are done.
    Finished,
    /// It was asked to stop, and can be resumed.
    Stopped,
    /// An error has ended it; the last checkpoint is kept.
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
    /// A step's losses are known; `logged` where `train.log_every` asks for it.
    Step {
        /// The step.
        record: StepRecord,
        /// Whether it belongs into `metrics.jsonl`.
        logged: bool,
    },
    /// After the first steps: how long the whole run will take.
    Estimate {
        /// Time left.
        left: Duration,
        /// Median seconds per step so far.
        seconds_per_step: f64,
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
        ending: Ending,
        /// Steps done.
        step: u64,
    },
}

/// Someone who wants to know.
pub trait Listener {
    /// Takes notice of `event`.
    ///
    /// # Errors
    /// A file cannot be written: the run then stops.
    fn notice(&mut self, event: &Event) -> Result<(), TrainError>;
}
