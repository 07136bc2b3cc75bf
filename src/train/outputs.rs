//! What a run writes beside its losses: checkpoints, states that are kept, previews, evaluations, artifacts. All of it by the
//! leader of a group.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use super::checkpoint::{Checkpoint, OwnParts};
use super::error::TrainError;
use super::evaluation_line::read_evaluations;
use super::evaluations::Evaluations;
use super::event::Event;
use super::kept_state::keep_state;
use super::loop_state::Due;
use super::packed::{Parts, pack, unpack};
use super::preview::preview_path;
use super::training::Training;
use crate::config::Recipe;
use crate::method::Method;
use crate::style::{StyleFolder, write_weights};

/// Pictures of which artifacts are made before the end.
const ARTIFACT_SAMPLES: usize = 16;
/// Samples shown in previews.
const PREVIEW_SAMPLES: usize = 4;

impl Training<'_> {
    /// Writes what the earlier run would have written after its last checkpoint if it had not been killed.
    pub(super) fn write_missing(&mut self) -> Result<(), TrainError> {
        if !self.group.is_leader() {
            return Ok(());
        }
        self.write_missing_preview()?;
        if self.state.step > 0 && self.state.is_kept(&self.manifest.recipe.train) {
            keep_state(&self.style, &self.manifest, self.state.step)?;
        }
        if self.state.step >= self.state.total {
            self.write_artifacts(usize::MAX)?;
        }
        self.evaluate()
    }

    /// Writes what is due after a step.
    pub(super) fn write_due(&mut self, due: Due) -> Result<(), TrainError> {
        if self.state.step == self.state.total {
            self.write_artifacts(usize::MAX)?;
        }
        if due.saves {
            self.save()?;
        }
        if !self.group.is_leader() {
            return Ok(());
        }
        if due.keeps {
            keep_state(&self.style, &self.manifest, self.state.step)?;
        }
        // After the checkpoint: a failing preview must not cost the steps before it.
        if due.previews {
            let rows = self.preview()?;
            let step = self.state.step;
            self.emit(&Event::Preview { step, rows })?;
        }
        self.evaluate()
    }

    /// Writes the preview of the resumed step if the earlier run was killed before it.
    fn write_missing_preview(&mut self) -> Result<(), TrainError> {
        let step = self.state.step;
        if lacks_preview(&self.style, &self.manifest.recipe, [step, self.state.last]) {
            let rows = self.preview()?;
            self.emit(&Event::Preview { step, rows })?;
        }
        Ok(())
    }

    /// Whether the leader evaluates after the last step done.
    pub(super) fn evaluates(&self) -> bool {
        let is_last = self.state.step == self.state.total;
        if !self.group.is_leader() {
            let every = self.manifest.recipe.train.evaluate_every;
            return every > 0 && (is_last || self.state.step.is_multiple_of(every));
        }
        let due = |evaluations: &Evaluations| evaluations.is_due(self.state.step, is_last);
        self.evaluations.as_ref().is_some_and(due)
    }

    /// Evaluates the checkpoint of this step, if that is due.
    fn evaluate(&mut self) -> Result<(), TrainError> {
        let due = self.evaluates();
        let Some(evaluations) = self.evaluations.as_mut().filter(|_| due) else {
            return Ok(());
        };
        let (data, method) = (&self.stage.preview_data, &self.method);
        let shown = (0..data.len()).map(|index| Ok(method.translations(data.fixed(index)?)));
        let checkpoint = Checkpoint::folder(&self.style, self.state.step);
        let stems = method.networks();
        let line = evaluations.evaluate(&self.manifest, &checkpoint, stems, shown)?;
        self.emit(&Event::Evaluated { line })
    }

    /// Ends a run that gets no better like one whose steps are all done.
    pub(super) fn finish_early(&mut self) -> Result<(), TrainError> {
        tracing::info!(
            "no better for {} evaluations: the run is over after step {}",
            self.manifest.recipe.train.stop_after,
            self.state.step
        );
        // Those of the last checkpoint are made from some of the pictures.
        self.write_artifacts(usize::MAX)?;
        self.state.total = self.state.step;
        self.save()
    }

    pub(super) fn save(&mut self) -> Result<(), TrainError> {
        let others = self.gather_own_parts()?;
        if !self.group.is_leader() {
            self.state.last_checkpoint = Some(self.state.step);
            return Ok(());
        }
        let seconds = self.state.seconds_before + self.state.started.elapsed().as_secs_f64();
        let checkpoint = Checkpoint {
            step: self.state.step,
            seconds,
            plateau: self.state.schedule.state(),
            epoch_loss: self.state.epoch_loss,
            counts: BTreeMap::new(),
            pace: self.state.pace,
        };
        let path = checkpoint.save(&self.style, &*self.method, others)?;
        if self.state.step < self.state.total {
            self.write_artifacts(ARTIFACT_SAMPLES)?;
        }
        let training = &mut self.manifest.training;
        training.steps = self.state.step;
        training.epoch = self.state.epoch();
        training.finished = self.state.step == self.state.total;
        training.seconds = seconds;
        training.pace = self.state.pace;
        // A run that was resumed and has taken no step knows none.
        if !self.state.last_losses.is_empty() {
            let losses = self.state.last_losses.iter();
            training.losses = losses
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect();
        }
        self.manifest.write(&self.style)?;
        self.state.last_checkpoint = Some(self.state.step);
        self.emit(&Event::Saved {
            step: self.state.step,
            path,
        })
    }

    /// What the other processes of a group have for themselves, in the leader.
    fn gather_own_parts(&self) -> Result<OwnParts, TrainError> {
        if self.group.size() == 1 {
            return Ok(OwnParts::new());
        }
        let mut own = Parts::new();
        if !self.group.is_leader() {
            let mut state = self.method.state();
            for part in std::mem::take(&mut state.own) {
                own.insert(part.clone(), state.take(&part).0);
            }
        }
        let gathered = self.group.gather(pack(own)?)?;
        let others = gathered.iter().enumerate().skip(1);
        let others = others.map(|(process, bytes)| Ok((process, unpack(bytes)?)));
        others.collect()
    }

    fn preview(&self) -> Result<Vec<Vec<TensorData>>, TrainError> {
        let data = &self.stage.preview_data;
        let mut rows = Vec::new();
        for index in data.spread(PREVIEW_SAMPLES) {
            rows.extend(self.method.preview(data.fixed(index)?));
        }
        Ok(rows)
    }

    /// Writes what the style needs besides the weights, made from at most `most` pictures: from all of them before the last
    /// checkpoint, so that every finished style has it, and from some with each one before, so that it can be applied.
    fn write_artifacts(&self, most: usize) -> Result<(), TrainError> {
        if !self.group.is_leader() || self.method.artifact_names().is_empty() {
            return Ok(());
        }
        let data = &self.stage.dataset;
        let mut samples = data.spread(most).into_iter().map(|index| data.fixed(index));
        for (stem, tensors) in self.method.compute_artifacts(&mut samples)? {
            write_weights(&self.style.weights(stem), &tensors)?;
        }
        Ok(())
    }
}

/// Whether there should be a preview of `step` in a run whose last one is `last`, and is none.
fn lacks_preview(style: &StyleFolder, recipe: &Recipe, [step, last]: [u64; 2]) -> bool {
    let due = step > 0 && (step.is_multiple_of(recipe.train.preview_every) || step == last);
    due && !preview_path(&style.previews(), step).exists()
}

/// Whether the style has the report, the preview and what its method computes at the end of a training, of which so many steps are done
/// and so many are asked for.
pub(super) fn has_outputs(
    style: &StyleFolder,
    recipe: &Recipe,
    method: &dyn Method,
    steps: [u64; 2],
) -> bool {
    let mut artifacts = method.artifact_names().iter();
    style.report().is_file()
        && artifacts.all(|stem| style.weights(stem).is_file())
        && !lacks_preview(style, recipe, steps)
}

/// Whether the style has the evaluation of `step`.
pub(super) fn is_evaluated(style: &StyleFolder, step: u64) -> bool {
    let lines = read_evaluations(&style.evaluations()).unwrap_or_default();
    lines.last().is_some_and(|line| line.step >= step)
}
