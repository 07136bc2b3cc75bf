//! From a recipe to a running training: checks the data, builds the method, prepares the style folder.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::checkpoint::{Checkpoint, OwnParts};
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Listener, RunOutcome};
use super::folder::prepare_folder;
use super::initial_weights::load_initial_weights;
use super::joint_start::{compare_setup, share_method, share_value};
use super::judge::Judge;
use super::loop_state::LoopState;
use super::methods::{BuildMethod, check_initial_weights};
use super::metrics::MetricsFile;
use super::outputs::{has_outputs, is_evaluated};
use super::preview::PreviewFile;
use super::progress::ProgressDisplay;
use super::report::ReportFile;
use super::schedule::Schedule;
use super::session_checks::{check, check_device, compare_data, warn};
use super::session_start::SessionStart;
use super::stage::{Stage, total_steps};
use super::training::Training;
use crate::config::{Recipe, diff};
use crate::data::{Dataset, Split};
use crate::device::OpenDevice;
use crate::distributed::{Group, Signal};
use crate::kernels::DeviceFailure;
use crate::method::Method;
use crate::style::{Manifest, Pace, StyleError, StyleFolder, TrainingSummary};

/// Evaluations, if there are any, and listeners.
type Outputs = (Option<Evaluations>, Vec<Box<dyn Listener>>);

/// Why stages are never empty.
const ONE_STAGE: &str = "a recipe has at least one stage";

