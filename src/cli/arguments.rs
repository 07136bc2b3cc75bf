//! What the command line accepts.

use clap::{Parser, Subcommand};

use super::extensions::ExtensionVerb;
use super::globals::Globals;
#[cfg(feature = "serve")]
use super::serve;
use super::{
    apply, bench, completions, data, demo, evaluate, export, import, recipes, styles, train,
};

/// Train networks on your own pictures, and turn folders of pictures into other pictures.
#[derive(Debug, Parser)]
#[command(
    name = "translate",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Examples:\n  translate apply --input photos/ --style monet\n  translate demo\n  translate train --mode cycle --data horse2zebra --name zebra\n  translate apply --input photos/ --style zebra\n\nExit codes: 0 all done, 1 failed, 2 bad usage or configuration, 3 finished but some inputs failed."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub globals: Globals,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Turn bundled photos into paintings, then train a small model and show what it learnt (about a minute)
    Demo(demo::Arguments),
    /// Train a style on your pictures
    Train(train::Arguments),
    /// Translate pictures with a style
    Apply(apply::Arguments),
    /// Those of parts that could be left out
    #[command(flatten)]
    Extension(ExtensionVerb),
    /// Open a page in the browser to try styles, fill holes and watch trainings
    #[cfg(feature = "serve")]
    Serve(serve::Arguments),
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
    /// List the recipes in this program, or print one
    Recipes(recipes::Arguments),
    /// Print completions for a shell, or the manual page
    Completions(completions::Arguments),
    /// List the devices that are compiled in and answer
    Devices,
}
