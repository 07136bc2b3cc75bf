//! Training: sessions, the loop, and the listeners of its events. Only `methods` knows particular methods.
//!
//! A [`Session`] opens and checks the data, builds the method, restores a checkpoint or loads initial weights, and locks the
//! style's folder. Then the loop takes the next batch, seeds the device, asks the method for a step, and reads losses back: on
//! devices that compute asynchronously only when they are logged, before a checkpoint, at the end of an epoch, and in the first
//! steps. Each is checked, so that a loss that is not finite stops the run before anything is saved.
//!
//! [`Recipe::stages`](crate::config::Recipe::stages) are trained one after the other, each from the weights of the one before.
//! Steps are counted through all stages, schedule and epochs from the start of a stage. A checkpoint belongs to the stage of its
//! step, the last step included, so that a run that is killed between stages repeats the transition.

mod averaging;
mod benchmark;
mod checkpoint;
mod curves;
mod error;
mod evaluation_line;
mod evaluations;
mod event;
mod folder;
mod initial_weights;
mod joint_start;
mod judge;
mod kept_state;
mod loop_state;
mod methods;
mod metrics;
mod outputs;
mod packed;
mod preview;
mod progress;
mod report;
mod schedule;
mod session;
mod session_checks;
mod session_start;
mod small_recipe;
mod stage;
mod training;

pub use benchmark::{Benchmark, BenchmarkResult};
pub use checkpoint::Checkpoint;
pub use curves::Curves;
pub use error::TrainError;
pub use evaluation_line::{EvaluationLine, has_stalled, read_evaluations};
pub use evaluations::Evaluations;
pub use event::{Event, Listener, RunOutcome, StepRecord};
pub use initial_weights::load_initial_weights;
pub use judge::{Judge, JudgedValue};
pub use methods::{BuildMethod, build};
pub use metrics::{MetricsFile, MetricsLine, read_metrics};
pub use preview::{PreviewFile, contact_sheet};
pub use progress::ProgressDisplay;
pub use report::ReportFile;
pub use schedule::Schedule;
pub use session::Session;
pub use session_start::SessionStart;
pub use stage::planned_steps;
