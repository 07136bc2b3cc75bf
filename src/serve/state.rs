//! What the parts of a server share.

use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::watch;

use super::error::ServeError;
use super::jobs::JobBoard;
use super::options::ServeOptions;
use super::pictures::PictureStore;
use super::queue::WorkQueue;
use super::redaction::Redaction;
use super::roots::Roots;
use super::runs::Trainer;
use super::styles::Styles;
use super::tasks::TaskBoard;
use crate::files::FileError;

/// Previews that are made at the same time: each takes the memory of a picture.
const PREVIEWS: usize = 2;

/// What the parts of a server share.
pub(super) struct Shared {
    pub(super) pictures: PictureStore,
    pub(super) tasks: TaskBoard,
    pub(super) jobs: JobBoard,
    pub(super) queue: WorkQueue,
    pub(super) styles: Styles,
    pub(super) trainer: Trainer,
    pub(super) roots: Roots,
    pub(super) redaction: Redaction,
    /// Room for those who make previews.
    pub(super) previews: Arc<tokio::sync::Semaphore>,
    /// Threads for the pictures of a folder.
    pub(super) threads: usize,
    /// Name of the device that computes.
    pub(super) device: String,
    /// Counts the changes of tasks and jobs.
    changes: watch::Sender<u64>,
    /// Whether the server stops.
    stopping: watch::Sender<bool>,
    /// Pictures on their way; vanishes with this value, which is last.
    _folder: TempDir,
}

impl Shared {
    /// The state of a server that has done nothing yet and computes on `device`.
    ///
    /// # Errors
    /// A root is no folder, or the temporary folder cannot be written to.
    pub(super) fn new(options: &ServeOptions, device: String) -> Result<Self, ServeError> {
        let place = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("translate-serve-")
            .tempdir()
            .map_err(FileError::context("create a folder in", &place))?;
        let path = folder.path();
        let roots = Roots::new(&options.roots)?;
        let known = roots.all().map(|(name, path)| (path, name.to_owned()));
        let checkpoints = (options.checkpoints.as_path(), String::new());
        Ok(Self {
            pictures: PictureStore::new(path.join("pictures"), options.limits)?,
            tasks: TaskBoard::new(path.join("tasks"), options.limits.bytes)?,
            jobs: JobBoard::new(path.join("jobs"))?,
            queue: WorkQueue::new(options.queue),
            styles: Styles::new(options.checkpoints.clone()),
            trainer: Trainer::new(options),
            redaction: Redaction::new(path, known.chain([checkpoints])),
            roots,
            previews: Arc::new(tokio::sync::Semaphore::new(PREVIEWS)),
            threads: options.threads,
            device,
            changes: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            _folder: folder,
        })
    }

    /// Tells all who watch that a task or a job has changed.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Hears of changes.
    pub(super) fn watch_changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Hears of the end.
    pub(super) fn watch_stop(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Begins the end: what waits is stopped, what runs comes to a point from which it can go on.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
        self.queue.close();
        for job in self.jobs.all() {
            job.stop();
        }
        self.trainer.stop_all();
        self.changed();
    }
}
