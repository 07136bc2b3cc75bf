//! What the command line accepts for every command.

use std::fmt::Display;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::print;
use crate::device::DeviceName;

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// Folder where styles live
    #[arg(long, global = true, value_name = "DIR", default_value = "checkpoints")]
    pub checkpoints: PathBuf,
    /// Device to compute on
    #[arg(
        long,
        global = true,
        value_name = "DEVICE",
        default_value = "auto",
        help = "Device: auto, cpu, libtorch, libtorch-cuda[:N], cuda[:N], wgpu[:N] or wgpu:integrated"
    )]
    pub device: DeviceName,
    /// Threads to compute and to decode with [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = thread_count)]
    pub threads: Option<usize>,
    /// Say more (-vv: still more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say only what is wrong, and print only what was asked for, such as lists and scores
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Form of the messages on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How progress is shown on standard error
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = ProgressForm::Auto)]
    pub progress: ProgressForm,
}

impl Globals {
    /// Prints what was made and where it is, which nobody needs who asked for quiet.
    pub(super) fn report(&self, text: impl Display) -> anyhow::Result<()> {
        if self.quiet { Ok(()) } else { print(text) }
    }
}

/// Form of log messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Plain text
    Text,
    /// One JSON object per line
    Json,
}

/// Form of the progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// A bar on a terminal, JSON with `--log-format json`, nothing with `--quiet`, else plain lines
    Auto,
    /// A bar; nothing where standard error is no terminal
    Bar,
    /// A line now and then
    Plain,
    /// A JSON object on a line of its own, once a second
    Json,
    /// Nothing
    None,
}

/// More threads than any machine has cores are a slip, and take minutes to start.
const MOST_THREADS: usize = 1024;

fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=MOST_THREADS) => Ok(number),
        Ok(_) => Err(format!("must be from 1 to {MOST_THREADS}")),
        Err(_) => Err("not a whole number".to_owned()),
    }
}
