//! The work: decoding and encoding in threads of their own, the network between them on the calling thread.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::output::OutputFolder;
use super::plan::{Plan, PlannedPicture, Task};
use super::steps::Steps;
use super::tally::{Event, Tally};
use crate::panics;

/// Pictures that wait before the network, and as many after it. Together with the threads this bounds the memory.
const WAITING: usize = 2;

/// A picture on its way, with its index in the plan.
type Ready<T> = (usize, PlannedPicture, T);

/// What the threads share.
pub(super) struct Work<'a, S, F> {
    plan: &'a Plan,
    steps: &'a S,
    next: AtomicUsize,
    stop: &'a AtomicBool,
    output: &'a OutputFolder,
    tally: Mutex<Tally<'a, F>>,
}

impl<'a, S: Steps, F: FnMut(Event<'_>) + Send> Work<'a, S, F> {
    pub(super) fn new(
        plan: &'a Plan,
        steps: &'a S,
        stop: &'a AtomicBool,
        output: &'a OutputFolder,
        tally: Tally<'a, F>,
    ) -> Self {
        Self {
            plan,
            steps,
            next: AtomicUsize::new(0),
            stop,
            output,
            tally: Mutex::new(tally),
        }
    }

    /// What became of the pictures.
    pub(super) fn into_tally(self) -> Tally<'a, F> {
        let tally = self.tally.into_inner();
        tally.unwrap_or_else(PoisonError::into_inner)
    }

    /// Does everything; returns how long the network stood still.
    pub(super) fn run(
        &self,
        compute: impl FnMut(usize, S::Prepared) -> Result<S::Made, String>,
        threads: usize,
    ) -> Duration {
        let (prepared_sender, prepared_receiver) = bounded(WAITING);
        let (made_sender, made_receiver) = bounded(WAITING);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let prepared_sender = prepared_sender.clone();
                scope.spawn(move || self.decode(&prepared_sender));
                let made_receiver = made_receiver.clone();
                scope.spawn(move || self.encode(&made_receiver));
            }
            // A queue ends when the last of its other ends is gone: none may stay here.
            drop((prepared_sender, made_receiver));
            let waited = self.compute(compute, &prepared_receiver, &made_sender);
            drop((prepared_receiver, made_sender));
            waited
        })
    }

    fn decode(&self, prepared: &Sender<Ready<S::Prepared>>) {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(picture) = self.plan.picture(index) else {
                return;
            };
            let ready = match &picture.task {
                Task::Skip { .. } => {
                    self.tally().skip(index, picture);
                    continue;
                }
                Task::Unusable { message } => Err(message.clone()),
                _ => guarded(|| self.steps.prepare(&picture)),
            };
            match ready {
                Err(message) => self.tally().fail(index, picture, message),
                // The queue's other end is gone when the run is over.
                Ok(ready) => {
                    if prepared.send((index, picture, ready)).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Computes; returns how long it waited for the other steps of the work.
    fn compute(
        &self,
        mut compute: impl FnMut(usize, S::Prepared) -> Result<S::Made, String>,
        prepared: &Receiver<Ready<S::Prepared>>,
        made: &Sender<Ready<S::Made>>,
    ) -> Duration {
        let mut waited = Duration::ZERO;
        loop {
            let next = timed(&mut waited, || prepared.recv());
            let Ok((index, picture, ready)) = next else {
                return waited;
            };
            if self.is_over() {
                return waited;
            }
            match guarded(|| compute(picture.place as usize, ready)) {
                // A large picture that was stopped in the middle is like one that was not begun.
                Err(_) if self.stop.load(Ordering::Relaxed) => return waited,
                Err(message) => self.tally().fail(index, picture, message),
                Ok(result) => {
                    let sent = timed(&mut waited, || made.send((index, picture, result)));
                    if sent.is_err() {
                        return waited;
                    }
                }
            }
        }
    }

    fn encode(&self, made: &Receiver<Ready<S::Made>>) {
        for (index, picture, made) in made {
            let Some(output) = picture.task.output() else {
                let message = format!(
                    "`{}` changed while the program ran",
                    picture.input.display()
                );
                self.tally().fail(index, picture, message);
                continue;
            };
            let encoded = guarded(|| self.steps.finish(&picture, made));
            let written = encoded.and_then(|finished| {
                // Large pictures are encoded now.
                let written = guarded(|| Ok(self.output.write(output, &finished.contents)))?;
                Ok((written, finished))
            });
            let mut tally = self.tally();
            match written {
                Err(message) => tally.fail(index, picture, message),
                Ok((Ok(()), finished)) => {
                    let size = (finished.width, finished.height);
                    tally.done(index, picture, size, finished.note);
                }
                Ok((Err(error), _)) if is_lost(error.source.kind()) => {
                    tally.lost.get_or_insert(error);
                }
                Ok((Err(error), _)) => tally.fail(index, picture, error.to_string()),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.tally().lost.is_some()
    }

    fn tally(&self) -> MutexGuard<'_, Tally<'a, F>> {
        // A panic in a listener does not make the counts wrong.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an error in writing one picture means that none of the others can be written.
fn is_lost(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem
    )
}

/// Calls `work`, which waits, and adds its time.
fn timed<T>(waited: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    *waited += started.elapsed();
    result
}

/// Calls `work`; a panic in it becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What a panic may leave half done belongs to one picture, and is dropped with it.
    panics::catch(work).unwrap_or_else(|message| Err(format!("an error in the program: {message}")))
}
