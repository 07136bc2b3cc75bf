//! The progress of a run: a bar, plain lines or lines of JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;

use super::error::TrainError;
use super::event::{Event, Listener, RunOutcome, StepRecord};
use super::small_recipe::small_recipe_flags;
use crate::config::Recipe;
use crate::progress::{self, JSON_EVERY, LINE_EVERY, ProgressMode, rounded};
use crate::shell::quoted;
use crate::style::StyleFolder;

/// A longer run gets a hint to use a smaller recipe: on a GPU, and on a processor, whose owner may not know what to expect.
const LONG_RUN: Duration = Duration::from_hours(24);
const LONG_RUN_ON_CPU: Duration = Duration::from_hours(1);
/// What is estimated from one step alone is said of runs that are longer than this, whose steps are longer than that: the first step
/// takes a multiple of the others, which are soon known.
const SHORT_RUN: Duration = Duration::from_mins(10);
const SHORT_STEP: f64 = 6.0;

/// Shows losses, speed and time left.
#[derive(Debug)]
pub struct ProgressDisplay {
    bar: ProgressBar,
    /// The command that resumes the run.
    resume: String,
    /// A command that trains a smaller network on the same pictures, where there is one.
    smaller: Option<String>,
    /// A run that is longer is told of that command.
    long_run: Duration,
    total: u64,
    started: Instant,
    done_before: u64,
    last_line: Option<Instant>,
}

impl ProgressDisplay {
    /// Creates a display for a run of `recipe` that trains `style`, on a processor or not.
    pub fn new(recipe: &Recipe, style: &StyleFolder, on_cpu: bool) -> Self {
        let root = style.path().parent().unwrap_or(Path::new(""));
        let elsewhere = if root == Path::new("checkpoints") {
            String::new()
        } else {
            format!("--checkpoints {} ", quoted(&root.display().to_string()))
        };
        let name = quoted(&style.name());
        let smaller = small_recipe_flags(recipe).map(|flags| {
            let data = match recipe.data.root.as_str() {
                "" => String::new(),
                root => format!("--data {} ", quoted(root)),
            };
            format!("translate train {flags} {data}{elsewhere}--name {name} --overwrite")
        });
        Self {
            bar: ProgressBar::hidden(),
            resume: format!("translate train --resume {elsewhere}--name {name}"),
            smaller,
            long_run: if on_cpu { LONG_RUN_ON_CPU } else { LONG_RUN },
            total: 0,
            started: Instant::now(),
            done_before: 0,
            last_line: None,
        }
    }

    fn line(&mut self, record: &StepRecord) {
        let pause = match progress::mode() {
            ProgressMode::None | ProgressMode::Bar => return,
            ProgressMode::Plain => LINE_EVERY,
            ProgressMode::Json => JSON_EVERY,
        };
        let due = self.last_line.is_none_or(|time| time.elapsed() >= pause);
        if !(due || record.step == self.total) {
            return;
        }
        self.last_line = Some(Instant::now());
        let done = record.step - self.done_before;
        let per_step = self.started.elapsed().as_secs_f64() / done as f64;
        let left = per_step * (self.total - record.step) as f64;
        if progress::mode() == ProgressMode::Json {
            let losses = record.losses.iter().map(|(name, value)| (*name, *value));
            progress::json_line(&json!({
                "task": "training",
                "done": record.step,
                "total": self.total,
                "per_second": rounded(1.0 / per_step.max(1e-9)),
                "seconds_left": rounded(left),
                "epoch": record.epoch,
                "losses": losses.collect::<BTreeMap<_, _>>(),
            }));
            return;
        }
        tracing::info!(
            "step {}/{} epoch {}  {}  {per_step:.2} s/step, {} left",
            record.step,
            self.total,
            record.epoch,
            losses_text(record),
            HumanDuration(Duration::from_secs_f64(left)),
        );
    }

    fn estimate(&mut self, left: Duration, seconds_per_step: f64, steps: usize) {
        let is_known = steps > 1 || (left >= SHORT_RUN && seconds_per_step >= SHORT_STEP);
        if !is_known || left.as_secs() == 0 {
            return;
        }
        let so_far = if steps == 1 {
            ", as far as one step tells"
        } else {
            ""
        };
        tracing::info!(
            "about {} to go, at {seconds_per_step:.2} s per step{so_far}",
            HumanDuration(left)
        );
        // Once is enough.
        if left > self.long_run
            && let Some(smaller) = self.smaller.take()
        {
            tracing::warn!(
                "this recipe is made for a GPU; a smaller network on smaller pictures: `{smaller}`"
            );
        }
    }
}

impl Listener for ProgressDisplay {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        match event {
            Event::Started { done, total } => {
                self.total = *total;
                self.done_before = *done;
                self.started = Instant::now();
                let template = "{elapsed_precise} {wide_bar} {pos}/{len} {msg} {eta} left";
                let style = ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar());
                self.bar = progress::bar(*total, style);
                self.bar.set_position(*done);
                self.bar.reset_eta();
            }
            Event::Step { record, .. } => {
                self.bar.set_position(record.step);
                self.bar.set_message(losses_text(record));
                self.line(record);
            }
            Event::Estimate {
                left,
                seconds_per_step,
                steps,
            } => self.estimate(*left, *seconds_per_step, *steps),
            Event::Saved { step, path } => {
                tracing::debug!("saved step {step} in `{}`", path.display());
            }
            Event::Evaluated { line } => {
                let values = line
                    .metrics
                    .iter()
                    .map(|(name, value)| format!("{name} {value:.4}"));
                let values: Vec<String> = values.collect();
                let best = if line.best { ": the best so far" } else { "" };
                tracing::info!(
                    "evaluation after step {}: {}{best}",
                    line.step,
                    values.join(", ")
                );
            }
            Event::Preview { .. } => {}
            Event::Ended { outcome, step } => {
                self.bar.finish_and_clear();
                if *outcome == RunOutcome::Stopped {
                    tracing::info!(
                        "stopped after step {step} of {}, all saved: go on with `{}`",
                        self.total,
                        self.resume
                    );
                }
            }
        }
        Ok(())
    }
}

fn losses_text(record: &StepRecord) -> String {
    let mut text = String::new();
    for (name, value) in &record.losses {
        // Writing to a string cannot fail.
        let _ = write!(text, "{name} {value:.3} ");
    }
    text.truncate(text.trim_end().len());
    text
}
