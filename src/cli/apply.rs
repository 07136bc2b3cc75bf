//! `translate apply`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::arguments::Globals;
use super::exit::Exit;
use super::interrupt;
use super::output::print;
use super::train::UsageError;
use crate::apply::{
    ApplyOptions, Existing, LabelTranslator, NetworkTranslator, OutputFormat, Sampling, Size,
    Status, Translator, plan, run as translate,
};
use crate::config::{Direction, Mode};
use crate::nn::{Behaviour, NormStats};
use crate::progress;
use crate::style::{Manifest, Registry};

/// Arguments of `translate apply`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate apply --input photos/ --style monet\n  translate apply --input cat.jpg --style checkpoints/edges --output out --format png"
)]
pub struct Arguments {
    /// Picture, folder (with all folders in it) or pattern such as 'photos/*.jpg'
    #[arg(long, value_name = "PATH")]
    input: PathBuf,
    /// Name or folder of the style
    #[arg(long, value_name = "NAME|DIR")]
    style: String,
    /// Folder for the translations; it mirrors the input
    #[arg(long, value_name = "DIR", default_value = "translated")]
    output: PathBuf,
    /// Direction to translate in [default: the style's]
    #[arg(long, value_name = "AtoB|BtoA")]
    direction: Option<Direction>,
    /// Size of the translations: keep, a side such as 256, or 640x480
    #[arg(long, value_name = "SIZE", default_value = "keep")]
    size: Size,
    /// Statistics of batch normalisation: of each picture, as the reference implementations do, or of training
    #[arg(long, value_enum, default_value_t = NormStats::Batch)]
    norm_stats: NormStats,
    /// Dropout while translating, for varied results
    #[arg(long, value_enum, default_value_t = Switch::Off)]
    dropout: Switch,
    /// Translations of each picture: a style with instance features samples a look for each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    samples: u32,
    /// Decides the looks that are sampled, and what dropout drops [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// File format of the translations
    #[arg(long, value_enum, default_value_t = OutputFormat::Same)]
    format: OutputFormat,
    /// Leave translations that exist
    #[arg(long, conflicts_with = "overwrite")]
    skip_existing: bool,
    /// Replace translations that exist
    #[arg(long)]
    overwrite: bool,
    /// Write what became of each picture as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    // A style that cannot be used is said before the pictures are looked for.
    let recipe = Manifest::read(&folder)?.recipe;
    let dropout = arguments.dropout == Switch::On;
    let varies = dropout || (recipe.mode == Mode::Pix2pixhd && recipe.encoder.features > 0);
    if !varies && (arguments.samples > 1 || arguments.seed.is_some()) {
        return Err(UsageError::NothingToSample(folder.name()).into());
    }
    let options = ApplyOptions {
        size: arguments.size,
        format: arguments.format,
        existing: match (arguments.skip_existing, arguments.overwrite) {
            (true, _) => Existing::Skip,
            (_, true) => Existing::Overwrite,
            _ => Existing::Refuse,
        },
        samples: arguments.samples as usize,
        report: arguments.report,
        threads: globals.threads.unwrap_or(0),
    };
    let plan = plan(&arguments.input, &arguments.output, &options)?;
    let device = globals.device.open()?.device;
    let behaviour = Behaviour::inference(arguments.norm_stats, dropout);
    let seed = arguments.seed.unwrap_or(0).into();
    let direction = arguments.direction;
    let mut translator: Box<dyn Translator> = match recipe.mode {
        Mode::Pix2pixhd => {
            let sampling = Sampling {
                samples: options.samples,
                seed,
            };
            let labels = LabelTranslator::load(&folder, direction, sampling, behaviour, &device)?;
            Box::new(labels)
        }
        Mode::Pix2pix | Mode::Cycle => {
            let network = NetworkTranslator::load(&folder, direction, behaviour, &device)?;
            Box::new(network.with_seed(seed))
        }
    };
    let bar = progress::counter(plan.pictures.len() as u64, "translating");
    let stop = interrupt::flag();
    let summary = translate(&plan, &mut *translator, &options, &stop, |event| {
        bar.set_position(event.finished as u64);
        if let Some(error) = &event.file.error {
            tracing::error!("{error}");
        }
    });
    bar.finish_and_clear();
    let summary = summary?;

    let count = |status| summary.count(status);
    let mut text = format!(
        "translated {} of {} pictures into `{}`, {:.1} per second",
        count(Status::Done),
        summary.files.len(),
        plan.output.display(),
        summary.pictures_per_second()
    );
    for (number, what) in [
        (count(Status::Skipped), "were there already"),
        (count(Status::Failed), "failed"),
        (count(Status::NotReached), "not reached"),
        (plan.ignored, "other files left alone"),
    ] {
        if number > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {number} {what}");
        }
    }
    print(text)?;
    let complete = count(Status::Failed) == 0 && count(Status::NotReached) == 0;
    Ok(if complete {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}
