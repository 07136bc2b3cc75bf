//! Pictures through a network, and the work for them from a plan to a summary.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::error::ApplyError;
use super::joint_pass::joins;
use super::network_pass::{NetworkPass, PreparedPages, Translated};
use super::options::ApplyOptions;
use super::output::OutputFolder;
use super::picture::{finish, prepare};
use super::pipeline::{Finished, Pipeline};
use super::pipeline_runner::PipelineRunner;
use super::plan::{Plan, PlannedPicture};
use super::reading::ReadOptions;
use super::recorder::{Event, Recorder};
use super::report::{JsonLinesReport, Status, Summary};
use super::report_file::is_in_lines;
use super::sidecars::sidecars;
use super::tiles::{PixelBudget, SplitPolicy, TileSize};
use super::translator::{InputSpec, Translator};
use crate::config::{Colours, Pages};
use crate::files::{FileError, ensure_writable_beside};
use crate::picture::{EncodeOptions, page_count, picture_size, pnm_extension_note};

/// More threads than this find nothing to do beside one network, and each holds a picture.
const MAX_THREADS: usize = 8;

/// Pixels that are in memory at one time, before the network and after it, unless one picture has more.
const MAX_PIXELS_IN_FLIGHT: u64 = 1 << 27;

/// Translates the pictures of a plan.
///
/// A picture that cannot be read, translated or written is reported and counted, and the others are done; so is one at which
/// something panics. `on_event` hears of each finished picture, from several threads but one at a time. Setting `stop` ends
/// the run early: pictures that are already translated are still written, others stay [`Status::NotReached`].
/// The report of `options`, if any, is written at the end or line by line, of a stopped run too.
///
/// # Errors
/// The output folder cannot be written to, or its file system is full.
pub fn run(
    plan: &Plan,
    translator: &mut dyn Translator,
    options: &ApplyOptions,
    stop: &AtomicBool,
    on_event: impl FnMut(Event<'_>) + Send,
) -> Result<Summary, ApplyError> {
    let tiling = options.tiling;
    if matches!(tiling.tile, TileSize::Side(_))
        && tiling.overlap.is_none()
        && translator.bytes_per_pixel().is_none()
    {
        return Err(ApplyError::NoBands);
    }
    let translation = Translation {
        split: SplitPolicy::new(tiling, translator),
        budget: PixelBudget::new(MAX_PIXELS_IN_FLIGHT),
        reading: ReadOptions::new(options, &plan.output),
        spec: InputSpec {
            channels: translator.input_channels(),
            colours: translator.colours(),
            scale: translator.scale(),
            multiple: translator.multiple(),
            smallest: translator.smallest(),
            maps: translator.maps(),
            kept: translator.kept(),
        },
        output_channels: translator.output_channels(),
        encoding: options.encoding(),
        pages: options.pages,
        joint_pixels: translator.joint_pixels(),
    };
    let mut network = NetworkPass {
        translator,
        split: &translation.split,
        folder: &plan.output,
        stop,
    };
    let translate = |pictures| network.translate(pictures);
    run_pipeline(plan, &translation, translate, options, stop, on_event)
}

/// Pictures through a network that needs sizes of a certain kind.
struct Translation<'a> {
    reading: ReadOptions<'a>,
    spec: InputSpec,
    output_channels: usize,
    encoding: EncodeOptions,
    split: SplitPolicy,
    budget: PixelBudget,
    pages: Pages,
    /// Pixels of pictures that the network takes at once.
    joint_pixels: usize,
}

