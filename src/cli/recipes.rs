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
    let asked = path.to_string_lossy();
    let name = asked.strip_prefix("configs/").unwrap_or(&asked);
    let found = BuiltinRecipe::find(name.strip_suffix(".toml").unwrap_or(name));
    found.map_err(|error| as_asked(error, &asked))?.overlay()
}

/// The error with the recipe as it was asked for: whoever means a file looks for its name.
fn as_asked(mut error: ConfigError, asked: &str) -> ConfigError {
    if let ConfigError::NoRecipe { name, .. } = &mut error {
        asked.clone_into(name);
    }
    error
}
