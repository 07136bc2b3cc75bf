//! `report.html`: curves, previews, recipe and timing of a run in one self-contained page.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::HumanDuration;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use super::error::TrainError;
use super::evaluation_line::{EvaluationLine, read_evaluations};
use super::event::{Event, Listener};
use super::metrics::{MetricsLine, read_metrics};
use crate::files::{self, FileError};
use crate::html::{self, escape, png_address};
use crate::style::{Manifest, StyleFolder};

/// Most previews shown, spread over the run.
const PREVIEWS: usize = 6;
/// Most points per curve: more are averaged.
const POINTS: usize = 400;

/// Least time between two reports of one run, but for the last.
const REPORT_EVERY: Duration = Duration::from_secs(20);

/// Writes the report while a run goes on, and when it ends.
#[derive(Debug)]
pub struct ReportFile {
    style: StyleFolder,
    written: Option<Instant>,
}

impl ReportFile {
    /// Creates the report of a run that trains `style`.
    pub fn new(style: StyleFolder) -> Self {
        Self {
            style,
            written: None,
        }
    }

    fn write(&self) -> Result<(), TrainError> {
        let manifest = Manifest::read(&self.style)?;
        let metrics = read_metrics(&self.style.metrics())?;
        let mut body = summary(&self.style, &manifest, &metrics);
        body.push_str("<h2>Losses</h2>\n");
        for (names, title) in groups(&metrics) {
            body.push_str(&chart(&metrics, &names, title)?);
        }
        let evaluations = read_evaluations(&self.style.evaluations())?;
        body.push_str(&evaluation_charts(&evaluations)?);
        body.push_str("<h2>Previews</h2>\n");
        body.push_str(preview_caption(&manifest));
        for (step, path) in previews(&self.style)? {
            let picture = png_address(&files::read(&path)?);
            let _ = writeln!(
                body,
                "<figure><img src=\"{picture}\" alt=\"step {step}\"><figcaption>step {step}</figcaption></figure>"
            );
        }
        let recipe = escape(&manifest.recipe.to_toml());
        let _ = write!(body, "<h2>Recipe</h2>\n<pre>{recipe}</pre>\n");
        let page = html::page(&self.style.name(), &body);
        Ok(files::write_atomically(
            &self.style.report(),
            page.as_bytes(),
        )?)
    }
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

fn preview_caption(manifest: &Manifest) -> &'static str {
    match manifest.recipe.mode {
        crate::config::Mode::Pix2pix => "<p>Each row: input, output, target.</p>\n",
        crate::config::Mode::Pix2pixhd => {
            "<p>Each row: input (a colour for each class), output, target.</p>\n"
        }
        crate::config::Mode::Cycle => {
            "<p>Each row: input, output, input recovered from the output.</p>\n"
        }
        crate::config::Mode::Contrastive => "<p>Each row: input, output.</p>\n",
        crate::config::Mode::Inpaint => "<p>Each row: photo with a hole, filled, original.</p>\n",
    }
}

/// Groups losses into charts: those of discriminators, and the rest.
fn groups(metrics: &[MetricsLine]) -> Vec<(Vec<String>, &'static str)> {
    let mut names: Vec<String> = metrics
        .iter()
        .flat_map(|line| line.losses.keys().cloned())
        .collect();
    names.sort();
    names.dedup();
    let (discriminator, generator): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| name.starts_with("D_"));
    [(generator, "Generator"), (discriminator, "Discriminator")]
        .into_iter()
        .filter(|(names, _)| !names.is_empty())
        .collect()
}

fn chart(metrics: &[MetricsLine], names: &[String], title: &str) -> Result<String, TrainError> {
    let curves: Curves<'_> = names
        .iter()
        .map(|name| (name, curve(metrics, name)))
        .collect();
    curves_chart(curves, title)
}

/// A chart for each metric of the evaluations, since they have scales of their own, and which step was best.
fn evaluation_charts(lines: &[EvaluationLine]) -> Result<String, TrainError> {
    let Some(last) = lines.last() else {
        return Ok(String::new());
    };
    let mut text = "<h2>Evaluations</h2>\n".to_owned();
    if let Some(best) = lines.iter().rev().find(|line| line.best) {
        let _ = writeln!(
            text,
            "<p>The weights of step {} are the best by {}; they are kept in <code>best/</code>.</p>",
            best.step,
            escape(&best.decides)
        );
    }
    for name in last.metrics.keys() {
        let points = lines
            .iter()
            .filter_map(|line| Some((line.step as f64, *line.metrics.get(name)?)));
        let curves = Curves::from([(name, points.collect())]);
        text.push_str(&curves_chart(curves, name)?);
    }
    Ok(text)
}

fn curves_chart(curves: Curves<'_>, title: &str) -> Result<String, TrainError> {
    let highest = curves
        .values()
        .flatten()
        .map(|point| point.1)
        .fold(f64::MIN, f64::max);
    let lowest = curves
        .values()
        .flatten()
        .map(|point| point.1)
        .fold(0.0, f64::min);
    let steps = curves.values().flatten().map(|point| point.0);
    let last = steps.fold(1.0, f64::max);
    let mut svg = String::new();
    let scale = (last, lowest..(highest * 1.05).max(lowest + 1e-6));
    draw(&mut svg, title, scale, curves).map_err(|error| TrainError::Report(error.to_string()))?;
    Ok(svg)
}

type Curves<'a> = BTreeMap<&'a String, Vec<(f64, f64)>>;

fn draw(
    svg: &mut String,
    title: &str,
    (last, range): (f64, Range<f64>),
    curves: Curves<'_>,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let area = SVGBackend::with_string(svg, (900, 340)).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(8)
        .x_label_area_size(32)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..last, range)?;
    chart
        .configure_mesh()
        .x_desc("step")
        .x_label_formatter(&|step| format!("{step:.0}"))
        .light_line_style(WHITE)
        .draw()?;
    for (index, (name, points)) in curves.into_iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()
}

/// One loss over the steps, averaged to at most [`POINTS`] points.
fn curve(metrics: &[MetricsLine], name: &str) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = metrics
        .iter()
        .filter_map(|line| Some((line.step as f64, *line.losses.get(name)?)))
        .collect();
    let width = points.len().div_ceil(POINTS).max(1);
    points
        .chunks(width)
        .map(|chunk| {
            let count = chunk.len() as f64;
            let sum = |pick: fn(&(f64, f64)) -> f64| chunk.iter().map(pick).sum::<f64>() / count;
            (sum(|point| point.0), sum(|point| point.1))
        })
        .collect()
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
