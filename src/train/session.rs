//! From a recipe to a running training: data checked, method built, style folder ready.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::checkpoint::{Checkpoint, initialise_from};
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Ending, Listener};
use super::judge::Judge;
use super::methods;
use super::metrics::MetricsFile;
use super::preview::PreviewFile;
use super::progress::ProgressDisplay;
use super::report::ReportFile;
use super::schedule::Schedule;
use super::stage::{Stage, total_steps};
use super::training::{Training, is_complete};
use crate::config::{Mode, Policy, Recipe};
use crate::data::{Dataset, Split};
use crate::device::OpenDevice;
use crate::files::{self, FileError};
use crate::method::Method;
use crate::progress::Counter;
use crate::style::{Manifest, StyleFolder, TrainingSummary};

/// How a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStart {
    /// With fresh weights, in a folder that is empty or whose style is replaced.
    Fresh,
    /// With weights from the files in this folder.
    From(PathBuf),
    /// Where an earlier run has stopped.
    Resume,
}

/// A training session.
pub struct Session {
    /// The resolved recipe.
    pub recipe: Recipe,
    /// Folder of the data set.
    pub data: PathBuf,
    /// The style that is trained.
    pub style: StyleFolder,
    /// How it begins.
    pub start: SessionStart,
    /// Where it runs.
    pub device: OpenDevice,
    /// Who evaluates the weights as `train.evaluate_every` asks for it.
    pub judge: Option<Box<dyn Judge>>,
}

impl Session {
    /// Checks the data, then trains until the recipe is done or `stop` is set.
    ///
    /// # Errors
    /// The data is wrong, the style is in use or damaged, or the run fails.
    pub fn run(self, stop: &AtomicBool) -> Result<Ending, TrainError> {
        // The pictures are the same in all stages; the last one has their full size.
        let stages = Stage::of_recipe(&self.data, &self.recipe)?;
        let whole = stages
            .last()
            .expect("a recipe has at least one stage")
            .clone();
        let dataset = &whole.dataset;
        let before = self.manifest_before()?;
        let fingerprint = dataset.fingerprint();
        if let Some(before) = &before {
            compare_data(before, &fingerprint, &self.style)?;
        }
        let per_epoch = whole.per_epoch();
        let total = total_steps(&self.recipe, per_epoch);

        let reached = match self.start {
            SessionStart::Resume => Checkpoint::newest(&self.style)?.unwrap_or(0),
            _ => 0,
        };
        let mut later: VecDeque<Stage> = stages.into();
        while later.len() > 1 && later[0].end < reached {
            later.pop_front();
        }
        let stage = later.pop_front().expect("a recipe has at least one stage");
        let mut method = methods::build(&stage.recipe, &self.device.device)?;
        if let SessionStart::From(folder) = &self.start {
            methods::check_initial_weights(&self.recipe, folder)?;
            let initial = initialise_from(folder, &mut *method)?;
            tracing::info!("initial weights: {}", initial.loaded.join(", "));
            if !initial.fresh.is_empty() {
                tracing::info!("fresh weights: {}", initial.fresh.join(", "));
            }
        }
        // The pictures of a run that goes on were checked when it began. After the networks: what is wrong with
        // weight files is said at once, while reading many pictures takes its time.
        if before.is_none() {
            // As the whole recipe sees it: the pictures must be large enough for all stages.
            check(&Dataset::open(&self.data, &self.recipe, Split::Train)?)?;
            if whole.has_preview_data() {
                check(&whole.preview_data)?;
            }
        }
        self.warn(per_epoch);
        if stop.load(Ordering::Relaxed) {
            tracing::info!("stopped before the first step: nothing was changed");
            return Ok(Ending::Stopped);
        }
        let _lock = self.prepare_folder()?;
        let resumed = match self.start {
            SessionStart::Resume => Checkpoint::resume(&self.style, &mut *method)?,
            _ => None,
        };
        let done = resumed.as_ref().map_or(0, |checkpoint| checkpoint.step);
        if self.start == SessionStart::Resume {
            if done >= total {
                tracing::info!(
                    "`{}` is finished: all {total} steps are done",
                    self.style.name()
                );
                // A kill may have come between the last checkpoint and what is written after it.
                let complete = |manifest: &Manifest| manifest.training.finished;
                if before.as_ref().is_some_and(complete)
                    && self.style.report().is_file()
                    && is_complete(&self.style, &*method)
                {
                    return Ok(Ending::Finished);
                }
            }
            match &resumed {
                Some(_) if done >= total => {}
                Some(_) => tracing::info!("going on after step {done} of {total}"),
                None if self.has_weights(&*method) => {
                    return Err(TrainError::NoState(self.style.path().to_owned()));
                }
                // Killed before its weights were saved: other weights would be another run.
                None if before.as_ref().is_some_and(was_initialised) => {
                    return Err(TrainError::NoInitialState(self.style.path().to_owned()));
                }
                None => tracing::info!("nothing to resume yet, starting anew"),
            }
        }
        let manifest = Manifest {
            training: TrainingSummary {
                steps: done,
                finished: done >= total,
                seconds: resumed
                    .as_ref()
                    .map_or(0.0, |checkpoint| checkpoint.seconds),
                samples: dataset.len() as u64,
                data_fingerprint: fingerprint,
                device: self.device.name.to_string(),
                initialised_from: match &self.start {
                    SessionStart::From(folder) => folder.display().to_string(),
                    _ => before
                        .as_ref()
                        .map(|manifest| manifest.training.initialised_from.clone())
                        .unwrap_or_default(),
                },
                ..before
                    .as_ref()
                    .filter(|_| done > 0)
                    .map(|manifest| manifest.training.clone())
                    .unwrap_or_default()
            },
            author: before.as_ref().and_then(|manifest| manifest.author.clone()),
            licence: before.and_then(|manifest| manifest.licence),
            recipe: self.recipe.clone(),
        };
        manifest.write(&self.style)?;
        if let SessionStart::From(_) = self.start {
            // A run that is killed before its first checkpoint must not go on from other weights.
            Checkpoint::start(&Schedule::of(&stage.recipe)).save(&self.style, &*method)?;
        }
        let mut listeners: Vec<Box<dyn Listener>> = vec![
            Box::new(ProgressDisplay::new(self.recipe.mode, &self.style)),
            Box::new(MetricsFile::open(&self.style.metrics(), done)?),
            Box::new(PreviewFile::new(self.style.previews())?),
            Box::new(ReportFile::new(self.style.clone())),
        ];
        let settings = (
            self.recipe.train.evaluate_every,
            self.recipe.train.stop_after,
        );
        let evaluations = self
            .judge
            .map(|judge| Evaluations::open(judge, &self.style, settings, done));
        let evaluations = evaluations.transpose()?;
        let training = Training {
            evaluations,
            method,
            stage,
            later,
            total,
            style: self.style,
            manifest,
            device: self.device,
            resumed,
        };
        training.run(stop, &mut listeners)
    }

