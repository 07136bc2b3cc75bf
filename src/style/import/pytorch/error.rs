//! Why a checkpoint cannot be read.

use std::io;

/// A checkpoint that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum PickleError {
    /// The file cannot be read, or ends too early.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A name that no weights need.
    #[error("it refers to `{0}`")]
    Forbidden(String),
    /// Bytes that no checkpoint has.
    #[error("{0}")]
    Invalid(String),
    /// A file of another kind, with what to do.
    #[error("{0}")]
    Foreign(String),
}

impl PickleError {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}

pub(super) type Result<T> = std::result::Result<T, PickleError>;
