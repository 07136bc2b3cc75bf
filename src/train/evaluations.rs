//! Evaluations during a run: their values in `evaluations.jsonl`, the best weights in `best/`, and when to stop.
//!
//! Everything is decided by the lines of the file, so that a run that goes on decides as if it had never stopped. An evaluation
//! comes after the checkpoint of its step; if a kill comes before its line is written, it is made again.

use std::path::{Path, PathBuf};

use burn::tensor::TensorData;

use super::error::TrainError;
use super::evaluation_line::{EvaluationLine, has_stalled, read_evaluations};
use super::judge::Judge;
use super::preview::picture;
use crate::files::{self, FileError};
use crate::style::{Manifest, StyleFolder};

/// The evaluations of a run.
pub struct Evaluations {
    judge: Box<dyn Judge>,
    style: StyleFolder,
    every: u64,
    stop_after: u64,
    lines: Vec<EvaluationLine>,
}

/// A translation and the real picture that it is measured against, `[1, channels, height, width]` in [-1, 1].
pub(super) type Shown = (TensorData, TensorData);

impl Evaluations {
    /// Those of a run that goes on after `done` steps, every `every` steps; lines of later steps are removed. The run is over
    /// after `stop_after` evaluations that are not the best, unless that is 0.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(
        judge: Box<dyn Judge>,
        style: &StyleFolder,
        (every, stop_after): (u64, u64),
        done: u64,
    ) -> Result<Self, FileError> {
        let mut lines = read_evaluations(&style.evaluations())?;
        lines.retain(|line| line.step <= done);
        let evaluations = Self {
            judge,
            style: style.clone(),
            every,
            stop_after,
            lines,
        };
        evaluations.write()?;
        Ok(evaluations)
    }

    /// Whether there is one after this step, which may be the last.
    pub fn is_due(&self, step: u64, is_last: bool) -> bool {
        let is_done = self.lines.last().is_some_and(|line| line.step >= step);
        step > 0 && !is_done && (step.is_multiple_of(self.every) || is_last)
    }

    /// Whether so many evaluations were not the best that the run is over.
    pub fn has_stalled(&self) -> bool {
        has_stalled(&self.lines, self.stop_after)
    }

    /// Measures what is `shown` after a step whose checkpoint lies in `checkpoint`, and keeps its weights if they are the best.
    ///
    /// # Errors
    /// A picture cannot be shown or measured, or a file cannot be written.
    pub(super) fn evaluate(
        &mut self,
        manifest: &Manifest,
        checkpoint: &Path,
        stems: &[&str],
        shown: impl Iterator<Item = Result<Vec<Shown>, TrainError>>,
    ) -> Result<EvaluationLine, TrainError> {
        let step = manifest.training.steps;
        let folder =
            tempfile::tempdir().map_err(FileError::context("write", Path::new("pictures")))?;
        let (real, fake) = (folder.path().join("real"), folder.path().join("fake"));
        for side in [&real, &fake] {
            files::create_folder(side)?;
        }
        for (sample, shown) in shown.enumerate() {
            for (index, (translation, target)) in shown?.iter().enumerate() {
                let name = format!("{sample:06}-{index}.png");
                for (side, data) in [(&fake, translation), (&real, target)] {
                    if let Some(picture) = picture(data) {
                        files::write_png(&side.join(&name), &picture)?;
                    }
                }
            }
        }
        let values = self
            .judge
            .judge(&real, &fake)
            .map_err(|message| TrainError::Evaluation { step, message })?;
        let Some(first) = values.first() else {
            let message = "there is no metric".to_owned();
            return Err(TrainError::Evaluation { step, message });
        };
        // Of this metric alone: when a run goes on, another may decide.
        let mut before = self
            .lines
            .iter()
            .filter_map(|line| line.metrics.get(&first.name));
        let best = before.all(|before| {
            if first.higher_is_better {
                first.value > *before
            } else {
                first.value < *before
            }
        });
        if best {
            self.keep(manifest, checkpoint, stems)?;
        }
        let finite = values.iter().filter(|value| value.value.is_finite());
        let line = EvaluationLine {
            step,
            metrics: finite
                .map(|value| (value.name.clone(), value.value))
                .collect(),
            decides: first.name.clone(),
            best,
        };
        self.lines.push(line.clone());
        self.write()?;
        Ok(line)
    }

    /// Makes a style of a checkpoint's weights: `best/`, in the place of the one before.
    fn keep(
        &self,
        manifest: &Manifest,
        checkpoint: &Path,
        stems: &[&str],
    ) -> Result<(), TrainError> {
        let target = self.style.best();
        let unfinished = self.style.path().join(".best.tmp");
        remove(&unfinished)?;
        files::create_folder(&unfinished)?;
        let style = StyleFolder::new(&unfinished);
        for stem in stems {
            let source = StyleFolder::new(checkpoint).weights(stem);
            let weights = style.weights(stem);
            // A second name costs no space; some file systems have none.
            if std::fs::hard_link(&source, &weights).is_err() {
                std::fs::copy(&source, &weights).map_err(FileError::context("write", &weights))?;
            }
        }
        manifest.write(&style)?;
        files::sync_folder(&unfinished)?;
        remove(&target)?;
        std::fs::rename(&unfinished, &target).map_err(FileError::context("write", &target))?;
        Ok(files::sync_folder(self.style.path())?)
    }

    fn write(&self) -> Result<(), FileError> {
        let path = self.style.evaluations();
        let mut text = String::new();
        for line in &self.lines {
            let line = serde_json::to_string(line)
                .map_err(|error| FileError::context("write", &path)(error.into()))?;
            text.push_str(&line);
            text.push('\n');
        }
        files::write_atomically(&path, text.as_bytes())
    }
}

fn remove(folder: &PathBuf) -> Result<(), FileError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::context("remove", folder)(error))
        }
        _ => Ok(()),
    }
}
