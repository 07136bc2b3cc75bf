//! Processes that train together, on one machine or several.
//!
//! A [`Launch`] is what the launcher has said in environment variables. A [`Group`] is the connection to the others, by PyTorch's
//! own engine: c10d and Gloo, which LibTorch brings. Without the feature `libtorch` a process is always alone.

mod difference;
mod engine;
mod error;
mod group;
mod join;
mod launch;
mod launcher;
mod signal;

pub use error::{GroupError, LaunchError};
pub use group::Group;
pub use launch::{Launch, Rendezvous, Variables};
pub use launcher::Launcher;
pub use signal::Signal;
