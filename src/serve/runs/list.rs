//! Which runs there are, and how far they are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use utoipa::ToSchema;

use super::trainer::{RunProcess, Trainer};
use crate::serve::redaction::Redaction;
use crate::serve::styles::Styles;
use crate::style::{Manifest, StyleFolder};
use crate::train::{MetricsLine, planned_steps};

/// The end of a metrics file that is looked at.
const TAIL: u64 = 1 << 15;

/// Lines that tell how long a step takes.
const RECENT: usize = 15;

/// A run of another process that has written nothing for this long, and for this many of its lines, has stopped.
const QUIET: Duration = Duration::from_mins(1);
const QUIET_LINES: f64 = 20.0;

/// How a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::serve) enum RunState {
    /// It is about to begin.
    Starting,
    /// It trains.
    Running,
    /// It saves what it has learnt.
    Stopping,
    /// It can be resumed.
    Stopped,
    /// All its steps are done.
    Finished,
    /// It could not go on.
    Failed,
}

/// What clients are told about a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(in crate::serve) struct RunReport {
    /// Name of the style that it trains.
    name: String,
    /// How it is.
    pub(in crate::serve) state: RunState,
    /// Whether it was started here, and can be stopped here.
    own: bool,
    /// pix2pix, cycle, contrastive, pix2pixhd or inpaint.
    mode: Option<String>,
    /// Steps done.
    step: u64,
    /// Steps in all, once they are known.
    steps: Option<u64>,
    /// Epoch, from 1.
    epoch: u64,
    /// Learning rate of the generator.
    lr: Option<f64>,
    /// Seconds per step.
    seconds_per_step: Option<f64>,
    /// Time left, in seconds.
    seconds_left: Option<f64>,
    /// Seconds since its last line.
    quiet: Option<u64>,
    /// Why it failed.
    error: Option<String>,
}

/// All runs, those that go on first, then by when they last wrote.
pub(in crate::serve) fn run_reports(
    styles: &Styles,
    trainer: &Trainer,
    redaction: &Redaction,
) -> Vec<RunReport> {
    let mut names = trainer.names();
    if let Ok(entries) = std::fs::read_dir(styles.root()) {
        let found = entries.flatten().map(|entry| entry.file_name());
        names.extend(found.filter_map(|name| name.into_string().ok()));
    }
    names.sort();
    names.dedup();
    let reports = names
        .iter()
        .filter_map(|name| run_report(name, styles, trainer, redaction));
    let mut reports: Vec<RunReport> = reports.collect();
    let rank = |report: &RunReport| match report.state {
        RunState::Starting | RunState::Running | RunState::Stopping => 0,
        _ => 1,
    };
    reports.sort_by_key(|report| (rank(report), report.quiet.unwrap_or(u64::MAX)));
    reports
}

/// What clients are told about the run of this name, if there is one.
pub(in crate::serve) fn run_report(
    name: &str,
    styles: &Styles,
    trainer: &Trainer,
    redaction: &Redaction,
) -> Option<RunReport> {
    let process = trainer.process(name);
    let folder = styles.folder(name);
    let metrics = folder.as_ref().map(StyleFolder::metrics);
    let has_metrics = metrics.as_deref().is_some_and(Path::is_file);
    if process.is_none() && !has_metrics {
        return None;
    }
    let manifest = folder.and_then(|folder| Manifest::read(&folder).ok());
    let lines = metrics.as_deref().and_then(last_lines).unwrap_or_default();
    let last = lines.first();
    let written = metrics.and_then(|path| path.metadata().ok()?.modified().ok());
    let quiet = written.and_then(|written| SystemTime::now().duration_since(written).ok());
    let training = manifest.as_ref().map(|manifest| &manifest.training);
    let finished = training.is_some_and(|training| training.finished);
    let steps = manifest.as_ref().map(planned_steps).filter(|&it| it > 0);
    let step = last.map_or(0, |line| line.step);
    let step = step.max(training.map_or(0, |training| training.steps));
    let epoch = last.map_or(0, |line| line.epoch);
    let epoch = epoch.max(training.map_or(0, |training| training.epoch));
    let seconds = usual_seconds(&lines);
    let (state, error) = match &process {
        Some(RunProcess::Running) if step == 0 => (RunState::Starting, None),
        Some(RunProcess::Running) => (RunState::Running, None),
        Some(RunProcess::Stopping) => (RunState::Stopping, None),
        Some(RunProcess::Ended(Some(error))) => (RunState::Failed, Some(redaction.clean(error))),
        _ if finished => (RunState::Finished, None),
        Some(RunProcess::Ended(None)) => (RunState::Stopped, None),
        None => {
            let patience = manifest
                .as_ref()
                .zip(seconds)
                .map_or(0.0, |(manifest, seconds)| {
                    QUIET_LINES * seconds * manifest.recipe.train.log_every as f64
                });
            let patience = QUIET.max(Duration::try_from_secs_f64(patience).unwrap_or(QUIET));
            let is_running = quiet.is_some_and(|quiet| quiet < patience);
            let state = if is_running {
                RunState::Running
            } else {
                RunState::Stopped
            };
            (state, None)
        }
    };
    let is_running = state == RunState::Running;
    Some(RunReport {
        name: name.to_owned(),
        state,
        own: process.is_some(),
        mode: manifest.as_ref().map(|it| it.recipe.mode.name().to_owned()),
        step,
        steps,
        epoch,
        lr: last.map(|line| line.lr),
        seconds_per_step: seconds,
        seconds_left: steps
            .zip(seconds)
            .filter(|_| is_running)
            .map(|(steps, seconds)| steps.saturating_sub(step) as f64 * seconds),
        quiet: quiet.map(|quiet| quiet.as_secs()),
        error,
    })
}

/// The last whole lines of a metrics file, the newest first.
fn last_lines(path: &Path) -> Option<Vec<MetricsLine>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let lines = bytes.split(|&byte| byte == b'\n').rev();
    let lines = lines.filter_map(|line| serde_json::from_slice(line).ok());
    Some(lines.take(RECENT).collect())
}

/// The median of their seconds per step: single ones have checkpoints in them.
fn usual_seconds(lines: &[MetricsLine]) -> Option<f64> {
    let mut seconds: Vec<f64> = lines.iter().map(|line| line.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}
