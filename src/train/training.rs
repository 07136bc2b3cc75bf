//! The training loop.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::tensor::TensorData;

use super::checkpoint::Checkpoint;
use super::error::TrainError;
use super::evaluations::Evaluations;
use super::event::{Ending, Event, Listener, StepRecord};
use super::methods;
use super::position::{Position, Unread};
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
    pub later: VecDeque<Stage>,
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
    /// Evaluations on pictures kept apart, if there are any.
    pub evaluations: Option<Evaluations>,
}

/// Tells the listeners.
type Tell<'a> = &'a mut dyn FnMut(Event) -> Result<(), TrainError>;

impl Training {
    /// Runs until all steps are done or `stop` is set, and saves.
    ///
    /// # Errors
    /// A picture cannot be read, a loss is not finite, or a file cannot be written. The last checkpoint is kept.
    pub fn run(
        mut self,
        stop: &AtomicBool,
        listeners: &mut [Box<dyn Listener>],
    ) -> Result<Ending, TrainError> {
        let mut position = Position::start(&self.stage, self.total, self.resumed.as_ref());
        let mut tell = |event: Event| -> Result<(), TrainError> {
            listeners
                .iter_mut()
                .try_for_each(|listener| listener.notice(&event))
        };
        let result = self.stages(&mut position, stop, &mut tell);
        let ended = tell(Event::Ended {
            ending: *result.as_ref().unwrap_or(&Ending::Failed),
            step: position.step,
        });
        // What ended the run matters more than what its end could not write.
        let ending = result?;
        ended?;
        Ok(ending)
    }

    fn stages(
        &mut self,
        position: &mut Position,
        stop: &AtomicBool,
        tell: Tell<'_>,
    ) -> Result<Ending, TrainError> {
        tell(Event::Started {
            done: position.step,
            total: position.total,
        })?;
        self.make_up_preview(position, tell)?;
        if position.step >= position.total && !is_complete(&self.style, &*self.method) {
            self.complete()?;
        }
        self.evaluate(position, tell)?;
        loop {
            let ending = self.steps(position, stop, tell)?;
            if self.has_stalled() {
                self.finish_early(position, tell)?;
                return Ok(Ending::Finished);
            }
            if ending != Ending::Finished || position.step >= position.total {
                return Ok(ending);
            }
            let Some(next) = self.later.pop_front() else {
                return Ok(ending);
            };
            self.enter(next)?;
            position.enter(&self.stage);
        }
    }

    /// A kill may have come between a checkpoint and the preview of its step.
    fn make_up_preview(&self, position: &Position, tell: Tell<'_>) -> Result<(), TrainError> {
        let step = position.step;
        let every = self.manifest.recipe.train.preview_every;
        let due = step > 0 && (step.is_multiple_of(every) || step == position.last);
        if due && !preview_path(&self.style.previews(), step).exists() {
            let rows = self.preview()?;
            tell(Event::Preview { step, rows })?;
        }
        Ok(())
    }

    /// Begins the next stage with the weights of this one.
    fn enter(&mut self, next: Stage) -> Result<(), TrainError> {
        tracing::info!(
            "next stage: {} generator at {}",
            next.recipe.generator.arch.name(),
            next.recipe.data.picture_size()
        );
        let mut method = methods::build(&next.recipe, &self.device.device)?;
        for network in method.networks() {
            let weights = self.method.weights(network);
            let taken = method.initialise(network, weights);
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
        position: &mut Position,
        stop: &AtomicBool,
        tell: Tell<'_>,
    ) -> Result<Ending, TrainError> {
        let done = position.step - self.stage.first;
        let mut loader = DataLoader::start(Arc::clone(&self.stage.dataset), done)?;
        while position.step < position.last && !self.has_stalled() {
            if stop.load(Ordering::Relaxed) {
                self.read(position, tell)?;
                self.save(position, tell)?;
                return Ok(Ending::Stopped);
            }
            let begun = Instant::now();
            let batch = match loader.next() {
                Ok(batch) => batch,
                Err(error) => {
                    // The steps done so far are good: keep them.
                    self.read(position, tell)?;
                    self.save(position, tell)?;
                    return Err(error.into());
                }
            };
            self.step(position, batch);
            self.after_step(position, begun, tell)?;
        }
        Ok(Ending::Finished)
    }

    fn step(&mut self, position: &mut Position, batch: Batch) {
        let recipe = &self.stage.recipe;
        position.step += 1;
        let step = position.step;
        let epoch = position.epoch();
        let stage_epoch = epoch - self.stage.first / position.per_epoch;
        let factor = position.schedule.factor(stage_epoch);
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
        position.unread.push(Unread {
            step,
            epoch,
            learning_rate: context.generator_rate,
            losses: self.method.step(batch, context),
        });
    }

    /// What is due after a step: losses, estimate, schedule, preview, checkpoint.
    fn after_step(
        &mut self,
        position: &mut Position,
        begun: Instant,
        tell: Tell<'_>,
    ) -> Result<(), TrainError> {
        let (step, last) = (position.step, position.last);
        let every = |steps: u64| step.is_multiple_of(steps) || step == last;
        let settings = &self.manifest.recipe.train;
        let evaluates = self.evaluates(position);
        // An evaluation is of a checkpoint, so that it can be made again.
        let saves = evaluates || every(settings.checkpoint_every);
        let previews = every(settings.preview_every);
        let ends_epoch = step.is_multiple_of(position.per_epoch);
        let estimating = position.durations.len() < ESTIMATE_AFTER;
        // Elsewhere reading a loss would make the host wait for the device in every step.
        let reads = self.device.name.is_synchronous()
            || every(settings.log_every)
            || saves
            || ends_epoch
            || estimating;
        if reads {
            self.read(position, tell)?;
        }
        if estimating {
            position.durations.push(begun.elapsed().as_secs_f64());
            if position.durations.len() == ESTIMATE_AFTER {
                let seconds_per_step = median(&position.durations);
                let left = seconds_per_step * (last - step) as f64;
                tell(Event::Estimate {
                    left: Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX),
                    seconds_per_step,
                })?;
            }
        }
        if ends_epoch {
            let (sum, count) = std::mem::take(&mut position.epoch_loss);
            position.schedule.end_epoch(sum / count.max(1) as f64);
        }
        if step == position.total {
            self.complete()?;
        }
        if saves {
            self.save(position, tell)?;
        }
        // After the checkpoint: a preview that fails must not cost the steps before it.
        if previews {
            let rows = self.preview()?;
            tell(Event::Preview { step, rows })?;
        }
        self.evaluate(position, tell)
    }

