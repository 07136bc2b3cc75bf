//! The stages of a run, each with its own recipe, pictures and steps.

use std::path::Path;
use std::sync::Arc;

use super::error::TrainError;
use crate::config::Recipe;
use crate::data::{Dataset, Split};
use crate::style::{Manifest, Pace};

/// One stage of a run.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// What it trains.
    pub(super) recipe: Recipe,
    /// Pictures to learn from.
    pub(super) dataset: Arc<Dataset>,
    /// Pictures for previews, kept apart from training if the data set has such.
    pub(super) preview_data: Arc<Dataset>,
    /// Steps of an epoch.
    pub(super) per_epoch: u64,
    /// Position of the run after which the stage begins.
    pub(super) first: u64,
    /// Position of the run with which it ends.
    pub(super) end: u64,
    /// Position of the run after which its schedule begins.
    pub(super) schedule_start: u64,
}

impl Stage {
    /// Opens the data set in `data` for each stage of `recipe`, whose steps are of as many batches as there are `processes`.
    ///
    /// # Errors
    /// As [`Dataset::open`].
    pub(super) fn open_all(
        data: &Path,
        recipe: &Recipe,
        processes: usize,
    ) -> Result<Vec<Self>, TrainError> {
        let mut first = 0;
        let mut stages = Vec::new();
        for recipe in recipe.stages() {
            let dataset = Arc::new(Dataset::open(data, &recipe, Split::Train)?);
            let preview_data = preview_data(data, &recipe)?;
            let per_epoch = dataset.steps_per_epoch(recipe.data.batch_size.max(1) * processes);
            let end = first + recipe.stage_epochs() as u64 * per_epoch;
            // One schedule goes through all sizes of a run that grows.
            let grows = recipe.train.level.is_some();
            let schedule_start = if grows { 0 } else { first };
            stages.push(Self {
                preview_data: preview_data.unwrap_or_else(|| Arc::clone(&dataset)),
                recipe,
                dataset,
                per_epoch,
                first,
                end,
                schedule_start,
            });
            first = end;
        }
        Ok(stages)
    }

    /// Whether previews show pictures kept apart from training.
    pub(super) fn has_preview_data(&self) -> bool {
        !Arc::ptr_eq(&self.dataset, &self.preview_data)
    }
}

/// Opens the pictures kept apart from training, if the data set has such: validation, else test.
fn preview_data(data: &Path, recipe: &Recipe) -> Result<Option<Arc<Dataset>>, TrainError> {
    for split in [Split::Validation, Split::Test] {
        if let Some(dataset) = Dataset::open_optional(data, recipe, split)? {
            return Ok(Some(Arc::new(dataset)));
        }
    }
    Ok(None)
}

/// Steps of the whole run of a style, as far as its manifest tells; 0 where it has not begun.
pub fn planned_steps(manifest: &Manifest) -> u64 {
    let (training, recipe) = (&manifest.training, &manifest.recipe);
    let pace = training.pace;
    let per_epoch = pace.steps_per_epoch(training.samples, recipe.data.batch_size);
    total_steps(recipe, per_epoch, pace)
}

/// Steps of the whole run.
pub(super) fn total_steps(recipe: &Recipe, per_epoch: u64, pace: Pace) -> u64 {
    let all = pace.step(recipe.total_epochs() as u64 * per_epoch);
    match recipe.train.max_steps {
        0 => all,
        max => max.min(all),
    }
}