impl Pipeline for Translation<'_> {
    type Prepared = PreparedPages;
    type Output = Translated;

    fn prepare(&self, picture: &PlannedPicture) -> Result<PreparedPages, String> {
        let path = &picture.input;
        let pages = match self.pages {
            Pages::First => 1,
            Pages::All => page_count(path),
        };
        // A picture whose size cannot be told fails below.
        let pixels =
            picture_size(path).map_or(0, |(width, height)| u64::from(width) * u64::from(height));
        let made = pixels.saturating_mul((pages * self.spec.scale * self.spec.scale) as u64);
        let permit = self.budget.acquire(made);
        let prepared = (0..pages).map(|page| {
            let reading = ReadOptions {
                page: (pages > 1).then_some(page),
                ..self.reading
            };
            let prepared = prepare(path, reading, &self.spec, &self.split);
            prepared.map_err(|error| {
                if pages > 1 {
                    format!("page {}: {error}", page + 1)
                } else {
                    error
                }
            })
        });
        Ok((prepared.collect::<Result<_, _>>()?, permit))
    }

    fn joins(&self, (first, _): &Self::Prepared, count: usize, (next, _): &Self::Prepared) -> bool {
        joins(first, count, next, |pixels| {
            pixels <= self.joint_pixels && self.split.fits(pixels)
        })
    }

    fn finish(&self, picture: &PlannedPicture, mut made: Translated) -> Result<Finished, String> {
        let (channels, format) = (self.output_channels, picture.format()?);
        let own_size = made.pages.first().map(|page| page.passthrough.own_size);
        if let Some(page) = made.pages.first_mut() {
            let shown = match self.spec.colours {
                Colours::Rgb => channels,
                Colours::Lab => 3,
            };
            let note = pnm_extension_note(picture.task.output(), shown);
            page.passthrough.notes.extend(note);
        }
        let mut finished = finish(made.pages, channels, format, self.encoding)?;
        if let (Some(output), Some(own_size)) = (picture.task.output(), own_size) {
            finished.sidecars = sidecars(&picture.input, output, own_size, finished.size());
        }
        Ok(finished)
    }
}

/// Carries out a plan: `steps` in threads, `compute` on this one.
pub(super) fn run_pipeline<S: Pipeline>(
    plan: &Plan,
    steps: &S,
    compute: impl FnMut(Vec<(usize, S::Prepared)>) -> Vec<Result<S::Output, String>>,
    options: &ApplyOptions,
    stop: &AtomicBool,
    on_event: impl FnMut(Event<'_>) + Send,
) -> Result<Summary, ApplyError> {
    let started = Instant::now();
    // Hours of work must not end in a folder that cannot be written to.
    let output = OutputFolder::open(&plan.output).map_err(ApplyError::OutputNotWritable)?;
    if let Some([first, second, output]) = plan.alike.as_ref().filter(|_| output.ignores_case()) {
        return Err(ApplyError::DifferByCase {
            first: first.clone(),
            second: second.clone(),
            output: output.clone(),
        });
    }
    let report = options.report.as_deref();
    let lines = report
        .map_or(Ok(None), open_report)
        .map_err(ApplyError::Report)?;
    let in_lines = lines.is_some();

    let work = PipelineRunner::new(
        plan,
        steps,
        stop,
        &output,
        Recorder::new(plan, lines, on_event),
    );
    let network_waited = work.run(compute, threads(options.threads));
    let recorder = work.into_tally();
    let summary = Summary {
        plan: plan.clone(),
        outcomes: recorder.outcomes,
        seconds: started.elapsed().as_secs_f64(),
        network_waited: network_waited.as_secs_f64(),
    };
    let reported = match (recorder.lines, recorder.unreported, report) {
        (_, Some(error), _) => Err(error),
        (Some(mut lines), ..) => lines.finish(&summary),
        (.., Some(path)) if !in_lines => summary.write(path),
        _ => Ok(()),
    };
    match recorder.lost {
        None => reported.map(|()| summary).map_err(ApplyError::Report),
        Some(source) => Err(ApplyError::OutputLost {
            source,
            done: summary.count(Status::Done),
            total: plan.len(),
        }),
    }
}

/// Makes sure that the report can be written, and begins it if it is written in lines.
fn open_report(path: &Path) -> Result<Option<JsonLinesReport>, FileError> {
    ensure_writable_beside(path)?;
    let in_lines = is_in_lines(path);
    in_lines.then(|| JsonLinesReport::create(path)).transpose()
}

fn threads(wanted: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let count = if wanted == 0 { cores() } else { wanted };
    count.min(MAX_THREADS)
}
