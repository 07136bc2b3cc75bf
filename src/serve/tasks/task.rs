//! One picture on its way through the network.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

use super::order::Order;
use super::phase::{Phase, TaskStatus};

/// A file that a task has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct ResultFile {
    pub(in crate::serve) path: PathBuf,
    pub(in crate::serve) size: (u32, u32),
    pub(in crate::serve) bytes: u64,
}

/// What clients are told about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::serve) struct FileEntry {
    /// Its name.
    name: String,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Length.
    bytes: u64,
}

/// What clients are told about a task.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::serve) struct TaskReport {
    /// Its identifier.
    pub(in crate::serve) id: String,
    /// How far it is.
    pub(in crate::serve) status: TaskStatus,
    /// How many are before it, while it waits.
    pub(in crate::serve) place: Option<usize>,
    /// Pictures that are done.
    done: usize,
    /// Pictures in all.
    total: usize,
    /// How long the network and what is around it took.
    seconds: Option<f64>,
    /// Why it failed.
    error: Option<String>,
    /// What should be known about the result.
    notes: Vec<String>,
    /// The results.
    files: Vec<FileEntry>,
}

/// A task, and the folder of its results, which vanishes with it.
#[derive(Debug)]
pub(in crate::serve) struct Task {
    id: String,
    folder: PathBuf,
    order: Order,
    stop: AtomicBool,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    phase: Phase,
    total: usize,
    seconds: Option<f64>,
    error: Option<String>,
    notes: Vec<String>,
    files: Vec<ResultFile>,
}

impl Task {
    pub(super) fn new(id: String, folder: PathBuf, order: Order) -> Self {
        let total = match &order {
            Order::Translate(translation) => translation.choices.samples,
            Order::Fill(_) => 1,
        };
        Self {
            id,
            folder,
            order,
            stop: AtomicBool::new(false),
            progress: Mutex::new(Progress {
                total,
                ..Progress::default()
            }),
        }
    }

    pub(in crate::serve) fn id(&self) -> &str {
        &self.id
    }

    pub(in crate::serve) fn order(&self) -> &Order {
        &self.order
    }

    /// Where its results go.
    pub(in crate::serve) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(in crate::serve) fn status(&self) -> TaskStatus {
        self.progress().phase.status
    }

    /// Set when it is to end early.
    pub(in crate::serve) fn stop_flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// Asks it to end early.
    pub(in crate::serve) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.progress().phase.stop();
    }

    /// Begins it, unless it was stopped.
    pub(in crate::serve) fn begin(&self) -> bool {
        self.progress().phase.begin()
    }

    /// A result is there.
    pub(in crate::serve) fn add(&self, file: ResultFile, note: Option<String>) {
        let mut progress = self.progress();
        progress.files.push(file);
        progress.notes.extend(note);
    }

    /// It is over.
    pub(in crate::serve) fn end(&self, result: Result<(), String>) {
        let mut progress = self.progress();
        progress.seconds = progress
            .phase
            .started
            .map(|start| start.elapsed().as_secs_f64());
        progress
            .files
            .sort_by(|one, other| one.path.cmp(&other.path));
        progress.phase.status = match result {
            Ok(()) if self.stop.load(Ordering::Relaxed) && progress.files.is_empty() => {
                TaskStatus::Stopped
            }
            Ok(()) => TaskStatus::Done,
            Err(message) => {
                progress.error = Some(message);
                TaskStatus::Failed
            }
        };
    }

    /// Length of its files.
    pub(in crate::serve) fn bytes(&self) -> u64 {
        self.progress().files.iter().map(|file| file.bytes).sum()
    }

    /// One of its files.
    pub(in crate::serve) fn file(&self, index: usize) -> Option<ResultFile> {
        self.progress().files.get(index).cloned()
    }

    /// What clients are told; `place` is where it waits.
    pub(in crate::serve) fn report(&self, place: Option<usize>) -> TaskReport {
        let progress = self.progress();
        let entry = |file: &ResultFile| FileEntry {
            name: file_name(&file.path),
            width: file.size.0,
            height: file.size.1,
            bytes: file.bytes,
        };
        TaskReport {
            id: self.id.clone(),
            status: progress.phase.status,
            place: place.filter(|_| progress.phase.status == TaskStatus::Waiting),
            done: progress.files.len(),
            total: progress.total,
            seconds: progress.seconds,
            error: progress.error.clone(),
            notes: progress.notes.clone(),
            files: progress.files.iter().map(entry).collect(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResultFile {
    /// What it is called.
    pub(in crate::serve) fn name(&self) -> String {
        file_name(&self.path)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Drop for Task {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
