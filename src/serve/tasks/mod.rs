//! What clients have asked the network for: single pictures and fillings, and the order in which they come.

mod board;
mod choices;
mod order;
mod phase;
mod task;

pub(super) use board::TaskBoard;
pub(super) use choices::{Choices, FileChoices, OrderError, check_restore, direction, size, wrong};
pub(super) use order::{Filling, FillingRequest, Order, Translation, TranslationRequest};
pub(super) use phase::{Phase, TaskStatus};
pub(super) use task::{ResultFile, Task, TaskReport};