    fn has_stalled(&self) -> bool {
        (self.evaluations.as_ref()).is_some_and(Evaluations::has_stalled)
    }

    fn evaluates(&self, position: &Position) -> bool {
        let is_last = position.step == position.total;
        let due = |evaluations: &Evaluations| evaluations.is_due(position.step, is_last);
        self.evaluations.as_ref().is_some_and(due)
    }

    /// Evaluates the checkpoint of this step, if that is due.
    fn evaluate(&mut self, position: &Position, tell: Tell<'_>) -> Result<(), TrainError> {
        let due = self.evaluates(position);
        let Some(evaluations) = self.evaluations.as_mut().filter(|_| due) else {
            return Ok(());
        };
        let data = &self.stage.preview_data;
        let method = &self.method;
        let shown = (0..data.len()).map(|index| Ok(method.translations(data.fixed(index)?)));
        let checkpoint = Checkpoint::folder(&self.style, position.step);
        let stems = method.networks();
        let line = evaluations.evaluate(&self.manifest, &checkpoint, stems, shown)?;
        tell(Event::Evaluated { line })
    }

    /// Ends a run that gets no better as one whose steps are all done.
    fn finish_early(&mut self, position: &mut Position, tell: Tell<'_>) -> Result<(), TrainError> {
        tracing::info!(
            "no better for {} evaluations: the run is over after step {}",
            self.manifest.recipe.train.stop_after,
            position.step
        );
        if !is_complete(&self.style, &*self.method) {
            self.complete()?;
        }
        position.total = position.step;
        self.save(position, tell)
    }

    /// Reads losses from the device, in order, and tells them.
    fn read(&self, position: &mut Position, tell: Tell<'_>) -> Result<(), TrainError> {
        let log_every = self.manifest.recipe.train.log_every;
        for step in std::mem::take(&mut position.unread) {
            let mut losses = Vec::with_capacity(step.losses.len());
            for loss in step.losses {
                let value = f64::from(loss.value.into_scalar::<f32>());
                if !value.is_finite() {
                    return Err(TrainError::NonFinite {
                        name: loss.name,
                        value,
                        step: step.step,
                        checkpoint: position.last_checkpoint,
                    });
                }
                if loss.player == Player::Generator {
                    position.epoch_loss.0 += value;
                }
                losses.push((loss.name, value));
            }
            position.epoch_loss.1 += 1;
            position.last_losses.clone_from(&losses);
            let logged = step.step.is_multiple_of(log_every);
            let (since, time) = position.since_log;
            let seconds = time.elapsed().as_secs_f64() / (step.step - since).max(1) as f64;
            if logged {
                position.since_log = (step.step, Instant::now());
            }
            tell(Event::Step {
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

    fn save(&mut self, position: &mut Position, tell: Tell<'_>) -> Result<(), TrainError> {
        let seconds = position.seconds_before + position.started.elapsed().as_secs_f64();
        let checkpoint = Checkpoint {
            step: position.step,
            seconds,
            plateau: position.schedule.state(),
            epoch_loss: position.epoch_loss,
            counts: std::collections::BTreeMap::new(),
        };
        let path = checkpoint.save(&self.style, &*self.method)?;
        let training = &mut self.manifest.training;
        training.steps = position.step;
        training.epoch = position.epoch();
        training.finished = position.step == position.total;
        training.seconds = seconds;
        // None are known of a run that was resumed and has done no step since.
        if !position.last_losses.is_empty() {
            let losses = position.last_losses.iter();
            training.losses = losses
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect();
        }
        self.manifest.write(&self.style)?;
        position.last_checkpoint = Some(position.step);
        tell(Event::Saved {
            step: position.step,
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
    fn complete(&self) -> Result<(), TrainError> {
        let data = &self.stage.dataset;
        let mut samples = (0..data.len()).map(|index| data.fixed(index));
        for (stem, tensors) in self.method.complete(&mut samples)? {
            write_weights(&self.style.weights(stem), &tensors)?;
        }
        Ok(())
    }
}

/// Whether the style has what its method makes at the end of a training.
pub(super) fn is_complete(style: &StyleFolder, method: &dyn Method) -> bool {
    let mut stems = method.completed().iter();
    stems.all(|stem| style.weights(stem).is_file())
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
