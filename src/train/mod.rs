//! Training: the loop and what listens to it. Knows no method in particular.

mod benchmark;
mod checkpoint;
mod error;
mod evaluation_line;
mod evaluations;
mod event;
mod judge;
mod methods;
mod metrics;
mod position;
mod preview;
mod progress;
mod report;
mod schedule;
mod session;
mod stage;
mod training;

pub use benchmark::{Benchmark, Measured};
pub use checkpoint::{Checkpoint, initialise_from};
pub use error::TrainError;
pub use evaluation_line::{EvaluationLine, read_evaluations};
pub use evaluations::Evaluations;
pub use event::{Ending, Event, Listener, StepRecord};
pub use judge::{Judge, JudgedValue};
pub use methods::build;
pub use metrics::{MetricsFile, read_metrics};
pub use preview::{PreviewFile, sheet};
pub use progress::ProgressDisplay;
pub use report::ReportFile;
pub use schedule::Schedule;
pub use session::{Session, SessionStart};
pub use training::Training;
