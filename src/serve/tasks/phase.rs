//! How far tasks and jobs are.

use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

/// How far a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::serve) enum TaskStatus {
    /// In the queue.
    #[default]
    Waiting,
    /// The network works on it.
    Running,
    /// Its files are there.
    Done,
    /// It could not be done.
    Failed,
    /// Somebody has stopped it.
    Stopped,
}

impl TaskStatus {
    /// Whether nothing more happens.
    pub(in crate::serve) fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A status, and since when the network has been at work.
#[derive(Debug, Default)]
pub(in crate::serve) struct Phase {
    pub(in crate::serve) status: TaskStatus,
    pub(in crate::serve) started: Option<Instant>,
}

impl Phase {
    /// Ends it if it has not begun; what runs ends by itself.
    pub(in crate::serve) fn stop(&mut self) {
        if self.status == TaskStatus::Waiting {
            self.status = TaskStatus::Stopped;
        }
    }

    /// Begins it, unless it was stopped.
    pub(in crate::serve) fn begin(&mut self) -> bool {
        if self.status != TaskStatus::Waiting {
            return false;
        }
        self.status = TaskStatus::Running;
        self.started = Some(Instant::now());
        true
    }
}
