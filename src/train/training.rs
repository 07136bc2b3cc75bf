//! The training loop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::averaging::{Averaging, weigh};
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Event, Listener, RunOutcome, StepRecord};
use super::loop_state::{Due, LoopState, PendingLosses};
use super::methods::BuildMethod;
use super::stage::Stage;
use crate::data::{Batch, DataLoader, FadeIn, Share};
use crate::device::OpenDevice;
use crate::distributed::{Group, GroupError, Signal};
use crate::method::{Method, Player, StepContext};
use crate::style::{Manifest, StyleError, StyleFolder};

/// Steps after which the time of the run is estimated.
const ESTIMATE_AFTER: usize = 10;

/// A run: a method, its data and the style that it trains.
pub(super) struct Training<'a> {
    /// The processes that train together. The leader writes; the others have no listeners and no evaluations.
    pub(super) group: &'a Group,
    /// How the method of another stage is built.
    pub(super) build: BuildMethod,
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

impl Training<'_> {
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

    pub(super) fn emit(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut listeners = self.listeners.iter_mut();
        listeners.try_for_each(|listener| listener.on_event(event))
    }

    fn stages(&mut self, stop: &AtomicBool) -> Result<RunOutcome, TrainError> {
        self.emit(&Event::Started {
            done: self.state.step,
            total: self.state.total,
        })?;
        self.write_missing()?;
        loop {
            match self.steps(stop)? {
                Signal::Finish => {
                    self.finish_early()?;
                    return Ok(RunOutcome::Finished);
                }
                Signal::Stop | Signal::GiveUp => return Ok(RunOutcome::Stopped),
                Signal::Continue => {}
            }
            if self.state.step >= self.state.total {
                return Ok(RunOutcome::Finished);
            }
            let Some(next) = self.remaining_stages.pop_front() else {
                return Ok(RunOutcome::Finished);
            };
            self.start_stage(next)?;
        }
    }

    /// Starts the next stage with the weights of this one.
    fn start_stage(&mut self, next: Stage) -> Result<(), TrainError> {
        tracing::info!(
            "next stage: {} generator at {}",
            next.recipe.generator.arch.name(),
            next.recipe.data.picture_size()
        );
        let mut method = (self.build)(&next.recipe, &self.device.device)?;
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

    /// Takes the steps of a stage. Returns how the processes go on: after its last step, or because of what one of them wants.
    fn steps(&mut self, stop: &AtomicBool) -> Result<Signal, TrainError> {
        let done = self.state.position() - self.stage.first;
        let share = self.share();
        let mut loader = DataLoader::start_share(Arc::clone(&self.stage.dataset), done, share)?;
        // The leader may have had something to write.
        let mut patience = true;
        loop {
            let is_over = self.state.step >= self.state.last;
            let begun = Instant::now();
            let batch = if self.has_stalled() || is_over || stop.load(Ordering::Relaxed) {
                None
            } else {
                Some(loader.next())
            };
            let own = match &batch {
                Some(Ok(_)) => Signal::Continue,
                Some(Err(_)) => Signal::GiveUp,
                None if self.has_stalled() => Signal::Finish,
                None if is_over => Signal::Continue,
                None => Signal::Stop,
            };
            let agreed = self.group.agree(own, patience);
            match agreed.map_err(|error| self.parted(error))? {
                Signal::Continue if is_over => return Ok(Signal::Continue),
                Signal::Finish => return Ok(Signal::Finish),
                Signal::Continue => {}
                signal @ (Signal::Stop | Signal::GiveUp) => {
                    // The steps so far are good: save them.
                    self.read_losses()?;
                    self.save()?;
                    return match batch {
                        Some(Err(error)) => Err(error.into()),
                        _ => Ok(signal),
                    };
                }
            }
            if let Some(batch) = batch {
                self.step(batch?)?;
                patience = self.after_step(begun)?;
            }
        }
    }

    /// What this process has of every step.
    fn share(&self) -> Share {
        Share {
            rank: self.group.rank(),
            size: self.group.size(),
        }
    }

    fn step(&mut self, batch: Batch) -> Result<(), TrainError> {
        let recipe = &self.stage.recipe;
        let position = self.state.position() - self.stage.first;
        let within = position % self.state.per_epoch;
        let length = self.stage.dataset.len();
        let batch_size = recipe.data.batch_size.max(1);
        let share = self.share();
        let (positions, part) = share.of_step(length, batch_size, within);
        self.state.step += 1;
        let step = self.state.step;
        let epoch = self.state.epoch();
        let schedule_epoch = epoch - self.stage.schedule_start / self.state.per_epoch;
        let factor = self.state.schedule.factor(schedule_epoch);
        let fade = FadeIn::new(recipe, self.stage.per_epoch);
        let detail = fade.map_or(1.0, |fade| fade.share(position));
        let averaging = Averaging::new(self.group, part, recipe.train.sync_norm);
        let context = StepContext {
            step,
            epoch: schedule_epoch,
            seed: recipe.train.seed,
            position: positions.start - share.start_of_step(batch_size, within),
            generator_rate: recipe.optim.lr * factor,
            discriminator_rate: recipe.discriminator_learning_rate() * factor,
            detail,
            reducer: averaging.reducer(),
        };
        // Reseeded at every step, so that there is no state of a generator to save.
        self.device.device.seed(context.device_seed());
        self.state.pending.push(PendingLosses {
            step,
            epoch,
            learning_rate: context.generator_rate,
            part,
            losses: self.method.step(batch, context),
        });
        averaging.finish().map_err(|error| self.parted(error))
    }

    /// Says after which step the processes have lost each other.
    fn parted(&self, source: GroupError) -> TrainError {
        match source {
            GroupError::Other { .. } => TrainError::Group(source),
            source => TrainError::Parted {
                step: self.state.step,
                checkpoint: self.state.last_checkpoint,
                source,
            },
        }
    }

    /// Does what is due after a step: losses, estimate, schedule, preview, checkpoint. Returns whether that may take its time.
    fn after_step(&mut self, begun: Instant) -> Result<bool, TrainError> {
        let (step, last) = (self.state.step, self.state.last);
        let every = |steps: u64| step.is_multiple_of(steps) || step == last;
        let settings = &self.manifest.recipe.train;
        let keeps = self.state.is_kept(settings);
        // An evaluation is of a checkpoint, so that it can be repeated.
        let saves = self.evaluates() || keeps || every(settings.checkpoint_every);
        let previews = every(settings.preview_every);
        let ends_epoch = self.state.ends_epoch();
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
        let due = Due {
            saves,
            keeps,
            previews,
        };
        self.write_due(due)?;
        Ok(due.takes_time())
    }

    fn has_stalled(&self) -> bool {
        (self.evaluations.as_ref()).is_some_and(Evaluations::has_stalled)
    }

    /// Reads pending losses from the device, averages them over the processes, and emits them in order.
    fn read_losses(&mut self) -> Result<(), TrainError> {
        let log_every = self.manifest.recipe.train.log_every;
        let pending = std::mem::take(&mut self.state.pending);
        for (step, values) in self.averaged_losses(pending)? {
            let mut losses = Vec::with_capacity(values.len());
            for (loss, value) in step.losses.iter().zip(values) {
                let value = f64::from(value);
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

    /// The steps with the values of their losses, the mean of those of all processes.
    fn averaged_losses(
        &self,
        pending: Vec<PendingLosses>,
    ) -> Result<Vec<(PendingLosses, Vec<f32>)>, TrainError> {
        let mut all = Vec::new();
        for step in &pending {
            let losses = step.losses.iter();
            let mut values: Vec<f32> = losses
                .map(|loss| loss.value.clone().into_scalar())
                .collect();
            if self.group.size() > 1 {
                weigh(&mut values, step.part);
            }
            all.extend(values);
        }
        let summed = self.group.sum(&mut all);
        summed.map_err(|error| self.parted(error))?;
        let mut rest = all.into_iter();
        let of_step = |step: PendingLosses| {
            let values = rest.by_ref().take(step.losses.len()).collect();
            (step, values)
        };
        Ok(pending.into_iter().map(of_step).collect())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
