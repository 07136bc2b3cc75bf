//! From a recipe to a running training: checks the data, builds the method, prepares the style folder.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::checkpoint::{Checkpoint, load_initial_weights};
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Listener, RunOutcome};
use super::folder::prepare_folder;
use super::judge::Judge;
use super::loop_state::LoopState;
use super::methods;
use super::metrics::MetricsFile;
use super::preview::PreviewFile;
use super::progress::ProgressDisplay;
use super::report::ReportFile;
use super::schedule::Schedule;
use super::stage::{Stage, total_steps};
use super::training::{Training, has_artifacts};
use crate::config::{Mode, Policy, Recipe, diff};
use crate::data::{Dataset, Split};
use crate::device::OpenDevice;
use crate::kernels::DeviceFailure;
use crate::method::Method;
use crate::progress::Counter;
use crate::style::{ApplyDefaults, Manifest, StyleError, StyleFolder, TrainingSummary};

/// Why stages are never empty.
const ONE_STAGE: &str = "a recipe has at least one stage";

/// How a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStart {
    /// With fresh weights, in a folder that is empty or whose style is replaced.
    Fresh,
    /// With the weights of this style, which may be no more than weight files.
    From(StyleFolder),
    /// Where an earlier run stopped.
    Resume,
}

impl SessionStart {
    /// How pictures are translated by default: as by the style that the session begins with.
    fn apply_defaults(&self) -> ApplyDefaults {
        match self {
            Self::From(style) => Manifest::read(style)
                .map(|manifest| manifest.apply)
                .unwrap_or_default(),
            Self::Fresh | Self::Resume => ApplyDefaults::default(),
        }
    }
}

/// A training session.
pub struct Session {
    /// The resolved recipe.
    pub recipe: Recipe,
    /// Folder of the data set.
    pub data: PathBuf,
    /// The style that is trained.
    pub style: StyleFolder,
    /// How the session begins.
    pub start: SessionStart,
    /// Where the networks compute.
    pub device: OpenDevice,
    /// Who evaluates the weights as `train.evaluate_every` asks for it.
    pub judge: Option<Box<dyn Judge>>,
}

impl Session {
    /// Checks the data, then trains until the recipe is done or `stop` is set.
    ///
    /// # Errors
    /// The data is wrong, the style is in use or damaged, or the run fails.
    pub fn run(mut self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        if self.start == SessionStart::Resume && !self.data.is_dir() {
            return Err(TrainError::DataMoved(self.data));
        }
        let stages = Stage::open_all(&self.data, &self.recipe)?;
        // The pictures are the same in all stages; the last one has their full size.
        let whole = stages.last().expect(ONE_STAGE).clone();
        let earlier = self.earlier_manifest()?;
        let fingerprint = whole.dataset.fingerprint();
        if let Some(earlier) = &earlier {
            compare_data(earlier, &fingerprint, &self.style)?;
        }
        let per_epoch = whole.per_epoch();
        let total = total_steps(&self.recipe, per_epoch);
        let (stage, remaining_stages) = self.reached_stage(stages)?;
        let mut method = self.build_method(&stage.recipe)?;
        // The pictures of a resumed run were checked when it began. After the networks: what is wrong with weight files is
        // reported at once, while reading many pictures takes its time.
        if earlier.is_none() {
            self.check_data(&whole)?;
        }
        self.warn(per_epoch);
        if stop.load(Ordering::Relaxed) {
            tracing::info!("stopped before the first step: nothing was changed");
            return Ok(RunOutcome::Stopped);
        }
        let _lock = prepare_folder(&self.style, self.start == SessionStart::Resume)?;
        let resumed = self.restore(&mut *method, total, earlier.as_ref())?;
        let done = resumed.as_ref().map_or(0, |checkpoint| checkpoint.step);
        if done >= total && self.is_finished(earlier.as_ref(), &*method) {
            return Ok(RunOutcome::Finished);
        }
        let training = TrainingSummary {
            samples: whole.dataset.len() as u64,
            data_fingerprint: fingerprint,
            pair_size: whole
                .dataset
                .side_by_side_size()
                .map_or_else(Vec::new, |(width, height)| vec![width, height]),
            steps: done,
            finished: done >= total,
            ..self.earlier_training(earlier.as_ref(), resumed.as_ref())
        };
        let mut manifest = earlier.unwrap_or_else(|| Manifest {
            apply: self.start.apply_defaults(),
            ..Manifest::new(self.recipe.clone())
        });
        manifest.training = training;
        manifest.recipe = self.recipe.clone();
        manifest.write(&self.style)?;
        if let SessionStart::From(_) = self.start {
            // A run that is killed before its first checkpoint must not resume with other weights.
            Checkpoint::initial(&Schedule::from_recipe(&stage.recipe))
                .save(&self.style, &*method)?;
        }
        let train = &self.recipe.train;
        let settings = (train.evaluate_every, train.stop_after);
        let judge = self.judge.take();
        let evaluations = judge.map(|judge| Evaluations::open(judge, &self.style, settings, done));
        let training = Training {
            evaluations: evaluations.transpose()?,
            method,
            state: LoopState::start(&stage, total, resumed.as_ref()),
            stage,
            remaining_stages,
            listeners: self.listeners(done)?,
            style: self.style,
            manifest,
            device: self.device,
        };
        DeviceFailure::catch(|| training.run(stop)).map_err(TrainError::Device)?
    }

