//! `translate demo`.

use std::path::PathBuf;

use clap::Args;

use super::arguments::Globals;
use super::exit::Exit;

/// Arguments of `translate demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folder for the results
    #[arg(long, value_name = "DIR", default_value = "demo")]
    output: PathBuf,
}

pub(super) fn run(_globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    drop(arguments.output);
    Ok(Exit::Done)
}
