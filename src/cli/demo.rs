//! `translate demo`: photos as paintings, then a training from the beginning to its results.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;
use image::{RgbImage, imageops};

use super::demo_paintings::{PAINTINGS, SHEET, paint};
use super::exit::Exit;
use super::extensions::build_method;
use super::globals::Globals;
use super::interrupt;
use super::output::print;
use super::usage::UsageError;
use crate::apply::{ApplyOptions, NetworkTranslator, Status, plan, run as translate};
use crate::config::{BuiltinRecipe, Recipe};
use crate::data::find_pictures;
use crate::data::sample::Sample;
use crate::device::OpenDevice;
use crate::evaluate::{EvaluateOptions, Metric, evaluate};
use crate::files;
use crate::kernels::Precision;
use crate::nn::{ForwardMode, NormStats};
use crate::picture::read_rgb;
use crate::progress::{self, ProgressMode};
use crate::style::StyleFolder;
use crate::train::{RunOutcome, Session, SessionStart};

/// Folder of the style, below the output.
const STYLE: &str = "style";
/// Folder of the translations, below the output.
const PICTURES: &str = "pictures";

/// Arguments of `translate demo`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Folder for the results
    #[arg(long, short, value_name = "DIR", default_value = "demo")]
    output: PathBuf,
    /// Replace the results of an earlier demo
    #[arg(long)]
    overwrite: bool,
    /// Train for this many steps [default: those of the recipe]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    steps: Option<u32>,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let output = arguments.output;
    let style = StyleFolder::new(output.join(STYLE));
    let is_other = !output.is_dir() || (!style.manifest().is_file() && has_entries(&output)?);
    if output.exists() && is_other {
        return Err(UsageError::NotADemo(output).into());
    }
    if style.manifest().is_file() && !arguments.overwrite {
        return Err(UsageError::EarlierDemo(output).into());
    }
    let sample = Sample::unpack()?;
    let mut overlay = BuiltinRecipe::find("demo")?.overlay()?;
    if let Some(steps) = arguments.steps {
        overlay.insert("train", "max_steps", i64::from(steps), "`--steps`")?;
    }
    let mode = overlay.mode()?.context("the demo's recipe names a mode")?;
    let recipe = overlay.resolve(mode)?;
    let demo = Demo {
        data: sample.folder(&recipe),
        recipe,
        device: globals.device.open()?,
        output,
        style,
    };
    let stop = interrupt::flag();
    if let Some(monet) = StyleFolder::builtin("monet") {
        tracing::info!("turning photos into paintings, on {}", demo.device.name);
        let sheet = paint(&monet, &sample.photos(), &demo.output, &demo.device, &stop)?;
        print(format_args!(
            "paintings by the style `monet`, after {:.0} s (photo, painting): {}\n\
             of your own photos: translate apply --input PHOTOS --style monet",
            started.elapsed().as_secs_f64(),
            sheet.display()
        ))?;
    }
    let started = Instant::now();
    tracing::info!(
        "learning to turn edges into photos, on {}",
        demo.device.name
    );
    // The first step makes a network that can be applied and has not learnt anything. Progress would show it as a training of its own.
    let shown = progress::mode();
    progress::set_mode(ProgressMode::None);
    let first = demo.train(1, SessionStart::Fresh, &stop);
    progress::set_mode(shown);
    if first? == RunOutcome::Stopped {
        return Ok(Exit::Failed);
    }
    let before = demo.apply_and_measure(&stop)?;
    let steps = demo.recipe.train.max_steps;
    if demo.train(steps, SessionStart::GoOn, &stop)? == RunOutcome::Stopped {
        return Ok(Exit::Failed);
    }
    let after = demo.apply_and_measure(&stop)?;
    let sheet = demo.write_sheet()?;
    print(format_args!(
        "learnt in {:.0} s: on pictures that it has not seen, the L1 distance to the photos went from {before:.3} to {after:.3}\n\
         sheet (edges, translation, photo): {}\n\
         report: {}\n\
         translations: {}",
        started.elapsed().as_secs_f64(),
        sheet.display(),
        demo.style.report().display(),
        demo.output.join(PICTURES).display()
    ))?;
    Ok(Exit::Done)
}

