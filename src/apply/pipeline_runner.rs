//! The work: decoding and encoding in threads of their own, the network between them on the calling thread.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::output::OutputFolder;
use super::pipeline::{Finished, Pipeline};
use super::plan::{Plan, PlannedPicture, Task};
use super::recorder::{Event, Recorder};
use crate::files::FileError;
use crate::panics;
use crate::picture::FileContents;

/// Pictures that wait before the network, and as many after it: the most that it takes at once. Together with the threads this bounds the
/// memory.
const QUEUE_CAPACITY: usize = 4;

/// A picture on its way, with its index in the plan.
type Ready<T> = (usize, PlannedPicture, T);

/// What the threads share.
pub(super) struct PipelineRunner<'a, S, F> {
    plan: &'a Plan,
    steps: &'a S,
    next: AtomicUsize,
    stop: &'a AtomicBool,
    output: &'a OutputFolder,
    recorder: Mutex<Recorder<'a, F>>,
}

impl<'a, S: Pipeline, F: FnMut(Event<'_>) + Send> PipelineRunner<'a, S, F> {
    pub(super) fn new(
        plan: &'a Plan,
        steps: &'a S,
        stop: &'a AtomicBool,
        output: &'a OutputFolder,
        recorder: Recorder<'a, F>,
    ) -> Self {
        Self {
            plan,
            steps,
            next: AtomicUsize::new(0),
            stop,
            output,
            recorder: Mutex::new(recorder),
        }
    }

    /// What became of the pictures.
    pub(super) fn into_tally(self) -> Recorder<'a, F> {
        let recorder = self.recorder.into_inner();
        recorder.unwrap_or_else(PoisonError::into_inner)
    }

    /// Does everything; returns how long the network stood still.
    pub(super) fn run(
        &self,
        compute: impl FnMut(Vec<(usize, S::Prepared)>) -> Vec<Result<S::Output, String>>,
        threads: usize,
    ) -> Duration {
        let (prepared_sender, prepared_receiver) = bounded(QUEUE_CAPACITY);
        let (made_sender, made_receiver) = bounded(QUEUE_CAPACITY);
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
                    self.recorder().skip(index, picture);
                    continue;
                }
                Task::Unusable { message } => Err(message.clone()),
                _ => guarded(|| self.steps.prepare(&picture)),
            };
            match ready {
                Err(message) => self.recorder().fail(index, picture, message),
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
        mut compute: impl FnMut(Vec<(usize, S::Prepared)>) -> Vec<Result<S::Output, String>>,
        prepared: &Receiver<Ready<S::Prepared>>,
        made: &Sender<Ready<S::Output>>,
    ) -> Duration {
        let mut waited = Duration::ZERO;
        let mut left_over = None;
        loop {
            let next = left_over
                .take()
                .map_or_else(|| timed(&mut waited, || prepared.recv()), Ok);
            let Ok(first) = next else {
                return waited;
            };
            if self.is_over() {
                return waited;
            }
            let mut together = vec![first];
            while together.len() < QUEUE_CAPACITY
                && let Ok(next) = prepared.try_recv()
            {
                if !self.steps.joins(&together[0].2, together.len(), &next.2) {
                    left_over = Some(next);
                    break;
                }
                together.push(next);
            }
            let mut pictures = Vec::new();
            let mut ready = Vec::new();
            for (index, picture, values) in together {
                ready.push((picture.place as usize, values));
                pictures.push((index, picture));
            }
            let results = panics::catch(|| compute(ready)).unwrap_or_else(|message| {
                let failed = |_| Err(program_error(&message));
                pictures.iter().map(failed).collect()
            });
            for ((index, picture), result) in pictures.into_iter().zip(results) {
                match result {
                    // A large picture that was stopped in the middle is like one that was not begun.
                    Err(_) if self.stop.load(Ordering::Relaxed) => {}
                    Err(message) => self.recorder().fail(index, picture, message),
                    Ok(result) => {
                        let sent = timed(&mut waited, || made.send((index, picture, result)));
                        if sent.is_err() {
                            return waited;
                        }
                    }
                }
            }
        }
    }

    fn encode(&self, made: &Receiver<Ready<S::Output>>) {
        for (index, picture, made) in made {
            let Some(output) = picture.task.output() else {
                let message = format!(
                    "`{}` changed while the program ran",
                    picture.input.display()
                );
                self.recorder().fail(index, picture, message);
                continue;
            };
            let encoded = guarded(|| self.steps.finish(&picture, made));
            let written = encoded.and_then(|finished| {
                // Large pictures are encoded now.
                let written = guarded(|| Ok(self.write(output, &finished)))?;
                Ok((written, finished))
            });
            let mut recorder = self.recorder();
            match written {
                Err(message) => recorder.fail(index, picture, message),
                Ok((Ok(()), finished)) => {
                    let size = (finished.width, finished.height);
                    recorder.done(index, picture, size, finished.note);
                }
                Ok((Err(error), _)) if is_lost(error.source.kind()) => {
                    recorder.lost.get_or_insert(error);
                }
                Ok((Err(error), _)) => recorder.fail(index, picture, error.to_string()),
            }
        }
    }

    /// Writes a translation, and what goes along with it before.
    fn write(&self, output: &Path, finished: &Finished) -> Result<(), FileError> {
        for (path, bytes) in &finished.sidecars {
            self.output
                .write(path, &FileContents::Bytes(bytes.clone()))?;
        }
        self.output.write(output, &finished.contents)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.recorder().lost.is_some()
    }

    fn recorder(&self) -> MutexGuard<'_, Recorder<'a, F>> {
        // A panic in a listener does not make the counts wrong.
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
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
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What a panic may leave half done belongs to one picture, and is dropped with it.
    panics::catch(work).unwrap_or_else(|message| Err(program_error(&message)))
}

fn program_error(message: &str) -> String {
    format!("an error in the program: {message}")
}
