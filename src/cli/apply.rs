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
    ApplyError, ApplyOptions, Event, Existing, FillOptions, LabelTranslator, MaskSource, Masks,
    NetworkFiller, NetworkTranslator, OutputFormat, Plan, Sampling, Size, Status, Summary,
    Translator, fill, plan, run as translate,
};
use crate::config::{Direction, Mode};
use crate::kernels::Precision;
use crate::nn::{Behaviour, NormStats};
use crate::progress;
use crate::style::{Manifest, Registry};

/// Arguments of `translate apply`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate apply --input photos/ --style monet\n  translate apply --input cat.jpg --style checkpoints/edges --output out --format png\n  translate apply --input photos/ --mask masks/ --style fill --dilate 2"
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
    /// What to fill, for styles of mode inpaint: a mask (white is filled) or a folder of masks matched by name, alpha for
    /// what is transparent, or a colour such as color:#ff00ff
    #[arg(long, value_name = "PATH|alpha|color:#RRGGBB", conflicts_with_all = ["direction", "size", "samples"])]
    mask: Option<MaskSource>,
    /// Pixels over which what is filled in is blended into what is around its hole, inside the hole alone; 0 leaves it as the
    /// network made it
    #[arg(long, value_name = "N", default_value_t = 16, requires = "mask")]
    feather: usize,
    /// Grow the holes by this many pixels before they are filled
    #[arg(long, value_name = "N", default_value_t = 0, requires = "mask")]
    dilate: usize,
    /// Statistics of batch normalisation: of each picture, as the reference implementations do, or of training [default:
    /// batch; running where holes are filled]
    #[arg(long, value_enum)]
    norm_stats: Option<NormStats>,
    /// Dropout while translating, for varied results
    #[arg(long, value_enum, default_value_t = Switch::Off)]
    dropout: Switch,
    /// Precision of the convolutions: bf16 is faster on processors with AMX or AVX512-BF16 and on GPUs, where the device
    /// offers it (libtorch), and changes pictures a little
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,
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
    if dropout && (!recipe.generator.dropout || recipe.mode == Mode::Pix2pixhd) {
        return Err(UsageError::NoDropout(folder.name()).into());
    }
    let varies = dropout || (recipe.mode == Mode::Pix2pixhd && recipe.encoder.features > 0);
    if !varies && (arguments.samples > 1 || arguments.seed.is_some()) {
        return Err(UsageError::NothingToSample(folder.name()).into());
    }
    let masks = arguments.mask.as_ref().map(Masks::open).transpose()?;
    let options = ApplyOptions {
        size: arguments.size,
        instance_maps: recipe.mode == Mode::Pix2pixhd && recipe.data.instances,
        format: match (arguments.format, &masks) {
            (OutputFormat::Same, Some(_)) => OutputFormat::Lossless,
            (format, _) => format,
        },
        existing: match (arguments.skip_existing, arguments.overwrite) {
            (true, _) => Existing::Skip,
            (_, true) => Existing::Overwrite,
            _ => Existing::Refuse,
        },
        samples: arguments.samples as usize,
        report: arguments.report.clone(),
        threads: globals.threads.unwrap_or(0),
    };
    let plan = plan(&arguments.input, &arguments.output, &options)?;
    let device = globals.device.open()?;
    let precision = arguments.precision;
    device.check(precision)?;
    let device = device.device;
    let behaviour = |usual| Behaviour::inference(arguments.norm_stats.unwrap_or(usual), dropout);
    let stop = interrupt::flag();
    let seed = arguments.seed.unwrap_or(0).into();
    if let Some(masks) = masks {
        if arguments.format == OutputFormat::Jpg {
            tracing::warn!("JPEG changes every pixel a little, also those outside the holes");
        }
        // One window has too few pixels for statistics of its own.
        let behaviour = behaviour(NormStats::Running);
        let mut filler =
            NetworkFiller::load(&folder, behaviour, precision, &device)?.with_seed(seed);
        let how = FillOptions {
            feather: arguments.feather,
            dilate: arguments.dilate,
        };
        return finish(&plan, "filled", |on_event| {
            fill(&plan, &masks, &mut filler, how, &options, &stop, on_event)
        });
    }
    let behaviour = behaviour(NormStats::Batch);
    let direction = arguments.direction;
    let mut translator: Box<dyn Translator> = if recipe.mode == Mode::Pix2pixhd {
        let sampling = Sampling {
            samples: options.samples,
            seed,
        };
        let labels =
            LabelTranslator::load(&folder, direction, sampling, behaviour, precision, &device)?;
        Box::new(labels)
    } else {
        let network = NetworkTranslator::load(&folder, direction, behaviour, precision, &device)?;
        Box::new(network.with_seed(seed))
    };
    finish(&plan, "translated", |on_event| {
        translate(&plan, &mut *translator, &options, &stop, on_event)
    })
}

/// Does the work with a progress bar, and says what became of it.
fn finish(
    plan: &Plan,
    done: &str,
    work: impl FnOnce(&mut (dyn FnMut(Event<'_>) + Send)) -> Result<Summary, ApplyError>,
) -> anyhow::Result<Exit> {
    let bar = progress::counter(plan.pictures.len() as u64, "working");
    let summary = work(&mut |event| {
        bar.set_position(event.finished as u64);
        if let Some(error) = &event.file.error {
            tracing::error!("{error}");
        }
        if let Some(note) = &event.file.note {
            tracing::info!("`{}`: {note}", event.file.input.display());
        }
    });
    bar.finish_and_clear();
    let summary = summary?;

    let count = |status| summary.count(status);
    let mut text = format!(
        "{done} {} of {} pictures into `{}`, {:.1} per second",
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
