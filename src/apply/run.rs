//! The work: decoding and encoding in threads of their own, the network between them on the calling thread.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::error::ApplyError;
use super::options::{ApplyOptions, Size};
use super::padding::Padding;
use super::picture::{Needs, Prepared, Translator, finish, prepare};
use super::plan::{Plan, PlannedPicture, Task};
use super::report::{Status, Summary};
use super::tally::{Event, Tally};
use crate::files::{FileError, create_folder, write_atomically};
use crate::panics;

/// Pictures that wait before the network, and as many after it. Together with the threads this bounds the memory.
const WAITING: usize = 2;

/// More threads than this find nothing to do beside one network, and each holds a picture.
const MOST_THREADS: usize = 8;

/// Carries out a plan.
///
/// A picture that cannot be read, translated or written is reported and counted, and the others are done; so is one at which
/// something panics. `on_event` hears of each finished picture, from several threads but one at a time. Setting `stop` ends
/// the run early: pictures that are already translated are still written, others stay [`Status::NotReached`].
/// The report of `options`, if any, is written at the end, of a stopped run too.
///
/// # Errors
/// The network's channels are none that pictures have, the output folder cannot be written to, or its file system is full.
pub fn run(
    plan: &Plan,
    translator: &mut dyn Translator,
    options: &ApplyOptions,
    stop: &AtomicBool,
    on_event: impl FnMut(Event<'_>) + Send,
) -> Result<Summary, ApplyError> {
    let started = Instant::now();
    let channels = (translator.input_channels(), translator.output_channels());
    if ![channels.0, channels.1]
        .iter()
        .all(|count| matches!(count, 1 | 3))
    {
        return Err(ApplyError::Channels {
            input: channels.0,
            output: channels.1,
        });
    }
    // Hours of work must not end in a folder that cannot be written to.
    check_writable(&plan.output).map_err(ApplyError::OutputNotWritable)?;
    if let Some(folder) = options.report.as_deref().and_then(Path::parent) {
        check_writable(folder).map_err(ApplyError::Report)?;
    }

    let work = Work {
        plan,
        size: options.size,
        needs: Needs {
            channels: channels.0,
            multiple: translator.multiple(),
            smallest: translator.smallest(),
            maps: translator.maps(),
        },
        output_channels: channels.1,
        next: AtomicUsize::new(0),
        stop,
        tally: Mutex::new(Tally::new(plan, on_event)),
    };
    work.run(translator, threads(options.threads));

    let tally = work
        .tally
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let summary = Summary {
        files: tally.files,
        seconds: started.elapsed().as_secs_f64(),
    };
    let report = options.report.as_ref();
    let reported = report.map_or(Ok(()), |path| summary.write(path));
    match tally.lost {
        None => reported.map(|()| summary).map_err(ApplyError::Report),
        Some(source) => Err(ApplyError::OutputLost {
            source,
            done: summary.count(Status::Done),
            total: plan.pictures.len(),
        }),
    }
}

fn threads(wanted: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let count = if wanted == 0 { cores() } else { wanted };
    count.min(MOST_THREADS)
}

fn check_writable(folder: &Path) -> Result<(), FileError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    create_folder(folder)?;
    // The file vanishes when it is dropped.
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(FileError::new("write in", folder))
}

/// A picture that the network has translated.
struct Translated {
    index: usize,
    values: Vec<f32>,
    padding: Padding,
}

/// What the threads share.
struct Work<'a, F> {
    plan: &'a Plan,
    size: Size,
    needs: Needs,
    output_channels: usize,
    next: AtomicUsize,
    stop: &'a AtomicBool,
    tally: Mutex<Tally<F>>,
}

impl<F: FnMut(Event<'_>) + Send> Work<'_, F> {
    fn run(&self, translator: &mut dyn Translator, threads: usize) {
        let (prepared_sender, prepared_receiver) = bounded(WAITING);
        let (translated_sender, translated_receiver) = bounded(WAITING);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let prepared_sender = prepared_sender.clone();
                scope.spawn(move || self.decode(&prepared_sender));
                let translated_receiver = translated_receiver.clone();
                scope.spawn(move || self.encode(&translated_receiver));
            }
            // A queue ends when the last of its other ends is gone: none may stay here.
            drop((prepared_sender, translated_receiver));
            self.translate(translator, prepared_receiver, translated_sender);
        });
    }

    fn decode(&self, prepared: &Sender<(usize, Prepared)>) {
        while !self.is_over() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(picture) = self.plan.pictures.get(index) else {
                return;
            };
            if let Task::Skip { .. } = picture.task {
                self.tally().end(index, Status::Skipped, None);
                continue;
            }
            match guarded(|| prepare(&picture.input, self.size, self.needs)) {
                Err(message) => self.tally().fail(index, message),
                // The queue's other end is gone when the run is over.
                Ok(picture) => {
                    if prepared.send((index, picture)).is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn translate(
        &self,
        translator: &mut dyn Translator,
        prepared: Receiver<(usize, Prepared)>,
        translated: Sender<Translated>,
    ) {
        for (index, Prepared { values, padding }) in prepared {
            if self.is_over() {
                return;
            }
            let (height, width) = (padding.padded_height, padding.padded_width);
            match guarded(|| translator.translate(values, height, width, index as u64)) {
                Err(message) => self.tally().fail(index, message),
                Ok(values) => {
                    let picture = Translated {
                        index,
                        values,
                        padding,
                    };
                    if translated.send(picture).is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn encode(&self, translated: &Receiver<Translated>) {
        for Translated {
            index,
            values,
            padding,
        } in translated
        {
            let PlannedPicture { input, task } = &self.plan.pictures[index];
            let Task::Translate { output, format } = task else {
                let message = format!("`{}` changed while the program ran", input.display());
                self.tally().fail(index, message);
                continue;
            };
            let encoded = guarded(|| finish(values, &padding, self.output_channels, *format));
            let written = encoded.map(|bytes| write(output, &bytes));
            let mut tally = self.tally();
            match written {
                Err(message) => tally.fail(index, message),
                Ok(Ok(())) => {
                    let size = (padding.width as u32, padding.height as u32);
                    tally.end(index, Status::Done, Some(size));
                }
                Ok(Err(error)) if is_lost(error.source.kind()) => {
                    tally.lost.get_or_insert(error);
                }
                Ok(Err(error)) => tally.fail(index, error.to_string()),
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.tally().lost.is_some()
    }

    fn tally(&self) -> MutexGuard<'_, Tally<F>> {
        // A panic in a listener does not make the counts wrong.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(output: &Path, bytes: &[u8]) -> Result<(), FileError> {
    if let Some(folder) = output.parent() {
        create_folder(folder)?;
    }
    write_atomically(output, bytes)
}

/// Whether an error in writing one picture means that none of the others can be written.
fn is_lost(error: ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::ReadOnlyFilesystem
    )
}

/// Calls `work`; a panic in it becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What a panic may leave half done belongs to one picture, and is dropped with it.
    panics::caught(work)
        .unwrap_or_else(|message| Err(format!("an error in the program: {message}")))
}
