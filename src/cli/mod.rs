//! The command line: one file per verb, no tensors.

mod apply;
mod arguments;
mod bench;
mod completions;
mod data;
mod demo;
mod demo_paintings;
mod devices;
mod evaluate;
mod exit;
mod export;
mod export_error;
mod extension;
mod extensions;
mod globals;
mod import;
mod interrupt;
mod joint_training;
mod logging;
mod output;
mod pair_side;
mod pictures;
mod precision;
mod recipes;
mod reduced_note;
mod resumption;
mod sample_recipe;
#[cfg(feature = "serve")]
mod serve;
mod streams;
mod styles;
mod synthesis;
mod train;
mod training_judge;
mod usage;

use std::ffi::OsString;

use clap::CommandFactory;

pub use arguments::{Cli, Command};
pub use exit::Exit;
pub use export_error::ExportError;
pub use globals::Globals;
pub use streams::StreamError;
pub use usage::UsageError;

use crate::distributed::Launch;
use crate::kernels::retain_memory_of_steps;

/// Carries out a parsed command line.
///
/// # Errors
/// What went wrong, for the user; [`Exit::of`] has its exit code.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    let globals = cli.globals;
    // Others than training know nothing of other processes.
    let launch = match cli.command {
        Command::Train(_) => {
            Launch::from_variables(&std::env::vars_os().filter_map(text).collect())
        }
        _ => Ok(Launch::ALONE),
    };
    logging::start(&globals, launch.as_ref().map_or(0, |launch| launch.rank));
    let launch = launch?;
    let shared = (launch.local_size > 1).then(|| threads_of_one(launch.local_size));
    if let Some(threads) = globals.threads.or(shared) {
        // Fails only where the pool has been started, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
        // Launchers say it to LibTorch in their own way.
        #[cfg(feature = "libtorch")]
        if globals.threads.is_some() || std::env::var_os("OMP_NUM_THREADS").is_none() {
            crate::kernels::libtorch::set_threads(threads);
        }
    }
    if let Command::Train(_) | Command::Demo(_) | Command::Bench(_) = cli.command {
        retain_memory_of_steps();
    }
    match cli.command {
        Command::Demo(arguments) => demo::run(&globals, arguments),
        Command::Train(arguments) => train::run(&globals, arguments, &launch),
        Command::Apply(arguments) => apply::run(&globals, arguments),
        Command::Extension(verb) => verb.run(&globals),
        Command::Evaluate(arguments) => evaluate::run(&globals, arguments),
        Command::Export(arguments) => export::run(&globals, arguments),
        Command::Import(arguments) => import::run(&globals, arguments),
        Command::Styles(arguments) => styles::run(&globals, arguments),
        Command::Data(arguments) => data::run(&globals, arguments),
        Command::Bench(arguments) => bench::run(&globals, arguments),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(&globals, arguments),
        Command::Devices => devices::run(),
        Command::Recipes(arguments) => recipes::run(arguments),
        Command::Completions(arguments) => completions::run(arguments, Cli::command()),
    }
}

/// An environment variable whose name and value are text.
fn text((name, value): (OsString, OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

/// Threads of one of so many processes on a machine.
fn threads_of_one(processes: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / processes).max(1)
}
