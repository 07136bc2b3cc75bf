//! A folder on its way through the network.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

use super::request::{JobChoices, JobRequest};
use crate::apply::{FileReport, Status};
use crate::serve::roots::Place;
use crate::serve::tasks::{Phase, TaskStatus};

/// Failures that are told; the report has all.
const MAX_FAILURES: usize = 200;

/// A folder, its choices, and how far it is.
#[derive(Debug)]
pub(in crate::serve) struct Job {
    id: String,
    /// As it was asked for.
    request: JobRequest,
    choices: JobChoices,
    stop: AtomicBool,
    /// Grows by a line for each picture.
    report: PathBuf,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    phase: Phase,
    seconds: f64,
    done: usize,
    skipped: usize,
    failed: usize,
    total: usize,
    failures: Vec<Failure>,
    error: Option<String>,
    lines: Option<File>,
}

/// A picture that failed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::serve) struct Failure {
    /// The picture, below the input.
    file: String,
    /// Why.
    error: String,
}

/// What clients are told about a job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::serve) struct JobReport {
    /// Its identifier.
    id: String,
    /// The style.
    style: String,
    /// The pictures.
    input: Place,
    /// The translations.
    output: Place,
    /// How far it is.
    status: TaskStatus,
    /// Pictures that are translated.
    done: usize,
    /// Pictures whose translation existed.
    skipped: usize,
    /// Pictures that failed.
    failed: usize,
    /// Pictures in all.
    total: usize,
    /// How long it has run.
    seconds: f64,
    /// How long it will run, as far as can be told.
    seconds_left: Option<f64>,
    /// The first of the failures.
    failures: Vec<Failure>,
    /// Why nothing more could be done.
    error: Option<String>,
}

impl JobReport {
    /// What changes only when something has happened.
    pub(in crate::serve) fn without_time(self) -> Self {
        Self {
            seconds: 0.0,
            seconds_left: None,
            ..self
        }
    }
}

/// A line of the report.
#[derive(Serialize)]
struct Line {
    input: String,
    output: Option<String>,
    status: Status,
    error: Option<String>,
    note: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
}

impl Job {
    pub(super) fn new(
        id: String,
        request: JobRequest,
        choices: JobChoices,
        report: PathBuf,
    ) -> Self {
        Self {
            id,
            request,
            choices,
            stop: AtomicBool::new(false),
            report,
            progress: Mutex::default(),
        }
    }

    pub(in crate::serve) fn id(&self) -> &str {
        &self.id
    }

    /// Name of the style.
    pub(in crate::serve) fn style(&self) -> &str {
        &self.request.style
    }

    pub(in crate::serve) fn choices(&self) -> &JobChoices {
        &self.choices
    }

    /// Set when it is to end early.
    pub(in crate::serve) fn stop_flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// The report so far, a JSON object on each line.
    pub(in crate::serve) fn report_path(&self) -> &Path {
        &self.report
    }

    pub(in crate::serve) fn is_over(&self) -> bool {
        self.progress().phase.status.is_over()
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

    /// How many pictures there are is known.
    pub(in crate::serve) fn plan(&self, total: usize) {
        self.progress().total = total;
    }

    /// A picture is finished; `clean` takes paths out of messages.
    pub(in crate::serve) fn add(&self, file: &FileReport, clean: impl Fn(&str) -> String) {
        let input = relative(&file.input, &self.choices.input);
        let error = file.error.as_deref().map(&clean);
        let line = Line {
            output: file
                .output
                .as_deref()
                .map(|path| relative(path, &self.choices.output)),
            status: file.status,
            error: error.clone(),
            note: file.note.as_deref().map(&clean),
            width: file.width,
            height: file.height,
            input: input.clone(),
        };
        let mut progress = self.progress();
        match file.status {
            Status::Done => progress.done += 1,
            Status::Skipped => progress.skipped += 1,
            Status::Failed => progress.failed += 1,
            Status::NotReached => {}
        }
        if let Some(error) = error
            && progress.failures.len() < MAX_FAILURES
        {
            progress.failures.push(Failure { file: input, error });
        }
        if let Err(error) = progress.write(&self.report, &line) {
            tracing::warn!("the report of a job cannot be written: {error}");
        }
    }

    /// It is over.
    pub(in crate::serve) fn end(&self, result: Result<(), String>) {
        let mut progress = self.progress();
        progress.seconds = progress.elapsed();
        progress.lines = None;
        progress.phase.status = match result {
            Ok(()) if self.stop.load(Ordering::Relaxed) => TaskStatus::Stopped,
            Ok(()) => TaskStatus::Done,
            Err(message) => {
                progress.error = Some(message);
                TaskStatus::Failed
            }
        };
    }

    /// What clients are told.
    pub(in crate::serve) fn report(&self) -> JobReport {
        let progress = self.progress();
        let seconds = if progress.phase.status.is_over() {
            progress.seconds
        } else {
            progress.elapsed()
        };
        let made = progress.done + progress.failed;
        let open = progress.total.saturating_sub(made + progress.skipped);
        let is_telling = progress.phase.status == TaskStatus::Running && made > 0;
        JobReport {
            id: self.id.clone(),
            style: self.request.style.clone(),
            input: self.request.input.clone(),
            output: self.request.output.clone(),
            status: progress.phase.status,
            done: progress.done,
            skipped: progress.skipped,
            failed: progress.failed,
            total: progress.total,
            seconds,
            seconds_left: is_telling.then(|| seconds / made as f64 * open as f64),
            failures: progress.failures.clone(),
            error: progress.error.clone(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn elapsed(&self) -> f64 {
        self.phase
            .started
            .map_or(0.0, |start| start.elapsed().as_secs_f64())
    }

    fn write(&mut self, path: &Path, line: &Line) -> std::io::Result<()> {
        let file = match &mut self.lines {
            Some(file) => file,
            lines @ None => lines.insert(File::options().create(true).append(true).open(path)?),
        };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        file.write_all(&bytes)
    }
}

/// A path below a folder; of the folder itself its name.
fn relative(path: &Path, folder: &Path) -> String {
    let inner = path.strip_prefix(folder).unwrap_or(Path::new(""));
    let inner = if inner.as_os_str().is_empty() {
        Path::new(path.file_name().unwrap_or_default())
    } else {
        inner
    };
    inner.to_string_lossy().into_owned()
}
