//! `translate styles`.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::usage::UsageError;
use crate::style::{Manifest, Registry, StyleError, StyleFolder};

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
    /// Delete a style, or one of its kept states
    Remove {
        /// Name of the style, or NAME@STEP
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let registry = Registry::new(&globals.checkpoints);
    match arguments.verb.unwrap_or(Verb::List) {
        Verb::List => list(&registry),
        Verb::Show { name } => {
            let folder = registry.find(&name)?;
            Manifest::read(&folder)?;
            print(crate::files::read_text(&folder.manifest())?.trim_end())?;
            let kept = folder.kept_steps()?;
            if kept.is_empty() {
                return Ok(Exit::Done);
            }
            let kept = kept.iter().map(|&step| folder.kept_at(step).name());
            let kept: Vec<String> = kept.collect();
            print(format_args!("\n# kept states: {}", kept.join(", ")))
        }
        Verb::Remove { name, yes } => remove(&registry, &name, yes),
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
                let kept = match registry.place(&name)?.kept_steps()?.len() {
                    0 => String::new(),
                    count => format!(", {count} kept states"),
                };
                format!(
                    "{} {}, {} at {}, {} steps{unfinished}{kept}",
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

fn remove(registry: &Registry, name: &str, yes: bool) -> anyhow::Result<()> {
    let (style, kept) = match name.rsplit_once('@') {
        Some((style, _)) => (style, Some(registry.find(name)?)),
        None => (name, None),
    };
    let whole = registry.place(style)?;
    if !whole.path().is_dir() {
        registry.find(style)?;
    }
    let folder = kept.unwrap_or_else(|| whole.clone());
    // Never delete a folder that only has the name of a style.
    if !folder.manifest().is_file() {
        return Err(StyleError::NotAStyle(folder.path().to_owned()).into());
    }
    if !(yes || confirmed(&folder)?) {
        tracing::info!("kept `{}`", folder.path().display());
        return Ok(());
    }
    let _lock = whole.acquire()?;
    std::fs::remove_dir_all(folder.path())
        .with_context(|| format!("cannot remove `{}`", folder.path().display()))?;
    tracing::info!("removed `{}`", folder.path().display());
    Ok(())
}

/// Asks whether a style is to be deleted.
fn confirmed(folder: &StyleFolder) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        return Err(UsageError::Unconfirmed(folder.name()).into());
    }
    eprint(format_args!(
        "delete `{}` and all in it? [y/N] ",
        folder.path().display()
    ));
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes a question to standard error, without a line's end.
fn eprint(text: impl Display) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}
