//! The training loop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::tensor::TensorData;

use super::checkpoint::Checkpoint;
use super::error::TrainError;
use super::event::{Event, Listener, RunOutcome, StepRecord};
use super::loop_state::{LoopState, PendingLosses};
use super::methods;
use super::preview::preview_path;
use super::stage::Stage;
use crate::data::{Batch, DataLoader};
use crate::device::OpenDevice;
use crate::method::{Method, Player, StepContext};
use crate::random;
use crate::style::{Manifest, StyleError, StyleFolder, write_weights};

/// Steps after which the time of the whole run is estimated.
const ESTIMATE_AFTER: usize = 10;
/// Samples shown in previews.
const PREVIEW_SAMPLES: usize = 4;

/// A run: a method, its data and the style that it trains.
pub struct Training {
    /// The method, with its weights loaded.
    pub method: Box<dyn Method>,
    /// The stage that the method is in.
    pub stage: Stage,
    /// The stages after it.
    pub remaining_stages: VecDeque<Stage>,
    /// Steps of the whole run.
    pub total: u64,
    /// Place of the style.
    pub style: StyleFolder,
    /// Description of the style; its recipe is the run's.
    pub manifest: Manifest,
    /// Where it runs.
    pub device: OpenDevice,
    /// Where an earlier run has stopped.
    pub resumed: Option<Checkpoint>,
}

/// Tells the listeners.
type Emit<'a> = &'a mut dyn FnMut(Event) -> Result<(), TrainError>;

impl Training {
    /// Runs until all steps are done or `stop` is set, and saves.
    ///
    /// # Errors
    /// A picture cannot be read, a loss is not finite, or a file cannot be written. The last checkpoint is kept.
    pub fn run(
        mut self,
        stop: &AtomicBool,
        listeners: &mut [Box<dyn Listener>],
    ) -> Result<RunOutcome, TrainError> {
        let mut state = LoopState::start(&self.stage, self.total, self.resumed.as_ref());
        let mut emit = |event: Event| -> Result<(), TrainError> {
            listeners
                .iter_mut()
                .try_for_each(|listener| listener.on_event(&event))
        };
        let result = self.stages(&mut state, stop, &mut emit);
        let ended = emit(Event::Ended {
            outcome: *result.as_ref().unwrap_or(&RunOutcome::Failed),
            step: state.step,
        });
        // What ended the run matters more than what its end could not write.
        let outcome = result?;
        ended?;
        Ok(outcome)
    }

    fn stages(
        &mut self,
        state: &mut LoopState,
        stop: &AtomicBool,
        emit: Emit<'_>,
    ) -> Result<RunOutcome, TrainError> {
        emit(Event::Started {
            done: state.step,
            total: state.total,
        })?;
        self.write_missing_preview(state, emit)?;
        if state.step >= state.total && !has_artifacts(&self.style, &*self.method) {
            self.write_artifacts()?;
        }
        loop {
            let outcome = self.steps(state, stop, emit)?;
            if outcome != RunOutcome::Finished || state.step >= state.total {
                return Ok(outcome);
            }
            let Some(next) = self.remaining_stages.pop_front() else {
                return Ok(outcome);
            };
            self.start_stage(next)?;
            state.start_stage(&self.stage);
        }
    }

    /// A kill may have come between a checkpoint and the preview of its step.
    fn write_missing_preview(&self, state: &LoopState, emit: Emit<'_>) -> Result<(), TrainError> {
        let step = state.step;
        let every = self.manifest.recipe.train.preview_every;
        let due = step > 0 && (step.is_multiple_of(every) || step == state.last);
        if due && !preview_path(&self.style.previews(), step).exists() {
            let rows = self.preview()?;
            emit(Event::Preview { step, rows })?;
        }
        Ok(())
    }

