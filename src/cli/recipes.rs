//! `translate recipes`.

use std::path::Path;

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::output::print;
use crate::config::{BuiltinRecipe, ConfigError, Overlay};

/// Arguments of `translate recipes`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate recipes\n  translate recipes show cycle-small > my.toml\n  translate train --config cycle-small --data horse2zebra --name zebra"
)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the recipes in this program (the default)
    List,
    /// Print a recipe, to be changed and given to `train --config`
    Show {
        /// Name of the recipe
        name: String,
    },
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.verb.unwrap_or(Verb::List) {
        Verb::List => {
            for recipe in BuiltinRecipe::all() {
                print(format_args!("{:<22} {}", recipe.name, recipe.summary()))?;
            }
        }
        Verb::Show { name } => print(BuiltinRecipe::find(&name)?.text.trim_end())?,
    }
    Ok(Exit::Done)
}

/// The recipe in a file, or the one of this name in the program.
pub(super) fn read(path: &Path) -> Result<Overlay, ConfigError> {
    if path.is_file() {
        return Overlay::from_file(path);
    }
    let name = path.to_string_lossy();
    let name = name.strip_prefix("configs/").unwrap_or(&name);
    BuiltinRecipe::find(name.strip_suffix(".toml").unwrap_or(name))?.overlay()
}
