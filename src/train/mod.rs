//! Training: the loop and what listens to it. Knows no method in particular.

mod benchmark;
mod checkpoint;
mod error;
mod event;
mod folder;
mod loop_state;
mod methods;
mod metrics;
mod preview;
mod progress;
mod report;
mod schedule;
mod session;
mod stage;
mod training;

pub use benchmark::{Benchmark, BenchmarkResult};
pub use checkpoint::{Checkpoint, load_initial_weights};
pub use error::TrainError;
pub use event::{Event, Listener, RunOutcome, StepRecord};
pub use methods::build;
pub use metrics::{MetricsFile, read_metrics};
pub use preview::{PreviewFile, contact_sheet};
pub use progress::ProgressDisplay;
pub use report::ReportFile;
pub use schedule::Schedule;
pub use session::{Session, SessionStart};
