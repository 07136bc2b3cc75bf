//! The verbs of styles that make pictures from noise.

use clap::Subcommand;

use super::{encode, sample};
use crate::cli::exit::Exit;
use crate::cli::extension::Verb;
use crate::cli::globals::Globals;
use crate::cli::usage::UsageError;
use crate::synthesis::is_usage;

/// These verbs.
#[derive(Debug, Subcommand)]
pub(super) enum SynthesisVerb {
    /// Make pictures from noise, with a style that has learnt to
    Sample(sample::Arguments),
    /// Write the codes that an autoencoder makes of pictures
    Encode(encode::Arguments),
}

impl Verb for SynthesisVerb {
    fn run(self: Box<Self>, globals: &Globals) -> anyhow::Result<Exit> {
        let result = match *self {
            Self::Sample(arguments) => sample::run(globals, arguments),
            Self::Encode(arguments) => encode::run(globals, arguments),
        };
        result.map_err(|error| {
            if error.chain().any(is_usage) {
                UsageError::OfStyle(error).into()
            } else {
                error
            }
        })
    }
}