    /// The stage in which the run begins or resumes, and those after it.
    fn reached_stage(&self, stages: Vec<Stage>) -> Result<(Stage, VecDeque<Stage>), TrainError> {
        let reached = match self.start {
            SessionStart::Resume => Checkpoint::latest_step(&self.style)?.unwrap_or(0),
            _ => 0,
        };
        let mut stages: VecDeque<Stage> = stages.into();
        while stages.len() > 1 && stages[0].end < reached {
            stages.pop_front();
        }
        let stage = stages.pop_front().expect(ONE_STAGE);
        Ok((stage, stages))
    }

    /// The method with its initial weights.
    fn build_method(&self, recipe: &Recipe) -> Result<Box<dyn Method>, TrainError> {
        let mut method = methods::build(recipe, &self.device.device)?;
        if let SessionStart::From(folder) = &self.start {
            methods::check_initial_weights(&self.recipe, folder)?;
            let initial = load_initial_weights(folder, &self.recipe, &mut *method)
                .map_err(|error| self.explained(error, folder))?;
            tracing::info!("initial weights: {}", initial.loaded.join(", "));
            if !initial.fresh.is_empty() {
                tracing::info!("fresh weights: {}", initial.fresh.join(", "));
            }
        }
        Ok(method)
    }

    /// Says of weights that do not fit which settings of the recipe are others than those of their style.
    fn explained(&self, error: TrainError, style: &StyleFolder) -> TrainError {
        let is_misfit = matches!(error, TrainError::Style(StyleError::BadWeights { .. }));
        let (true, Ok(manifest)) = (is_misfit, Manifest::read(style)) else {
            return error;
        };
        let of_networks = |line: &String| {
            let sections = ["generator.", "discriminator.", "encoder.", "mode:"];
            let keys = [
                "data.input_channels:",
                "data.output_channels:",
                "data.classes:",
            ];
            let mut starts = sections.iter().chain(&keys);
            starts.any(|start| line.starts_with(start))
        };
        let mut differences = diff(&manifest.recipe, &self.recipe);
        differences.retain(of_networks);
        if differences.is_empty() {
            return error;
        }
        TrainError::OtherNetworks {
            style: style.name(),
            differences,
        }
    }

    /// Checks the pictures as the whole recipe uses them: they must be large enough for all stages.
    fn check_data(&self, whole: &Stage) -> Result<(), TrainError> {
        check(&Dataset::open(&self.data, &self.recipe, Split::Train)?)?;
        if whole.has_preview_data() {
            check(&whole.preview_data)?;
        }
        Ok(())
    }

    /// Loads the latest checkpoint of a resumed run.
    fn restore(
        &self,
        method: &mut dyn Method,
        total: u64,
        earlier: Option<&Manifest>,
    ) -> Result<Option<Checkpoint>, TrainError> {
        if self.start != SessionStart::Resume {
            return Ok(None);
        }
        let resumed = Checkpoint::resume(&self.style, method)?;
        match &resumed {
            Some(checkpoint) if checkpoint.step >= total => tracing::info!(
                "`{}` is finished: all {total} steps are done; `--epochs N` or `--steps N` go on to more",
                self.style.name()
            ),
            Some(checkpoint) => {
                tracing::info!("resuming after step {} of {total}", checkpoint.step);
            }
            None if self.has_weights(method) => {
                return Err(TrainError::NoState(self.style.path().to_owned()));
            }
            // Killed before its weights were saved: other weights would be another run.
            None if earlier.is_some_and(was_initialised) => {
                return Err(TrainError::NoInitialState(self.style.path().to_owned()));
            }
            None => tracing::info!("nothing to resume, starting from scratch"),
        }
        Ok(resumed)
    }

    /// Whether nothing is left to write. The earlier run may have been killed between its last checkpoint and what comes
    /// after it.
    fn is_finished(&self, earlier: Option<&Manifest>, method: &dyn Method) -> bool {
        self.start == SessionStart::Resume
            && earlier.is_some_and(|manifest| manifest.training.finished)
            && self.style.report().is_file()
            && has_artifacts(&self.style, method)
    }

    /// What the manifest says of the training before the first step of this session.
    fn earlier_training(
        &self,
        earlier: Option<&Manifest>,
        resumed: Option<&Checkpoint>,
    ) -> TrainingSummary {
        let earlier = earlier.map(|manifest| &manifest.training);
        let done = resumed.is_some_and(|checkpoint| checkpoint.step > 0);
        TrainingSummary {
            seconds: resumed.map_or(0.0, |checkpoint| checkpoint.seconds),
            device: self.device.name.to_string(),
            initialised_from: match &self.start {
                SessionStart::From(folder) => folder.path().display().to_string(),
                _ => earlier
                    .map(|training| training.initialised_from.clone())
                    .unwrap_or_default(),
            },
            ..earlier.filter(|_| done).cloned().unwrap_or_default()
        }
    }

    fn listeners(&self, done: u64) -> Result<Vec<Box<dyn Listener>>, TrainError> {
        Ok(vec![
            Box::new(ProgressDisplay::new(
                &self.recipe,
                &self.style,
                self.device.name.is_synchronous(),
            )),
            Box::new(MetricsFile::open(&self.style.metrics(), done)?),
            Box::new(PreviewFile::new(self.style.previews())?),
            Box::new(ReportFile::new(self.style.clone())),
        ])
    }

    /// Points out what the user may not expect of the recipe.
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

    fn earlier_manifest(&self) -> Result<Option<Manifest>, TrainError> {
        if self.start == SessionStart::Resume && self.style.manifest().is_file() {
            return Ok(Some(Manifest::read(&self.style)?));
        }
        Ok(None)
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

/// Checks that the data is that of the run to resume.
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
