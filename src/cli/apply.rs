//! `translate apply`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::globals::Globals;
use super::interrupt;
use super::pair_side::{PairSide, check_pairs};
use super::pictures::PictureArguments;
use super::precision::check_precision;
use super::reduced_note::ReducedNote;
use super::streams::{Streams, deliver};
use super::usage::UsageError;
use crate::apply::{
    Animations, ApplyError, ApplyOptions, Event, FillOptions, LabelTranslator, Looks, MaskLookup,
    MaskSource, NetworkFiller, NetworkTranslator, OnExisting, Plan, SampleOptions, ShardChoice,
    SizeChoice, Status, Summary, TileSize, Tiling, Translator, TransparentPixels, fill,
    plan_inputs, run as translate, size_and_restore,
};
use crate::config::{Direction, Mode, NormKind};
use crate::data::MaskThreshold;
use crate::kernels::Precision;
use crate::nn::{ForwardMode, NormStats};
use crate::progress::Counter;
use crate::style::{Manifest, Registry};
use crate::wording::counted;

/// Arguments of `translate apply`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate apply photos/ --style monet\n  translate apply cat.jpg -s monet -o painted.png\n  translate apply photos/*.jpg --style checkpoints/edges --output out --format png\n  translate apply facades/test --style facades --side right\n  translate apply --input photos/ --mask masks/ --style fill --dilate 2 --output repaired\n  translate apply --input photos/ --style monet --skip-existing --report report.jsonl\n  translate apply --input photos/ --style monet --shard 2/5 --report report-2.jsonl\n  translate apply --input - --style monet --output - < cat.jpg > painted.jpg\n  translate apply --input - --style monet --output painted.png < cat.jpg\n  translate apply --input cat.jpg --style monet --output - | display"
)]
pub struct Arguments {
    /// Pictures, folders (with all folders in them), patterns such as 'photos/*.jpg', or - for a picture on standard input
    #[arg(value_name = "PATH", required_unless_present = "input")]
    inputs: Vec<PathBuf>,
    /// The same, as a flag; may be repeated
    #[arg(short, long, value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Name or folder of the style; NAME@STEP for a state that was kept
    #[arg(short, long, value_name = "NAME|DIR")]
    style: String,
    /// Folder for the translations, which mirrors the input; the name of a file for one picture; - for standard output
    #[arg(short, long, value_name = "DIR|FILE|-", default_value = "translated")]
    output: PathBuf,
    /// What to take of pictures that hold a pair side by side: the left or the right half, or the whole
    #[arg(
        long,
        value_enum,
        value_name = "left|right|whole",
        conflicts_with = "mask"
    )]
    side: Option<PairSide>,
    /// Direction to translate in [default: the style's]
    #[arg(long, value_name = "AtoB|BtoA")]
    direction: Option<Direction>,
    /// Size to translate at: keep, 256 (a square), 640x480, 640x or x480 (with the picture's aspect ratio), short:480 (the
    /// shorter side), or training (as large as the style saw its pictures in training) [default: keep; where the style has a
    /// size of its own, larger pictures are translated at that, and brought back to their size]
    #[arg(long, value_name = "SIZE")]
    size: Option<SizeChoice>,
    /// Bring translations back to the size of their pictures
    #[arg(long, requires = "size")]
    restore: bool,
    /// What the network sees where a picture is fully transparent
    #[arg(long, value_enum, default_value_t, conflicts_with = "mask")]
    transparent: TransparentPixels,
    /// Pictures that do not fit into memory are translated in bands of rows, which gives what the whole picture gives: auto,
    /// off, or N for bands of N rows for all that are higher
    #[arg(long, value_name = "auto|off|N", default_value = "auto")]
    tile: TileSize,
    /// With --tile N: squares of N pixels instead, each translated on its own, blended over this many pixels
    #[arg(long, value_name = "PIXELS")]
    overlap: Option<usize>,
    /// What to fill, for styles of mode inpaint: a mask (white is filled) or a folder of masks matched by name, alpha for
    /// what is transparent, or a colour such as color:#ff00ff
    #[arg(long, value_name = "PATH|alpha|color:#RRGGBB", conflicts_with_all = ["direction", "size", "restore", "samples", "tile", "overlap"])]
    mask: Option<MaskSource>,
    /// Share of white from which on grey in a mask is filled, from 0 to 1 [default: 0.5]
    #[arg(long, value_name = "SHARE", requires = "mask")]
    mask_threshold: Option<MaskThreshold>,
    /// Pixels over which what is filled in is blended into what is around its hole, inside the hole alone; 0 leaves it as the
    /// network made it [default: 16; 64 for styles that have learnt without a discriminator]
    #[arg(long, value_name = "N", requires = "mask")]
    feather: Option<usize>,
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
    /// Precision of the convolutions: bf16 is faster on processors with AMX, with libtorch also on those with AVX512-BF16 and on
    /// GPUs, and changes pictures a little
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,
    /// Translations of each picture, NAME_1 to NAME_N: a style with a latent code or with instance features samples a look for each
    /// [default: 1; of a style with a latent code the mean of its looks]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    samples: Option<u32>,
    /// With a latent code: N pictures, NAME_1 to NAME_N, on the way from the look of the seed to that of the next seed, such as the
    /// frames of an animation; along the great circle between the two codes
    #[arg(long, value_name = "N", conflicts_with_all = ["samples", "mask"], value_parser = clap::value_parser!(u32).range(2..=1000))]
    interpolate: Option<u32>,
    /// With --interpolate: an animation of each picture's frames as well, NAME.gif
    #[arg(long, requires = "interpolate", conflicts_with = "samples")]
    animation: bool,
    /// Decides the looks that are sampled, and what dropout drops [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    #[command(flatten)]
    pictures: PictureArguments,
    /// Leave translations that exist and are whole: goes on with a run that was interrupted
    #[arg(long, conflicts_with = "overwrite")]
    skip_existing: bool,
    /// Replace translations that exist
    #[arg(long)]
    overwrite: bool,
    /// Translate the share I of N of the input, as N machines do together; auto takes I and N from a Slurm array or an indexed
    /// Kubernetes job
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<ShardChoice>,
    /// Write what became of each picture as JSON: at the end, or line by line into a FILE.jsonl
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
    let manifest = Manifest::read(&folder)?;
    let Manifest {
        recipe, training, ..
    } = &manifest;
    if arguments.side.is_some() && !matches!(recipe.mode, Mode::Pix2pix | Mode::Cycle) {
        return Err(UsageError::NoSides(folder.name()).into());
    }
    let dropout = arguments.dropout == Switch::On;
    if dropout && (!recipe.generator.dropout || recipe.mode == Mode::Pix2pixhd) {
        return Err(UsageError::NoDropout(folder.name()).into());
    }
    let has_code = recipe.has_latent_code();
    let varies = dropout || recipe.has_several_looks();
    let is_sampled = arguments.samples.is_some_and(|samples| samples > 1);
    if !varies && (is_sampled || arguments.seed.is_some()) {
        return Err(UsageError::NothingToSample(folder.name()).into());
    }
    if !has_code && arguments.interpolate.is_some() {
        return Err(UsageError::NothingToInterpolate(folder.name()).into());
    }
    let tiling = Tiling {
        tile: arguments.tile,
        overlap: arguments.overlap,
    };
    let inputs = [arguments.inputs, arguments.input].concat();
    let has_maps = recipe.mode == Mode::Pix2pixhd && recipe.data.instances;
    if has_maps && inputs.iter().any(|input| input == Path::new("-")) {
        return Err(UsageError::NeedsMaps(folder.name()).into());
    }
    let streams = Streams::open(&inputs, &arguments.output, arguments.pictures.format)?;
    let mut pictures = arguments.pictures.clone();
    pictures.format = streams.format;
    let has_masks = arguments.mask.is_some();
    let (size, restore) = size_and_restore(arguments.size, arguments.restore, &manifest);
    pictures.check(size, has_masks)?;
    let masks = arguments.mask.as_ref();
    let masks = masks.map(|source| {
        let threshold = arguments.mask_threshold.unwrap_or_default();
        MaskLookup::open(source, threshold, pictures.limits())
    });
    let masks = masks.transpose()?;
    let shard = arguments.shard;
    let shard = shard.map(|shard| shard.resolve(|name| std::env::var(name).ok()));
    let options = ApplyOptions {
        size,
        restore,
        transparent: arguments.transparent,
        half: arguments.side.and_then(PairSide::half),
        tiling,
        instance_maps: has_maps,
        format: pictures.format(has_masks),
        depth: pictures.depth,
        quality: pictures.quality,
        range: pictures.range.or(recipe.data.value_range()),
        pages: pictures.pages,
        limits: pictures.limits(),
        existing: match (arguments.skip_existing, arguments.overwrite) {
            (true, _) => OnExisting::Skip,
            (_, true) => OnExisting::Overwrite,
            _ => OnExisting::Refuse,
        },
        samples: arguments.samples.or(arguments.interpolate).unwrap_or(1) as usize,
        shard: shard.transpose()?,
        report: arguments.report.clone(),
        threads: globals.threads.unwrap_or(0),
    };
    let name = streams.name.as_deref();
    let plan = plan_inputs(&streams.inputs, &streams.output, name, &options)?;
    let plan = streams.checked(plan)?;
    let animations = arguments.animation;
    let animations = animations.then(|| Animations::plan(&plan, options.existing));
    let animations = animations.transpose()?;
    if arguments.side.is_none() && !has_masks {
        check_pairs(&plan, &training.pair_size, &folder)?;
    }
    let device = globals.device.open()?;
    let precision = arguments.precision;
    check_precision(&device, precision)?;
    let device = device.device;
    check_tiling(tiling, dropout || !precision.has_full_features(&device))?;
    let norm_stats = arguments.norm_stats;
    if norm_stats.is_some() && recipe.generator.norm != NormKind::Batch {
        tracing::warn!(
            "`--norm-stats` changes nothing: the style's norm has statistics of one kind alone"
        );
    }
    let norm_stats = norm_stats.unwrap_or_else(|| NormStats::usual(recipe));
    let mode = ForwardMode::inference(norm_stats, dropout);
    let stop = interrupt::flag();
    let seed = arguments.seed.unwrap_or(0).into();
    if let Some(masks) = masks {
        let mut filler = NetworkFiller::load(&folder, mode, precision, &device)?.with_seed(seed);
        let how = FillOptions {
            feather: arguments.feather,
            dilate: arguments.dilate,
        };
        return finish(globals, &plan, &options, &streams, "filled", |on_event| {
            fill(&plan, &masks, &mut filler, how, &options, &stop, on_event)
        });
    }
    let direction = arguments.direction;
    let sampling = SampleOptions {
        samples: options.samples,
        seed,
    };
    let mut translator: Box<dyn Translator> = if recipe.mode == Mode::Pix2pixhd {
        let labels = LabelTranslator::load(&folder, direction, sampling, mode, precision, &device)?;
        Box::new(labels)
    } else {
        let network = NetworkTranslator::load(&folder, direction, mode, precision, &device)?;
        let mut network = network.with_seed(seed);
        network.set_looks(if arguments.interpolate.is_some() {
            Looks::Between(sampling)
        } else if arguments.samples.is_some() || arguments.seed.is_some() {
            Looks::Sampled(sampling)
        } else {
            Looks::Mean
        });
        Box::new(network)
    };
    let mut reduced = ReducedNote::new(&options);
    let exit = finish(
        globals,
        &plan,
        &options,
        &streams,
        "translated",
        |on_event| {
            translate(&plan, &mut *translator, &options, &stop, |event| {
                reduced.see(event.file);
                on_event(event);
            })
        },
    )?;
    if let Some(animations) = animations {
        // What stands in the message is not done where nobody hears it.
        let written = animations.write()?;
        tracing::info!("{} written", counted(written, "animation"));
    }
    Ok(exit)
}

