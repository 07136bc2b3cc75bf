//! `report.html`: curves, previews, recipe and timing of a run in one self-contained page.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::HumanDuration;
use serde::Serialize;

use super::curves::Curves;
use super::error::TrainError;
use super::evaluation_line::{EvaluationLine, read_evaluations};
use super::event::{Event, Listener};
use super::metrics::{MetricsLine, read_metrics};
use crate::files::{self, FileError};
use crate::html::{self, escape, png_address};
use crate::style::{Manifest, StyleFolder};

/// Most previews shown, spread over the run.
const PREVIEWS: usize = 12;
/// Most points per curve, evenly spread over the run.
const POINTS: usize = 2000;

/// Least time between two reports of one run, but for the last.
const REPORT_EVERY: Duration = Duration::from_secs(20);

/// Writes the report while a run goes on, and when it ends.
#[derive(Debug)]
pub struct ReportFile {
    style: StyleFolder,
    /// What the pictures of a row of a preview are.
    caption: &'static str,
    written: Option<Instant>,
}

impl ReportFile {
    /// Creates the report of a run that trains `style`, with previews of which this is the caption.
    pub fn new(style: StyleFolder, caption: &'static str) -> Self {
        Self {
            style,
            caption,
            written: None,
        }
    }

    fn write(&self) -> Result<(), TrainError> {
        let manifest = Manifest::read(&self.style)?;
        let metrics = read_metrics(&self.style.metrics())?;
        let mut shown = Vec::new();
        for (step, path) in previews(&self.style)? {
            shown.push(Shown {
                step,
                picture: png_address(&files::read(&path)?),
            });
        }
        let data = ReportData {
            curves: Curves::of(&metrics, POINTS),
            evaluations: read_evaluations(&self.style.evaluations())?,
            previews: shown,
            caption: self.caption,
        };
        let data = serde_json::to_string(&data).map_err(|it| TrainError::Report(it.to_string()))?;
        let summary = summary(&self.style, &manifest, &metrics);
        let recipe = escape(&manifest.recipe.to_toml());
        let body =
            format!("{summary}<div id=\"report\"></div>\n<h2>Recipe</h2>\n<pre>{recipe}</pre>\n");
        let page = html::live_page(&self.style.name(), &body, &data);
        Ok(files::write_atomically(
            &self.style.report(),
            page.as_bytes(),
        )?)
    }
}

/// What the page draws.
#[derive(Serialize)]
struct ReportData {
    curves: Curves,
    evaluations: Vec<EvaluationLine>,
    previews: Vec<Shown>,
    caption: &'static str,
}

#[derive(Serialize)]
struct Shown {
    step: u64,
    /// The address of a PNG file that lies in itself.
    picture: String,
}

impl Listener for ReportFile {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        match event {
            // The description of the style is as old as the last checkpoint, which has come before.
            Event::Preview { .. } | Event::Saved { .. } => {
                if self
                    .written
                    .is_none_or(|last| last.elapsed() >= REPORT_EVERY)
                {
                    self.write()?;
                    self.written = Some(Instant::now());
                }
                Ok(())
            }
            // A run that was stopped before its first checkpoint has nothing to report.
            Event::Ended { step, .. } if *step > 0 => self.write(),
            _ => Ok(()),
        }
    }
}

fn summary(style: &StyleFolder, manifest: &Manifest, metrics: &[MetricsLine]) -> String {
    let training = &manifest.training;
    let duration = Duration::try_from_secs_f64(training.seconds).unwrap_or_default();
    let mut seconds: Vec<f64> = metrics.iter().map(|line| line.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let per_step = seconds.get(seconds.len() / 2);
    let data = &manifest.recipe.data;
    let mut rows = vec![
        ("Mode", manifest.recipe.mode.name().to_owned()),
        ("Direction", data.direction.name().to_owned()),
        (
            "Generator",
            manifest.recipe.generator.arch.name().to_owned(),
        ),
        ("Picture size", data.picture_size()),
        ("Steps", training.steps.to_string()),
        ("Epoch", training.epoch.to_string()),
        ("Samples per epoch", training.samples.to_string()),
        ("Device", training.device.clone()),
        ("Time", HumanDuration(duration).to_string()),
        ("Folder", style.path().display().to_string()),
    ];
    if let Some(per_step) = per_step {
        rows.push(("Time per step (median)", format!("{per_step:.3} s")));
    }
    let mut table = "<table>\n".to_owned();
    for (name, value) in rows {
        let _ = writeln!(table, "<tr><td>{name}</td><td>{}</td></tr>", escape(&value));
    }
    table.push_str("</table>\n");
    table
}

/// Some of the previews in the style's folder, the first and the last among them, by step.
fn previews(style: &StyleFolder) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let folder = style.previews();
    let mut all = Vec::new();
    let entries = std::fs::read_dir(&folder).map_err(FileError::context("read", &folder))?;
    for entry in entries {
        let path = entry.map_err(FileError::context("read", &folder))?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if let Some(step) = stem
            .strip_prefix("step-")
            .and_then(|step| step.parse().ok())
        {
            all.push((step, path));
        }
    }
    all.sort();
    if all.len() <= PREVIEWS {
        return Ok(all);
    }
    let last = all.len() - 1;
    Ok((0..PREVIEWS)
        .map(|index| all[index * last / (PREVIEWS - 1)].clone())
        .collect())
}