    /// Says what the user may not expect of the recipe.
    fn warn(&self, per_epoch: u64) {
        let Recipe {
            optim, train, loss, ..
        } = &self.recipe;
        if self.recipe.mode == Mode::Pix2pixhd && !self.recipe.data.instances {
            tracing::info!("no instance maps: the networks are not shown the edges of instances");
        }
        if self.recipe.mode == Mode::Pix2pixhd
            && loss.perceptual > 0.0
            && loss.perceptual_weights.is_empty()
        {
            tracing::info!(
                "no perceptual loss: it needs the weights of VGG19 in `loss.perceptual_weights`"
            );
        }
        if optim.fix_global_epochs > 0 && optim.fix_global_epochs >= self.recipe.stage_epochs() {
            tracing::warn!(
                "the global generator is never trained together with its enhancers: `optim.fix_global_epochs` is {}, and there are {} epochs",
                optim.fix_global_epochs,
                self.recipe.stage_epochs()
            );
        }
        let all = self.recipe.total_epochs() as u64 * per_epoch;
        if train.max_steps > all {
            tracing::warn!(
                "the recipe's {} epochs have only {all} steps: raise `optim.epochs` for more",
                self.recipe.total_epochs()
            );
        }
        if optim.policy == Policy::Cosine
            && optim.decay_epochs > 0
            && total_steps(&self.recipe, per_epoch) > optim.epochs as u64 * per_epoch
        {
            tracing::warn!(
                "the cosine policy ends with epoch {}: the learning rate rises again in the {} epochs after it; set `optim.decay_epochs = 0`",
                optim.epochs,
                optim.decay_epochs
            );
        }
    }

    fn has_weights(&self, method: &dyn Method) -> bool {
        method
            .networks()
            .iter()
            .any(|network| self.style.weights(network).exists())
    }

    fn manifest_before(&self) -> Result<Option<Manifest>, TrainError> {
        if self.start == SessionStart::Resume && self.style.manifest().is_file() {
            return Ok(Some(Manifest::read(&self.style)?));
        }
        Ok(None)
    }

    /// Makes the style's folder and locks it; empties it of an earlier style unless that is resumed.
    fn prepare_folder(&self) -> Result<File, TrainError> {
        let style = &self.style;
        files::create_folder(style.path())?;
        let path = style.lock();
        let lock = style.acquire()?;
        if self.start == SessionStart::Resume {
            for folder in [style.path().to_owned(), style.state(), style.previews()] {
                remove_entries(&folder, is_leftover)?;
            }
        } else {
            // The description last: a folder that is half emptied by a kill is still known as a style.
            let manifest = style.manifest();
            remove_entries(style.path(), |entry| entry != path && entry != manifest)?;
            remove_entries(style.path(), |entry| entry != path)?;
        }
        files::create_folder(&style.state())?;
        Ok(lock)
    }
}

fn check(dataset: &Dataset) -> Result<(), TrainError> {
    let counter = Counter::new("checking pictures");
    let report = dataset.check(&|done, total| counter.update(done, 0, total));
    drop(counter);
    for line in report?.to_string().lines() {
        if let Some(warning) = line.strip_prefix("warning: ") {
            tracing::warn!("{warning}");
        } else {
            tracing::info!("{line}");
        }
    }
    Ok(())
}

fn was_initialised(manifest: &Manifest) -> bool {
    !manifest.training.initialised_from.is_empty()
}

/// The data must be that of the run which goes on.
fn compare_data(
    before: &Manifest,
    fingerprint: &str,
    style: &StyleFolder,
) -> Result<(), TrainError> {
    let recorded = &before.training.data_fingerprint;
    if recorded.is_empty() || recorded == fingerprint {
        return Ok(());
    }
    Err(TrainError::OtherData {
        style: style.name(),
        samples: before.training.samples,
        root: before.recipe.data.root.clone(),
    })
}

/// Whether a kill has left this behind: a temporary file, or a checkpoint that is not complete.
fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.starts_with('.') && name.ends_with(".tmp")) || name.ends_with(".safetensors.tmp")
}

/// Removes those files and folders in `folder` that are `unwanted`.
fn remove_entries(folder: &Path, unwanted: impl Fn(&Path) -> bool) -> Result<(), FileError> {
    if !folder.is_dir() {
        return Ok(());
    }
    let failed = |path: &Path| FileError::new("remove", path);
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if !unwanted(&path) {
            continue;
        }
        let removed = if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(failed(&path))?;
    }
    Ok(())
}
