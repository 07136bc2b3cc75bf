//! `translate styles`.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::usage::UsageError;
use crate::style::{Manifest, Registry, StyleError, StyleFolder, second_generator_stem};
use crate::wording::counted;

/// Arguments of `translate styles`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the styles, those in the program last (the default)
    List,
    /// Show what a style is and how it was trained: its model card, if it has one, and its style.toml
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
            if let Some(card) = folder.model_card()? {
                print(format_args!("{}\n", card.trim_end()))?;
            }
            let text = folder.contents("style.toml")?.unwrap_or_default();
            print(String::from_utf8_lossy(&text).trim_end())?;
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
        let style = registry.place(&name)?;
        let text = description(&style)?;
        print(format_args!("{name:<24} {text}"))?;
    }
    for style in registry.builtin()? {
        let text = description(&style)?;
        print(format_args!("{:<24} {text}, built-in", style.name()))?;
    }
    Ok(())
}

/// One line on what a style is.
fn description(style: &StyleFolder) -> anyhow::Result<String> {
    let manifest = match Manifest::read(style) {
        Ok(manifest) => manifest,
        Err(error) => return Ok(format!("damaged: {error}")),
    };
    let recipe = &manifest.recipe;
    let mode = recipe.mode.name();
    let second = second_generator_stem(recipe).filter(|stem| style.has_weights(stem));
    let direction = recipe.data.direction;
    let direction = match second {
        _ if recipe.mode.makes_pictures() => match recipe.class_count() {
            0 => "without classes".to_owned(),
            length if recipe.tells_vectors() => format!("of vectors of {length} numbers"),
            count => format!("of {count} classes"),
        },
        Some(_) => format!("{} and {}", direction.name(), direction.reversed().name()),
        None => direction.name().to_owned(),
    };
    let arch = recipe.generator.arch.name();
    if !manifest.training.imported_from.is_empty() {
        return Ok(format!("{mode} {direction}, {arch}, imported"));
    }
    let unfinished = if manifest.training.finished {
        ""
    } else {
        ", unfinished"
    };
    let kept = match style.kept_steps()?.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "kept state")),
    };
    Ok(format!(
        "{mode} {direction}, {arch} at {}, {}{unfinished}{kept}",
        recipe.data.picture_size(),
        counted(manifest.training.steps, "step")
    ))
}

fn remove(registry: &Registry, name: &str, yes: bool) -> anyhow::Result<()> {
    let (style, kept) = match name.rsplit_once('@') {
        Some((style, _)) => (style, Some(registry.find(name)?)),
        None => (name, None),
    };
    let whole = registry.place(style)?;
    if !whole.path().is_dir() {
        let found = registry.find(style)?;
        if found.is_builtin() {
            return Err(UsageError::RemovesBuiltin(found.name()).into());
        }
    }
    let folder = kept.unwrap_or_else(|| whole.clone());
    // Never delete a folder that only has the name of a style.
    if !folder.manifest().is_file() {
        return Err(StyleError::NotAStyle(folder.path().to_owned()).into());
    }
    let second = registry.second_stages(&folder)?;
    if !second.is_empty() {
        tracing::warn!(
            "without `{}` these make no pictures any more: `{}`",
            folder.name(),
            second.join("`, `")
        );
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
