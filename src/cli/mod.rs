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
mod globals;
mod import;
mod interrupt;
mod logging;
mod output;
mod pair_side;
mod pictures;
mod recipes;
mod resumption;
mod sample_recipe;
mod serve;
mod streams;
mod styles;
mod train;
mod training_judge;
mod usage;

use clap::CommandFactory;

pub use arguments::{Cli, Command};
pub use exit::Exit;
pub use export::ExportError;
pub use globals::Globals;
pub use streams::StreamError;
pub use usage::UsageError;

/// Carries out a parsed command line.
///
/// # Errors
/// What went wrong, for the user; [`Exit::of`] has its exit code.
pub fn run(cli: Cli) -> anyhow::Result<Exit> {
    let globals = cli.globals;
    logging::start(&globals);
    if let Some(threads) = globals.threads {
        // Fails only where the pool has been started, which nothing before this does.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global();
        #[cfg(feature = "libtorch")]
        crate::kernels::libtorch::set_threads(threads);
    }
    match cli.command {
        Command::Demo(arguments) => demo::run(&globals, arguments),
        Command::Train(arguments) => train::run(&globals, arguments),
        Command::Apply(arguments) => apply::run(&globals, arguments),
        Command::Evaluate(arguments) => evaluate::run(&globals, arguments),
        Command::Export(arguments) => export::run(&globals, arguments),
        Command::Import(arguments) => import::run(&globals, arguments),
        Command::Styles(arguments) => styles::run(&globals, arguments),
        Command::Data(arguments) => data::run(arguments),
        Command::Bench(arguments) => bench::run(&globals, arguments),
        Command::Serve(arguments) => serve::run(&globals, arguments),
        Command::Devices => devices::run(),
        Command::Recipes(arguments) => recipes::run(arguments),
        Command::Completions(arguments) => completions::run(arguments, Cli::command()),
    }
}
