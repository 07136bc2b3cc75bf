//! Folders that clients have asked the network to translate.

mod board;
mod job;
mod request;

pub(super) use board::JobBoard;
pub(super) use job::{Job, JobReport};
pub(super) use request::JobRequest;
