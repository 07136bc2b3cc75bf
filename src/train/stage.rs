//! The stages of a run, each with its own recipe, pictures and steps.

use std::path::Path;
use std::sync::Arc;

use super::error::TrainError;
use crate::config::Recipe;
use crate::data::{Dataset, Split};
use crate::style::Manifest;

/// One stage of a run.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// What it trains.
    pub(super) recipe: Recipe,
    /// Pictures to learn from.
    pub(super) dataset: Arc<Dataset>,
    /// Pictures for previews, kept apart from training if the data set has such.
    pub(super) preview_data: Arc<Dataset>,
    /// Step of the run after which the stage begins.
    pub(super) first: u64,
    /// Step of the run with which its schedule ends.
    pub(super) end: u64,
}

impl Stage {
    /// Opens the data set in `data` for each stage of `recipe`.
    ///
    /// # Errors
    /// As [`Dataset::open`].
    pub(super) fn open_all(data: &Path, recipe: &Recipe) -> Result<Vec<Self>, TrainError> {
        let mut first = 0;
        let mut stages = Vec::new();
        for recipe in recipe.stages() {
            let dataset = Arc::new(Dataset::open(data, &recipe, Split::Train)?);
            let preview_data = preview_data(data, &recipe)?;
            let per_epoch = dataset.steps_per_epoch(recipe.data.batch_size);
            let end = first + recipe.stage_epochs() as u64 * per_epoch;
            stages.push(Self {
                preview_data: preview_data.unwrap_or_else(|| Arc::clone(&dataset)),
                recipe,
                dataset,
                first,
                end,
            });
            first = end;
        }
        Ok(stages)
    }

    /// Whether previews show pictures kept apart from training.
    pub(super) fn has_preview_data(&self) -> bool {
        !Arc::ptr_eq(&self.dataset, &self.preview_data)
    }

    /// Steps of an epoch.
    pub(super) fn per_epoch(&self) -> u64 {
        self.dataset.steps_per_epoch(self.recipe.data.batch_size)
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
    let batch_size = manifest.recipe.data.batch_size.max(1) as u64;
    let per_epoch = manifest.training.samples.div_ceil(batch_size);
    total_steps(&manifest.recipe, per_epoch)
}

/// Steps of the whole run.
pub(super) fn total_steps(recipe: &Recipe, per_epoch: u64) -> u64 {
    let all = recipe.total_epochs() as u64 * per_epoch;
    match recipe.train.max_steps {
        0 => all,
        max => max.min(all),
    }
}
