//! Why there is no server.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::device::DeviceError;
use crate::files::FileError;

/// Why nothing can be served, or why it ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}: {source}; choose another address or port with `--bind`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A token that could be guessed.
    #[error("the token has {0} characters: give at least {MIN_TOKEN} letters, digits, `-` or `_`")]
    WeakToken(usize),
    /// A token with other characters.
    #[error("the token has other characters than letters, digits, `-` and `_`: choose another")]
    BadToken,
    /// A name that is none.
    #[error("`{0}` is no name of a machine: write it as in an address, without port and `http://`")]
    BadHost(String),
    /// A root that is not there.
    #[error("the root `{}` is not a folder: name one that exists", .0.display())]
    NoRoot(PathBuf),
    /// The device does not answer.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The folder for pictures on their way.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// No threads.
    #[error("cannot start the server: {0}")]
    Start(#[source] std::io::Error),
}

/// Characters that a token has at least.
pub(super) const MIN_TOKEN: usize = 16;
