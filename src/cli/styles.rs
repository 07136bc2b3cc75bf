//! `translate styles`.

use anyhow::Context;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use crate::style::{Manifest, Registry, StyleError};

/// Arguments of `translate styles`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the styles (the default)
    List,
    /// Show what a style is and how it was trained
    Show {
        /// Name or folder of the style
        name: String,
    },
    /// Delete a style
    Remove {
        /// Name of the style
        name: String,
    },
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let registry = Registry::new(&globals.checkpoints);
    match arguments.verb.unwrap_or(Verb::List) {
        Verb::List => list(&registry),
        Verb::Show { name } => {
            let folder = registry.find(&name)?;
            Manifest::read(&folder)?;
            print(crate::files::read_text(&folder.manifest())?.trim_end())
        }
        Verb::Remove { name } => remove(&registry, &name),
    }?;
    Ok(Exit::Done)
}

fn list(registry: &Registry) -> anyhow::Result<()> {
    for name in registry.names()? {
        let manifest = Manifest::read(&registry.place(&name)?);
        let text = match manifest {
            Ok(manifest) if !manifest.training.imported_from.is_empty() => format!(
                "{} {}, {}, imported",
                manifest.recipe.mode.name(),
                manifest.recipe.data.direction.name(),
                manifest.recipe.generator.arch.name(),
            ),
            Ok(manifest) => {
                let recipe = &manifest.recipe;
                let unfinished = if manifest.training.finished {
                    ""
                } else {
                    ", unfinished"
                };
                format!(
                    "{} {}, {} at {}, {} steps{unfinished}",
                    recipe.mode.name(),
                    recipe.data.direction.name(),
                    recipe.generator.arch.name(),
                    recipe.data.picture_size(),
                    manifest.training.steps
                )
            }
            Err(error) => format!("damaged: {error}"),
        };
        print(format_args!("{name:<24} {text}"))?;
    }
    Ok(())
}

fn remove(registry: &Registry, name: &str) -> anyhow::Result<()> {
    let folder = registry.place(name)?;
    if !folder.path().is_dir() {
        registry.find(name)?;
    }
    // Never delete a folder that only has the name of a style.
    if !folder.manifest().is_file() {
        return Err(StyleError::NotAStyle(folder.path().to_owned()).into());
    }
    let _lock = folder.acquire()?;
    std::fs::remove_dir_all(folder.path())
        .with_context(|| format!("cannot remove `{}`", folder.path().display()))?;
    tracing::info!("removed `{}`", folder.path().display());
    Ok(())
}
