//! Options of an import.

use std::path::PathBuf;

use super::architecture::Hints;
use crate::config::{Direction, GeneratorArch, Mode};

/// A weight file, and what is known about it.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The weight file.
    pub file: PathBuf,
    /// The entry of the file's dictionary that holds the network.
    pub key: Option<String>,
    /// What the file may not tell.
    pub hints: Hints,
    /// The network that the file must hold.
    pub arch: Option<GeneratorArch>,
    /// Method that trained it: decides which networks the style can hold.
    pub mode: Option<Mode>,
    /// Direction that the generator translates in, or whose generator the discriminator judges.
    pub direction: Option<Direction>,
    /// Replace a network that the style has already.
    pub overwrite: bool,
}
