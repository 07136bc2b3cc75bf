//! What the command line accepts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{apply, bench, data, demo, evaluate, export, import, styles, train};
use crate::device::DeviceName;

/// Train networks on your own pictures, and turn folders of pictures into other pictures.
#[derive(Debug, Parser)]
#[command(
    name = "translate",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:\n  translate demo\n  translate train --mode cycle --data horse2zebra --name zebra\n  translate apply --input photos/ --style zebra\n\nExit codes: 0 all done, 1 failed, 2 bad usage or configuration, 3 finished but some inputs failed."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

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
        help = "Device: auto, cpu, libtorch, libtorch-cuda[:N], cuda[:N], vulkan or metal"
    )]
    pub device: DeviceName,
    /// Threads to compute and to decode with [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// Say more (-vv: still more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say only what is wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Form of the messages on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How progress is shown on standard error
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t = ProgressForm::Auto)]
    pub progress: ProgressForm,
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

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a small model on the bundled sample and show what it learnt (about a minute)
    Demo(demo::Arguments),
    /// Train a style on your pictures
    Train(train::Arguments),
    /// Translate pictures with a style
    Apply(apply::Arguments),
    /// Compare translated pictures with real ones
    Evaluate(evaluate::Arguments),
    /// Make a style from the weights of a PyTorch repository
    Import(import::Arguments),
    /// Write a style's network for other programs: ONNX, or PyTorch by safetensors
    Export(export::Arguments),
    /// List, show or remove styles
    Styles(styles::Arguments),
    /// Check and convert data sets
    Data(data::Arguments),
    /// Measure how fast this machine trains and translates
    Bench(bench::Arguments),
    /// List the devices that are compiled in and answer
    Devices,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".to_owned()),
    }
}