/// Why reference pictures fit.
const REFERENCE_FITS: &str = "as many pictures are read as the recipe says, with its channels";

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
    /// How methods are built.
    pub build: BuildMethod,
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
    pub fn run(self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        self.run_together(&Group::alone(), stop)
    }

    /// As [`Session::run`], as one of the processes of `group`. The leader writes all files. Whoever fails must tell the others:
    /// [`Group::conclude`].
    ///
    /// # Errors
    /// As [`Session::run`]; or the processes were not started alike, or lose each other.
    pub fn run_together(
        mut self,
        group: &Group,
        stop: &AtomicBool,
    ) -> Result<RunOutcome, TrainError> {
        if self.start.is_resumed() && !self.data.is_dir() {
            return Err(TrainError::DataMoved(self.data));
        }
        check_device(&self.recipe, &self.device, group.size())?;
        let stages = Stage::open_all(&self.data, &self.recipe, group.size())?;
        // The pictures are the same in all stages; the last one has their full size.
        let whole = stages.last().expect(ONE_STAGE).clone();
        let earlier = self.earlier_manifest()?;
        let fingerprint = whole.dataset.fingerprint();
        if let Some(earlier) = &earlier {
            compare_data(earlier, &fingerprint, &self.style)?;
        }
        compare_setup(group, &self.recipe, &fingerprint, &self.device)?;
        let reached = share_value(group, self.reached()?)?;
        let pace = self.pace(group, &whole, reached.as_ref());
        let total = total_steps(&self.recipe, whole.per_epoch, pace);
        let position = reached.map_or(0, |checkpoint| pace.position(checkpoint.step));
        let (stage, remaining_stages) = reached_stage(stages, position);
        let mut method = self.build_method(&stage)?;
        // The pictures of a resumed run were checked when it began. After the networks: what is wrong with weight files is
        // reported at once, while reading many pictures takes its time.
        if earlier.is_none() && group.is_leader() {
            self.check_data(&whole)?;
        }
        if group.is_leader() {
            warn(&self.recipe, whole.per_epoch, pace);
        }
        let signal = if stop.load(Ordering::Relaxed) {
            Signal::Stop
        } else {
            Signal::Continue
        };
        if group.agree(signal, true)? == Signal::Stop {
            tracing::info!("stopped before the first step: nothing was changed");
            return Ok(RunOutcome::Stopped);
        }
        let _lock = if group.is_leader() {
            let resumed = self.start.is_resumed();
            Some(prepare_folder(&self.style, resumed)?)
        } else {
            None
        };
        let (resumed, own_parts) = self
            .restore(&mut *method, total, earlier.as_ref())?
            .map_or((None, OwnParts::new()), |(checkpoint, own_parts)| {
                (Some(checkpoint), own_parts)
            });
        let done = resumed.as_ref().map_or(0, |checkpoint| checkpoint.step);
        let is_finished = self.is_finished(earlier.as_ref(), &*method, [done, total]);
        let (is_finished, resumed) = share_value(group, (is_finished, resumed))?;
        if is_finished {
            return Ok(RunOutcome::Finished);
        }
        let done = resumed.as_ref().map_or(0, |checkpoint| checkpoint.step);
        share_method(group, &mut *method, own_parts)?;
        let training = TrainingSummary {
            samples: whole.dataset.len() as u64,
            data_fingerprint: fingerprint,
            pair_size: whole
                .dataset
                .side_by_side_size()
                .map_or_else(Vec::new, |(width, height)| vec![width, height]),
            steps: done,
            finished: done >= total,
            pace,
            ..self.earlier_training(earlier.as_ref(), resumed.as_ref())
        };
        let mut manifest = earlier.unwrap_or_else(|| Manifest {
            apply: self.start.apply_defaults(),
            ..Manifest::new(self.recipe.clone())
        });
        manifest.training = training;
        manifest.recipe = self.recipe.clone();
        if group.is_leader() {
            manifest.write(&self.style)?;
        }
        if let SessionStart::From(_) = self.start {
            // A run that is killed before its first checkpoint must not resume with other weights.
            let schedule = Schedule::from_recipe(&stage.recipe);
            Checkpoint::initial(&schedule, pace).save(&self.style, &*method, OwnParts::new())?;
        }
        let (evaluations, listeners) = if group.is_leader() {
            self.outputs(done, method.preview_caption())?
        } else {
            (None, Vec::new())
        };
        let training = Training {
            group,
            evaluations,
            method,
            build: self.build,
            state: LoopState::start(&stage, total, pace, resumed.as_ref()),
            stage,
            remaining_stages,
            listeners,
            style: self.style,
            manifest,
            device: self.device,
        };
        DeviceFailure::catch(|| training.run(stop)).map_err(TrainError::Device)?
    }

    /// The checkpoint that an earlier run has reached.
    fn reached(&self) -> Result<Option<Checkpoint>, TrainError> {
        match self.start {
            SessionStart::Resume | SessionStart::GoOn => Checkpoint::latest(&self.style),
            _ => Ok(None),
        }
    }

    /// How steps and epochs go together from here on.
    fn pace(&self, group: &Group, whole: &Stage, reached: Option<&Checkpoint>) -> Pace {
        let usual = Pace {
            processes: group.size(),
            ..Pace::default()
        };
        reached.map_or(usual, |checkpoint| {
            let samples = whole.dataset.len() as u64;
            let batch_size = self.recipe.data.batch_size;
            checkpoint
                .pace
                .regrouped(group.size(), checkpoint.step, samples, batch_size)
        })
    }

    /// Who measures, and who hears of what happens.
    fn outputs(&mut self, done: u64, caption: &'static str) -> Result<Outputs, TrainError> {
        let train = &self.recipe.train;
        let settings = (train.evaluate_every, train.stop_after);
        let judge = self.judge.take();
        let evaluations = judge.map(|judge| Evaluations::open(judge, &self.style, settings, done));
        let listeners: Vec<Box<dyn Listener>> = vec![
            Box::new(ProgressDisplay::new(
                &self.recipe,
                &self.style,
                self.device.name.is_synchronous(),
            )),
            Box::new(MetricsFile::open(&self.style.metrics(), done)?),
            Box::new(PreviewFile::new(self.style.previews())?),
            Box::new(ReportFile::new(self.style.clone(), caption)),
        ];
        Ok((evaluations.transpose()?, listeners))
    }

    /// The method with its initial weights.
    fn build_method(&self, stage: &Stage) -> Result<Box<dyn Method>, TrainError> {
        let mut method = (self.build)(&stage.recipe, &self.device.device)?;
        let reference = stage.recipe.needed_reference_batch();
        if reference > 0 {
            let batch = stage.dataset.reference(reference)?;
            method.set_reference(&batch).expect(REFERENCE_FITS);
        }
        if let SessionStart::From(folder) = &self.start {
            check_initial_weights(&self.recipe, folder)?;
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
            // Of weights that are replaced.
            let initial = ["generator.init:", "generator.init_gain:"];
            let mut starts = sections.iter().chain(&keys);
            starts.any(|start| line.starts_with(start))
                && !initial.iter().any(|start| line.starts_with(start))
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
    ) -> Result<Option<(Checkpoint, OwnParts)>, TrainError> {
        if !self.start.is_resumed() {
            return Ok(None);
        }
        let resumed = Checkpoint::resume(&self.style, method)?;
        match &resumed {
            Some((checkpoint, _)) if checkpoint.step >= total => tracing::info!(
                "`{}` is finished: all {} steps are done; `--epochs N` or `--steps N` go on to more",
                self.style.name(),
                checkpoint.step
            ),
            Some(_) if self.start == SessionStart::GoOn => {}
            Some((checkpoint, _)) => {
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
    fn is_finished(
        &self,
        earlier: Option<&Manifest>,
        method: &dyn Method,
        steps: [u64; 2],
    ) -> bool {
        steps[0] >= steps[1]
            && self.start.is_resumed()
            && earlier.is_some_and(|manifest| manifest.training.finished)
            && has_outputs(&self.style, &self.recipe, method, steps)
            && (self.judge.is_none() || is_evaluated(&self.style, steps[0]))
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

    fn has_weights(&self, method: &dyn Method) -> bool {
        method
            .networks()
            .iter()
            .any(|network| self.style.weights(network).exists())
    }

    fn earlier_manifest(&self) -> Result<Option<Manifest>, TrainError> {
        if self.start.is_resumed() && self.style.manifest().is_file() {
            return Ok(Some(Manifest::read(&self.style)?));
        }
        Ok(None)
    }
}

fn was_initialised(manifest: &Manifest) -> bool {
    !manifest.training.initialised_from.is_empty()
}

/// The stage in which a run begins or resumes that has reached `position`, and those after it.
fn reached_stage(stages: Vec<Stage>, position: u64) -> (Stage, VecDeque<Stage>) {
    let mut stages: VecDeque<Stage> = stages.into();
    while stages.len() > 1 && stages[0].end < position {
        stages.pop_front();
    }
    let stage = stages.pop_front().expect(ONE_STAGE);
    (stage, stages)
}