/// Tiles that cannot be made are refused before pictures are looked for.
fn check_tiling(tiling: Tiling, is_whole: bool) -> Result<(), UsageError> {
    match (tiling.tile, tiling.overlap) {
        (TileSize::Side(_), None) if is_whole => Err(UsageError::NoBands),
        (TileSize::Side(side), Some(overlap)) if 2 * overlap > side => {
            Err(UsageError::Overlap { side, overlap })
        }
        (TileSize::Auto | TileSize::Off, Some(_)) => Err(UsageError::OverlapOfNothing),
        _ => Ok(()),
    }
}

/// Does the work, shows its progress, and says what became of it.
fn finish(
    globals: &Globals,
    plan: &Plan,
    options: &ApplyOptions,
    streams: &Streams,
    done: &str,
    work: impl FnOnce(&mut (dyn FnMut(Event<'_>) + Send)) -> Result<Summary, ApplyError>,
) -> anyhow::Result<Exit> {
    for note in plan.left_out.circle_notes() {
        tracing::info!("{note}");
    }
    let to_do = plan.len() - plan.skipped();
    let counter = Counter::new("applying");
    let summary = work(&mut |event| {
        let finished = event.finished - event.skipped;
        counter.update(finished, event.failed, to_do);
        let name = event.file.input.display().to_string();
        let text = match (&event.file.error, &event.file.note) {
            // Every failure names its file.
            (Some(error), _) if plan.from_stdin || error.contains(&name) => error.clone(),
            (Some(text), _) | (None, Some(text)) => format!("`{name}`: {text}"),
            (None, None) => return,
        };
        // A name must not look like another message, nor move the cursor.
        let text = if name.chars().any(char::is_control) {
            text.replace(&name, &name.escape_debug().to_string())
        } else {
            text
        };
        if event.file.error.is_some() {
            tracing::error!("{text}");
        } else {
            tracing::info!("{text}");
        }
    });
    drop(counter);
    let summary = summary?;

    let count = |status| summary.count(status);
    let shard = options.shard;
    let mut text = format!(
        "{done} {} of {} pictures{} into `{}`, {:.1} per second",
        count(Status::Done),
        plan.len(),
        shard.map_or(String::new(), |shard| format!(" of shard {shard}")),
        streams.output_name().display(),
        summary.pictures_per_second()
    );
    for (number, what) in [
        (count(Status::Skipped), "were there already"),
        (count(Status::Failed), "failed"),
        (count(Status::NotReached), "not reached"),
    ] {
        if number > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {number} {what}");
        }
    }
    match plan.maps {
        0 => {}
        1 => text.push_str(", 1 map beside them is no input"),
        maps => {
            let _ = write!(text, ", {maps} maps beside them are no inputs");
        }
    }
    if count(Status::NotReached) > 0 && !plan.to_stdout {
        text.push_str(" (`--skip-existing` goes on with those)");
    }
    if plan.left_out.count() > 0 {
        let _ = write!(text, "; {}", plan.left_out);
    }
    if plan.to_stdout {
        // Standard output is the picture's.
        deliver(plan)?;
        tracing::info!("{text}");
    } else {
        globals.report(text)?;
    }
    let complete = count(Status::Failed) == 0 && count(Status::NotReached) == 0;
    Ok(if complete {
        Exit::Done
    } else {
        Exit::SomeFailed
    })
}