struct Demo {
    recipe: Recipe,
    data: PathBuf,
    device: OpenDevice,
    output: PathBuf,
    style: StyleFolder,
}

impl Demo {
    fn train(
        &self,
        steps: u64,
        start: SessionStart,
        stop: &AtomicBool,
    ) -> anyhow::Result<RunOutcome> {
        let mut recipe = self.recipe.clone();
        recipe.train.max_steps = steps;
        let session = Session {
            judge: None,
            recipe,
            data: self.data.clone(),
            style: self.style.clone(),
            start,
            build: build_method,
            device: self.device.clone(),
        };
        Ok(session.run(stop)?)
    }

    /// Translates the pictures kept apart from training; returns their L1 distance to the photos.
    fn apply_and_measure(&self, stop: &AtomicBool) -> anyhow::Result<f64> {
        let options = ApplyOptions::default();
        let pictures = self.output.join(PICTURES);
        // What an earlier demo has left could have other names.
        if pictures.is_dir() {
            std::fs::remove_dir_all(&pictures)
                .with_context(|| format!("cannot remove `{}`", pictures.display()))?;
        }
        let plan = plan(&self.inputs(), &pictures, &options)?;
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let mut translator =
            NetworkTranslator::load(&self.style, None, mode, Precision::F32, &self.device.device)?;
        let summary = translate(&plan, &mut translator, &options, stop, |_| {})?;
        if summary.count(Status::Done) < plan.len() {
            bail!("the demo was stopped");
        }
        let options = EvaluateOptions {
            metrics: vec![Metric::L1],
            ..EvaluateOptions::default()
        };
        let evaluation = evaluate(&self.targets(), &pictures, &options)?;
        evaluation
            .metrics
            .get(Metric::L1)
            .context("L1 was measured")
    }

    fn inputs(&self) -> PathBuf {
        self.data.join("A/val")
    }

    fn targets(&self) -> PathBuf {
        self.data.join("B/val")
    }

    /// Puts edges, translation and photo of every picture side by side, two pictures in a row.
    fn write_sheet(&self) -> anyhow::Result<PathBuf> {
        const COLUMNS: u32 = 2;
        const GAP: u32 = 4;
        const BETWEEN: u32 = 24;
        let folders = [self.inputs(), self.output.join(PICTURES), self.targets()];
        let columns = folders.map(|folder| find_pictures(&folder));
        let [inputs, translations, targets] = columns;
        let (inputs, translations, targets) = (inputs?, translations?, targets?);
        let side = self.recipe.data.crop_size as u32;
        let row_width = 3 * side + 2 * GAP;
        let rows = (inputs.len() as u32).div_ceil(COLUMNS);
        let mut sheet = RgbImage::from_pixel(
            COLUMNS * row_width + (COLUMNS - 1) * BETWEEN + 2 * GAP,
            rows * (side + GAP) + GAP,
            image::Rgb([255; 3]),
        );
        for (index, three) in inputs.iter().zip(&translations).zip(&targets).enumerate() {
            let ((input, translation), target) = three;
            let index = index as u32;
            let left = GAP + index % COLUMNS * (row_width + BETWEEN);
            let top = GAP + index / COLUMNS * (side + GAP);
            for (column, file) in [input, translation, target].into_iter().enumerate() {
                let picture = read_rgb(&file.path)?.pixels;
                let x = left + column as u32 * (side + GAP);
                imageops::replace(&mut sheet, &picture, i64::from(x), i64::from(top));
            }
        }
        let path = self.output.join("sheet.png");
        files::write_png(&path, &sheet)?;
        Ok(path)
    }
}

/// Whether a folder has more in it than the paintings of a demo that was stopped.
fn has_entries(folder: &Path) -> anyhow::Result<bool> {
    let mut entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let is_other = |name: &OsStr| name != PAINTINGS && name != SHEET;
    Ok(entries.any(|entry| entry.is_ok_and(|entry| is_other(&entry.file_name()))))
}
