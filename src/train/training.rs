//! The training loop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::tensor::TensorData;

use super::checkpoint::Checkpoint;
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Event, Listener, RunOutcome, StepRecord};
use super::kept_state::keep_state;
use super::loop_state::{LoopState, PendingLosses};
use super::methods;
use super::preview::preview_path;
use super::stage::Stage;
use crate::data::{Batch, DataLoader};
use crate::device::OpenDevice;
use crate::method::{Method, Player, StepContext};
use crate::random;
use crate::style::{Manifest, StyleError, StyleFolder, write_weights};

/// Steps after which the time of the run is estimated.
const ESTIMATE_AFTER: usize = 10;
/// Pictures of which artifacts are made before the end.
const ARTIFACT_SAMPLES: usize = 16;
/// Samples shown in previews.
const PREVIEW_SAMPLES: usize = 4;

/// A run: a method, its data and the style that it trains.
pub(super) struct Training {
    /// The method, with its weights loaded.
    pub(super) method: Box<dyn Method>,
    /// The stage that the method is in.
    pub(super) stage: Stage,
    /// The stages after it.
    pub(super) remaining_stages: VecDeque<Stage>,
    /// Folder of the style.
    pub(super) style: StyleFolder,
    /// Description of the style, with the recipe of the whole run.
    pub(super) manifest: Manifest,
    /// Where the networks compute.
    pub(super) device: OpenDevice,
    /// What changes from step to step.
    pub(super) state: LoopState,
    /// Evaluations on pictures kept apart, if there are any.
    pub(super) evaluations: Option<Evaluations>,
    /// Who hears of events.
    pub(super) listeners: Vec<Box<dyn Listener>>,
}

impl Training {
    /// Trains until all steps are done or `stop` is set, and saves.
    ///
    /// # Errors
    /// A picture cannot be read, a loss is not finite, or a file cannot be written. The last checkpoint is kept.
    pub(super) fn run(mut self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        let result = self.stages(stop);
        let ended = self.emit(&Event::Ended {
            outcome: *result.as_ref().unwrap_or(&RunOutcome::Failed),
            step: self.state.step,
        });
        // The run's own error takes precedence over that of a listener.
        let outcome = result?;
        ended?;
        Ok(outcome)
    }

    fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut listeners = self.listeners.iter_mut();
        listeners.try_for_each(|listener| listener.on_event(event))
    }

    fn stages(&mut self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        self.emit(&Event::Started {
            done: self.state.step,
            total: self.state.total,
        })?;
        self.write_missing_preview()?;
        if self.state.step > 0 && self.state.is_kept(&self.manifest.recipe.train) {
            // The earlier run may have been killed before it.
            keep_state(&self.style, &self.manifest, self.state.step)?;
        }
        if self.state.step >= self.state.total {
            self.write_artifacts(usize::MAX)?;
        }
        self.evaluate()?;
        loop {
            let outcome = self.steps(stop)?;
            if self.has_stalled() {
                self.finish_early()?;
                return Ok(RunOutcome::Finished);
            }
            if outcome != RunOutcome::Finished || self.state.step >= self.state.total {
                return Ok(outcome);
            }
            let Some(next) = self.remaining_stages.pop_front() else {
                return Ok(outcome);
            };
            self.start_stage(next)?;
        }
    }

    /// Writes the preview of the resumed step if the earlier run was killed before it.
    fn write_missing_preview(&mut self) -> Result<(), TrainError> {
        let step = self.state.step;
        let every = self.manifest.recipe.train.preview_every;
        let due = step > 0 && (step.is_multiple_of(every) || step == self.state.last);
        if due && !preview_path(&self.style.previews(), step).exists() {
            let rows = self.preview()?;
            self.emit(&Event::Preview { step, rows })?;
        }
        Ok(())
    }

    /// Starts the next stage with the weights of this one.
    fn start_stage(&mut self, next: Stage) -> Result<(), TrainError> {
        tracing::info!(
            "next stage: {} generator at {}",
            next.recipe.generator.arch.name(),
            next.recipe.data.picture_size()
        );
        let mut method = methods::build(&next.recipe, &self.device.device)?;
        for network in method.networks() {
            let weights = self.method.weights(network);
            let taken = method.warm_start(network, weights);
            taken.map_err(|source| StyleError::BadWeights {
                path: self.style.weights(network),
                source,
            })?;
        }
        self.method = method;
        self.stage = next;
        self.state.start_stage(&self.stage);
        Ok(())
    }

    fn steps(&mut self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        let done = self.state.step - self.stage.first;
        let mut loader = DataLoader::start(Arc::clone(&self.stage.dataset), done)?;
        while self.state.step < self.state.last && !self.has_stalled() {
            if stop.load(Ordering::Relaxed) {
                self.read_losses()?;
                self.save()?;
                return Ok(RunOutcome::Stopped);
            }
            let begun = Instant::now();
            let batch = match loader.next() {
                Ok(batch) => batch,
                Err(error) => {
                    // The steps so far are good: save them.
                    self.read_losses()?;
                    self.save()?;
                    return Err(error.into());
                }
            };
            self.step(batch);
            self.after_step(begun)?;
        }
        Ok(RunOutcome::Finished)
    }

    fn step(&mut self, batch: Batch) {
        let recipe = &self.stage.recipe;
        self.state.step += 1;
        let step = self.state.step;
        let epoch = self.state.epoch();
        let stage_epoch = epoch - self.stage.first / self.state.per_epoch;
        let factor = self.state.schedule.factor(stage_epoch);
        let context = StepContext {
            step,
            epoch: stage_epoch,
            seed: recipe.train.seed,
            generator_rate: recipe.optim.lr * factor,
            discriminator_rate: recipe.discriminator_learning_rate() * factor,
        };
        // Reseeded at every step, so that there is no state of a generator to save.
        let seed = random::device_seed(recipe.train.seed, step);
        self.device.device.seed(seed);
        self.state.pending.push(PendingLosses {
            step,
            epoch,
            learning_rate: context.generator_rate,
            losses: self.method.step(batch, context),
        });
    }

    /// Does what is due after a step: losses, estimate, schedule, preview, checkpoint.
    fn after_step(&mut self, begun: Instant) -> Result<(), TrainError> {
        let (step, last) = (self.state.step, self.state.last);
        let every = |steps: u64| step.is_multiple_of(steps) || step == last;
        let settings = &self.manifest.recipe.train;
        let keeps = self.state.is_kept(settings);
        // An evaluation is of a checkpoint, so that it can be repeated.
        let saves = self.evaluates() || keeps || every(settings.checkpoint_every);
        let previews = every(settings.preview_every);
        let ends_epoch = step.is_multiple_of(self.state.per_epoch);
        let estimating = self.state.durations.len() < ESTIMATE_AFTER;
        // On other devices, reading a loss in every step would make the host wait for the device.
        let reads = self.device.name.is_synchronous()
            || every(settings.log_every)
            || saves
            || ends_epoch
            || estimating;
        if reads {
            self.read_losses()?;
        }
        if estimating {
            self.state.durations.push(begun.elapsed().as_secs_f64());
            let steps = self.state.durations.len();
            // The first step is slow on a GPU, which compiles for it.
            if steps == ESTIMATE_AFTER || (steps == 1 && self.device.name.is_synchronous()) {
                let seconds_per_step = median(&self.state.durations);
                let left = seconds_per_step * (last - step) as f64;
                self.emit(&Event::Estimate {
                    left: Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX),
                    seconds_per_step,
                    steps,
                })?;
            }
        }
        if ends_epoch {
            let (sum, count) = std::mem::take(&mut self.state.epoch_loss);
            self.state.schedule.end_epoch(sum / count.max(1) as f64);
        }
        if step == self.state.total {
            self.write_artifacts(usize::MAX)?;
        }
        if saves {
            self.save()?;
        }
        if keeps {
            keep_state(&self.style, &self.manifest, step)?;
        }
        // After the checkpoint: a failing preview must not cost the steps before it.
        if previews {
            let rows = self.preview()?;
            self.emit(&Event::Preview { step, rows })?;
        }
        self.evaluate()
    }

    fn has_stalled(&self) -> bool {
        (self.evaluations.as_ref()).is_some_and(Evaluations::has_stalled)
    }

    fn evaluates(&self) -> bool {
        let is_last = self.state.step == self.state.total;
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
    fn finish_early(&mut self) -> Result<(), TrainError> {
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

    /// Reads pending losses from the device, in order, and emits them.
    fn read_losses(&mut self) -> Result<(), TrainError> {
        let log_every = self.manifest.recipe.train.log_every;
        for step in std::mem::take(&mut self.state.pending) {
            let mut losses = Vec::with_capacity(step.losses.len());
            for loss in step.losses {
                let value = f64::from(loss.value.into_scalar::<f32>());
                if !value.is_finite() {
                    return Err(TrainError::NonFinite {
                        name: loss.name,
                        value,
                        step: step.step,
                        checkpoint: self.state.last_checkpoint,
                    });
                }
                if loss.player == Player::Generator {
                    self.state.epoch_loss.0 += value;
                }
                losses.push((loss.name, value));
            }
            self.state.epoch_loss.1 += 1;
            self.state.last_losses.clone_from(&losses);
            let logged = step.step.is_multiple_of(log_every);
            let (since, time) = self.state.since_log;
            let seconds = time.elapsed().as_secs_f64() / (step.step - since).max(1) as f64;
            if logged {
                self.state.since_log = (step.step, Instant::now());
            }
            self.emit(&Event::Step {
                record: StepRecord {
                    step: step.step,
                    epoch: step.epoch,
                    learning_rate: step.learning_rate,
                    seconds,
                    losses,
                },
                logged,
            })?;
        }
        Ok(())
    }

    fn save(&mut self) -> Result<(), TrainError> {
        let seconds = self.state.seconds_before + self.state.started.elapsed().as_secs_f64();
        let checkpoint = Checkpoint {
            step: self.state.step,
            seconds,
            plateau: self.state.schedule.state(),
            epoch_loss: self.state.epoch_loss,
            counts: std::collections::BTreeMap::new(),
        };
        let path = checkpoint.save(&self.style, &*self.method)?;
        if self.state.step < self.state.total {
            self.write_artifacts(ARTIFACT_SAMPLES)?;
        }
        let training = &mut self.manifest.training;
        training.steps = self.state.step;
        training.epoch = self.state.epoch();
        training.finished = self.state.step == self.state.total;
        training.seconds = seconds;
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
        if self.method.artifact_names().is_empty() {
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

/// Whether the style has what its method computes at the end of a training.
pub(super) fn has_artifacts(style: &StyleFolder, method: &dyn Method) -> bool {
    let mut stems = method.artifact_names().iter();
    stems.all(|stem| style.weights(stem).is_file())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
