//! Which run `translate train --resume` goes on with, and with which recipe.

use std::path::PathBuf;

use super::usage::UsageError;
use crate::config::{Mode, Overlay, Recipe, diff};
use crate::data::fit_to_data;
use crate::style::{Manifest, Registry, StyleFolder};
use crate::train::{TrainError, has_stalled, read_evaluations};

/// Settings that may change when a run goes on: they do not change what is learnt, but for rounding and draws.
const FREE_KEYS: [&str; 11] = [
    "data.mask_folder",
    "data.root",
    "data.workers",
    "train.checkpoint_every",
    "train.keep_every",
    "train.keep_every_epochs",
    "train.log_every",
    "train.max_steps",
    "train.metrics",
    "train.micro_batch",
    "train.preview_every",
];

/// How much further a run is to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct MoreTraining {
    /// Epochs in all.
    pub(super) epochs: Option<u32>,
    /// Steps in all.
    pub(super) steps: Option<u32>,
}

/// The style that is meant.
pub(super) fn chosen_style(
    registry: &Registry,
    name: Option<&str>,
    mode: Option<Mode>,
    is_resumed: bool,
) -> anyhow::Result<StyleFolder> {
    let Some(name) = name else {
        return match mode {
            Some(mode) => Ok(registry.place(mode.name())?),
            None if is_resumed => only_unfinished(registry),
            None => Err(UsageError::NoMode.into()),
        };
    };
    let style = registry.place(name)?;
    if is_resumed && !style.path().exists() {
        let nearest = registry.nearest(name)?;
        if mode.is_none() && StyleFolder::builtin(name).is_some() {
            return Err(UsageError::ResumesBuiltin(name.to_owned()).into());
        }
        // Without a mode there is nothing that could be started instead.
        if nearest.is_some() || mode.is_none() {
            return Err(UsageError::NothingToResume {
                name: name.to_owned(),
                nearest,
                known: registry.names()?,
            }
            .into());
        }
    }
    Ok(style)
}

/// The one style whose training can go on.
fn only_unfinished(registry: &Registry) -> anyhow::Result<StyleFolder> {
    let mut unfinished = registry.unfinished()?;
    match (unfinished.pop(), unfinished.is_empty()) {
        (Some(name), true) => {
            tracing::info!("resuming `{name}`, the only style that is not finished");
            Ok(registry.place(&name)?)
        }
        (last, _) => {
            unfinished.extend(last);
            Err(UsageError::WhichToResume {
                unfinished,
                known: registry.names()?,
            }
            .into())
        }
    }
}

/// The recipe of a run that goes on with this number of `processes`: the one that it has, with what the flags may change.
pub(super) fn resumed_recipe(
    before: &Manifest,
    mode: Option<Mode>,
    flags: Overlay,
    more: MoreTraining,
    style: &StyleFolder,
    processes: usize,
) -> anyhow::Result<Recipe> {
    // What was imported has never been trained.
    if !before.training.imported_from.is_empty() {
        return Err(TrainError::NoState(style.path().to_owned()).into());
    }
    let old = &before.recipe;
    let other = |lines| UsageError::OtherRecipe {
        lines,
        folder: style.path().to_owned(),
    };
    if let Some(mode) = mode.filter(|mode| *mode != old.mode) {
        let line = format!("mode: \"{}\", now \"{}\"", old.mode.name(), mode.name());
        return Err(other(vec![line]).into());
    }
    let mut overlay = Overlay::from_table(old.to_table(), "the saved recipe")?;
    overlay.extend(flags);
    let mut recipe = overlay.resolve(old.mode)?;
    let wants_instances = old.data.instances && recipe.data.instances;
    let root = PathBuf::from(&recipe.data.root);
    let fits = fit_to_data(&mut recipe, &root);
    if wants_instances && !recipe.data.instances {
        return Err(UsageError::NoInstances(recipe.data.root).into());
    }
    fits?;
    let mut lines = diff(old, &recipe);
    // The same folder, written in another way.
    let stages =
        [old, &recipe].map(|recipe| std::path::absolute(&recipe.synthesis.first_stage).ok());
    let same = stages[0].is_some() && stages[0] == stages[1];
    lines.retain(|line| !(same && line.starts_with("synthesis.first_stage:")));
    // The file of VGG19 may have moved; with and without it are different runs.
    let paths = [old, &recipe].map(|recipe| recipe.loss.perceptual_weights.is_empty());
    let moved = paths == [false, false];
    lines.retain(|line| !(moved && line.starts_with("loss.perceptual_weights:")));
    lines.retain(|line| {
        !FREE_KEYS
            .iter()
            .any(|key| line.starts_with(&format!("{key}:")))
    });
    if !lines.is_empty() {
        return Err(other(lines).into());
    }
    extend(&mut recipe, before, more, style, processes)?;
    Ok(recipe)
}

/// Adds the epochs that `--epochs` or `--steps` ask for beyond those that the run to resume has, unless it is over for good.
fn extend(
    recipe: &mut Recipe,
    before: &Manifest,
    more: MoreTraining,
    style: &StyleFolder,
    processes: usize,
) -> anyhow::Result<()> {
    // As for a new run, the epochs of the last stage.
    let has = recipe.stage_epochs();
    let training = &before.training;
    let batch_size = recipe.data.batch_size;
    let pace = training
        .pace
        .regrouped(processes, training.steps, training.samples, batch_size);
    let per_epoch = pace.steps_per_epoch(training.samples, batch_size);
    let max_steps = recipe.train.max_steps;
    if max_steps != before.recipe.train.max_steps
        && (1..training.steps).contains(&max_steps)
        && !training.finished
    {
        return Err(UsageError::FewerSteps {
            done: training.steps,
            asked: max_steps,
        }
        .into());
    }
    let added = if let Some(epochs) = more.epochs {
        if more.steps.is_none() {
            recipe.train.max_steps = 0;
        }
        let epochs = epochs as usize;
        epochs
            .checked_sub(has)
            .ok_or(UsageError::FewerEpochs { has, asked: epochs })?
    } else if max_steps != before.recipe.train.max_steps && per_epoch > 0 {
        recipe.missing_epochs(pace.position(max_steps), per_epoch)
    } else {
        0
    };
    let limit = before.recipe.train.max_steps;
    let goes_further = added > 0 || (limit > 0 && recipe.train.max_steps > limit);
    let evaluations = read_evaluations(&style.evaluations())?;
    if goes_further && has_stalled(&evaluations, recipe.train.stop_after) {
        return Err(UsageError::EndedEarly {
            name: style.name(),
            evaluations: recipe.train.stop_after,
        }
        .into());
    }
    if added > 0 {
        recipe.extend(added);
        tracing::info!(
            "after the {has} epochs of the recipe {} {added} more: {}",
            if added == 1 { "comes" } else { "come" },
            recipe.extension_rule()
        );
    }
    Ok(())
}