    /// Begins the next stage with the weights of this one.
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
        Ok(())
    }

    fn steps(
        &mut self,
        state: &mut LoopState,
        stop: &AtomicBool,
        emit: Emit<'_>,
    ) -> Result<RunOutcome, TrainError> {
        let done = state.step - self.stage.first;
        let mut loader = DataLoader::start(Arc::clone(&self.stage.dataset), done)?;
        while state.step < state.last {
            if stop.load(Ordering::Relaxed) {
                self.read_losses(state, emit)?;
                self.save(state, emit)?;
                return Ok(RunOutcome::Stopped);
            }
            let begun = Instant::now();
            let batch = match loader.next() {
                Ok(batch) => batch,
                Err(error) => {
                    // The steps done so far are good: keep them.
                    self.read_losses(state, emit)?;
                    self.save(state, emit)?;
                    return Err(error.into());
                }
            };
            self.step(state, batch);
            self.after_step(state, begun, emit)?;
        }
        Ok(RunOutcome::Finished)
    }

    fn step(&mut self, state: &mut LoopState, batch: Batch) {
        let recipe = &self.stage.recipe;
        state.step += 1;
        let step = state.step;
        let epoch = state.epoch();
        let stage_epoch = epoch - self.stage.first / state.per_epoch;
        let factor = state.schedule.factor(stage_epoch);
        let context = StepContext {
            step,
            epoch: stage_epoch,
            seed: recipe.train.seed,
            generator_rate: recipe.optim.lr * factor,
            discriminator_rate: recipe.discriminator_learning_rate() * factor,
        };
        // Reseeded at every step: there is then no state of a generator to save.
        let seed = random::device_seed(recipe.train.seed, step);
        self.device.device.seed(seed);
        state.pending.push(PendingLosses {
            step,
            epoch,
            learning_rate: context.generator_rate,
            losses: self.method.step(batch, context),
        });
    }

    /// What is due after a step: losses, estimate, schedule, preview, checkpoint.
    fn after_step(
        &mut self,
        state: &mut LoopState,
        begun: Instant,
        emit: Emit<'_>,
    ) -> Result<(), TrainError> {
        let (step, last) = (state.step, state.last);
        let every = |steps: u64| step.is_multiple_of(steps) || step == last;
        let settings = &self.manifest.recipe.train;
        let (saves, previews) = (
            every(settings.checkpoint_every),
            every(settings.preview_every),
        );
        let ends_epoch = step.is_multiple_of(state.per_epoch);
        let estimating = state.durations.len() < ESTIMATE_AFTER;
        // Elsewhere reading a loss would make the host wait for the device in every step.
        let reads = self.device.name.is_synchronous()
            || every(settings.log_every)
            || saves
            || ends_epoch
            || estimating;
        if reads {
            self.read_losses(state, emit)?;
        }
        if estimating {
            state.durations.push(begun.elapsed().as_secs_f64());
            if state.durations.len() == ESTIMATE_AFTER {
                let seconds_per_step = median(&state.durations);
                let left = seconds_per_step * (last - step) as f64;
                emit(Event::Estimate {
                    left: Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX),
                    seconds_per_step,
                })?;
            }
        }
        if ends_epoch {
            let (sum, count) = std::mem::take(&mut state.epoch_loss);
            state.schedule.end_epoch(sum / count.max(1) as f64);
        }
        if step == state.total {
            self.write_artifacts()?;
        }
        if saves {
            self.save(state, emit)?;
        }
        // After the checkpoint: a preview that fails must not cost the steps before it.
        if previews {
            let rows = self.preview()?;
            emit(Event::Preview { step, rows })?;
        }
        Ok(())
    }

    /// Reads losses from the device, in order, and tells them.
    fn read_losses(&self, state: &mut LoopState, emit: Emit<'_>) -> Result<(), TrainError> {
        let log_every = self.manifest.recipe.train.log_every;
        for step in std::mem::take(&mut state.pending) {
            let mut losses = Vec::with_capacity(step.losses.len());
            for loss in step.losses {
                let value = f64::from(loss.value.into_scalar::<f32>());
                if !value.is_finite() {
                    return Err(TrainError::NonFinite {
                        name: loss.name,
                        value,
                        step: step.step,
                        checkpoint: state.last_checkpoint,
                    });
                }
                if loss.player == Player::Generator {
                    state.epoch_loss.0 += value;
                }
                losses.push((loss.name, value));
            }
            state.epoch_loss.1 += 1;
            state.last_losses.clone_from(&losses);
            let logged = step.step.is_multiple_of(log_every);
            let (since, time) = state.since_log;
            let seconds = time.elapsed().as_secs_f64() / (step.step - since).max(1) as f64;
            if logged {
                state.since_log = (step.step, Instant::now());
            }
            emit(Event::Step {
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

    fn save(&mut self, state: &mut LoopState, emit: Emit<'_>) -> Result<(), TrainError> {
        let seconds = state.seconds_before + state.started.elapsed().as_secs_f64();
        let checkpoint = Checkpoint {
            step: state.step,
            seconds,
            plateau: state.schedule.state(),
            epoch_loss: state.epoch_loss,
            counts: std::collections::BTreeMap::new(),
        };
        let path = checkpoint.save(&self.style, &*self.method)?;
        let training = &mut self.manifest.training;
        training.steps = state.step;
        training.epoch = state.epoch();
        training.finished = state.step == state.total;
        training.seconds = seconds;
        // None are known of a run that was resumed and has done no step since.
        if !state.last_losses.is_empty() {
            let losses = state.last_losses.iter();
            training.losses = losses
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect();
        }
        self.manifest.write(&self.style)?;
        state.last_checkpoint = Some(state.step);
        emit(Event::Saved {
            step: state.step,
            path,
        })
    }

    fn preview(&self) -> Result<Vec<Vec<TensorData>>, TrainError> {
        let data = &self.stage.preview_data;
        let count = data.len().min(PREVIEW_SAMPLES);
        let mut rows = Vec::new();
        for index in 0..count {
            // Spread over the data, which is sorted by name.
            let index = index * data.len() / count;
            rows.extend(self.method.preview(data.fixed(index)?));
        }
        Ok(rows)
    }

    /// Writes what the style needs besides the weights. Before the last checkpoint: a style that is finished has it.
    fn write_artifacts(&self) -> Result<(), TrainError> {
        let data = &self.stage.dataset;
        let mut samples = (0..data.len()).map(|index| data.fixed(index));
        for (stem, tensors) in self.method.compute_artifacts(&mut samples)? {
            write_weights(&self.style.weights(stem), &tensors)?;
        }
        Ok(())
    }
}

/// Whether the style has what its method makes at the end of a training.
pub(super) fn has_artifacts(style: &StyleFolder, method: &dyn Method) -> bool {
    let mut stems = method.artifact_names().iter();
    stems.all(|stem| style.weights(stem).is_file())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
