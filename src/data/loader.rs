//! Batches of a training run, prepared by worker threads ahead of the steps that use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use super::augmentation::order;
use super::batch::Batch;
use super::dataset::Dataset;
use super::error::DataError;
use super::fade_in::FadeIn;
use super::share::Share;
use crate::panics;

/// Finished batches that each worker may hold ready: this bounds the memory.
const AHEAD: usize = 2;

/// Serves the batches of a run in order, epoch after epoch, for ever.
///
/// Worker `w` of `n` prepares the steps `w`, `w + n`, `w + 2n`, ... into a small queue of its own, and the queues are read in
/// turn: the order is that of the steps whatever the workers do, and none can run far ahead.
pub struct DataLoader {
    /// One queue per worker; empty only while the loader is dropped.
    queues: Vec<Receiver<Result<Batch, DataError>>>,
    workers: Vec<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
    /// Queue that has the next step.
    turn: usize,
}

impl DataLoader {
    /// Starts `data.workers` threads that prepare the steps after the first `first_step` steps of the run, which are done.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(dataset: Arc<Dataset>, first_step: u64) -> Result<Self, DataError> {
        Self::start_share(dataset, first_step, Share::WHOLE)
    }

    /// As [`DataLoader::start`], for one of several processes: each has a share of every step.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start_share(
        dataset: Arc<Dataset>,
        first_step: u64,
        share: Share,
    ) -> Result<Self, DataError> {
        let count = dataset.recipe().data.workers.max(1);
        let mut loader = Self {
            queues: Vec::with_capacity(count),
            workers: Vec::with_capacity(count),
            stopped: Arc::new(AtomicBool::new(false)),
            turn: 0,
        };
        for worker in 0..count {
            let (sender, queue) = sync_channel(AHEAD);
            let mut source = BatchSource {
                dataset: Arc::clone(&dataset),
                share,
                order: None,
                stopped: Arc::clone(&loader.stopped),
            };
            let work = move || {
                let steps = (first_step + worker as u64..).step_by(count);
                for step in steps {
                    let Some(batch) = source.batch(step) else {
                        return;
                    };
                    // The loader is gone when nobody receives.
                    if sender.send(batch).is_err() {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new()
                .name(format!("loader {worker}"))
                .spawn(work)
                .map_err(DataError::NoThread)?;
            loader.workers.push(thread);
            loader.queues.push(queue);
        }
        Ok(loader)
    }

    /// The batch of the next step; waits for it when the workers are behind.
    ///
    /// # Errors
    /// A picture of this batch cannot be read any more. The next call gives the next step's batch.
    #[allow(clippy::should_implement_trait)] // An iterator that never ends and can fail would only hide both.
    pub fn next(&mut self) -> Result<Batch, DataError> {
        let batch = self.queues[self.turn]
            .recv()
            .expect("workers catch panics and end only when the loader is dropped");
        self.turn = (self.turn + 1) % self.queues.len();
        batch
    }
}

impl Drop for DataLoader {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the workers that wait for room in their queue.
        self.queues.clear();
        for worker in self.workers.drain(..) {
            // A worker that panicked has nothing more to say: the loader is going away.
            let _ = worker.join();
        }
    }
}

/// What one worker needs to make the batch of any step.
struct BatchSource {
    dataset: Arc<Dataset>,
    share: Share,
    /// The last epoch and its order.
    order: Option<(u64, Vec<usize>)>,
    stopped: Arc<AtomicBool>,
}

impl BatchSource {
    /// The batch of a step, counted from 0; `None` when the loader has been dropped meanwhile.
    fn batch(&mut self, step: u64) -> Option<Result<Batch, DataError>> {
        let recipe = self.dataset.recipe();
        let (length, size) = (self.dataset.len(), recipe.data.batch_size.max(1));
        let steps = self.dataset.steps_per_epoch(size * self.share.size);
        let (epoch, within) = (step / steps, step % steps);
        if self.order.as_ref().is_none_or(|(known, _)| *known != epoch) {
            let order = order(recipe.train.seed, epoch, length, recipe.data.shuffle);
            self.order = Some((epoch, order));
        }
        let (_, order) = self.order.as_ref()?;
        let (positions, _) = self.share.of_step(length, size, within);
        let mut samples = Vec::with_capacity(size);
        for position in positions {
            let index = order[position];
            if self.stopped.load(Ordering::Relaxed) {
                return None;
            }
            match panics::catch(|| self.dataset.augmented(epoch, position, index)) {
                Ok(Ok(sample)) => samples.push(sample),
                Ok(Err(error)) => return Some(Err(error)),
                Err(message) => {
                    return Some(Err(DataError::Panicked {
                        path: self.dataset.path(index).to_owned(),
                        message,
                    }));
                }
            }
        }
        let mut batch = Batch::stack(samples);
        if let (Ok(batch), Some(fade)) = (&mut batch, FadeIn::new(recipe, steps)) {
            fade.apply(batch, step);
        }
        Some(batch)
    }
}
