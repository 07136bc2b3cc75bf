//! `translate serve`: a page and an API for pictures, holes, label maps, folders and trainings.
//!
//! One thread owns the device and takes work from a bounded queue (`queue`); everything else only moves files and answers
//! requests. Pictures go the way of `translate apply`, with its functions; trainings are processes of their own, known by the
//! files that they write. `security` stands before all requests, and no client ever names a path that is not below a root.
//!
//! ```text
//! connections ─▸ security ─▸ page, api ─▸ pictures, tasks, jobs, runs
//!                                            queue ─▸ network thread ─▸ apply, style
//! ```

mod api;
mod body;
mod connections;
mod error;
mod file_answer;
mod identifier;
mod jobs;
mod network;
mod options;
mod page;
mod patient;
mod pictures;
mod preview;
mod queue;
mod redaction;
mod refusal;
mod roots;
mod router;
mod runs;
mod security;
mod server;
mod state;
mod styles;
mod tasks;

pub use error::ServeError;
pub use options::ServeOptions;
pub use server::{Server, new_token};
