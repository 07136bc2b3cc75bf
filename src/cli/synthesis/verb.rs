//! The verbs of styles that make pictures from noise.

use clap::Subcommand;

use super::{encode, sample};
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;

/// These verbs.
#[derive(Debug, Subcommand)]
pub enum SynthesisVerb {
    /// Make pictures from noise, with a style that has learnt to
    Sample(sample::Arguments),
    /// Write the codes that an autoencoder makes of pictures
    Encode(encode::Arguments),
}

/// Carries one of them out.
pub(in crate::cli) fn run(globals: &Globals, verb: SynthesisVerb) -> anyhow::Result<Exit> {
    match verb {
        SynthesisVerb::Sample(arguments) => sample::run(globals, arguments),
        SynthesisVerb::Encode(arguments) => encode::run(globals, arguments),
    }
}
