//! `translate data`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::recipes;
use super::usage::UsageError;
use crate::apply::OutputSize;
use crate::config::{MaskKind, Mode, Recipe};
use crate::data::{
    ClassPalette, ClassShare, Conversion, DataError, Dataset, DegradeSettings, EdgeSettings,
    MaskPlan, MaskSettings, Split, fit_to_data, join_pairs, split_pairs, write_degraded,
    write_edges, write_labels, write_masks,
};
use crate::progress::Counter;
use crate::wording::counted;

/// Arguments of `translate data`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Look for everything that would be wrong in training: every picture is read
    Check {
        /// Folder of the data set
        folder: PathBuf,
        /// Training method that is to use it [default: that of the recipe]
        #[arg(long, required_unless_present = "config")]
        mode: Option<Mode>,
        /// Recipe that is to be used: a file, or the name of one in this program
        #[arg(long, value_name = "FILE|NAME")]
        config: Option<PathBuf>,
        /// Setting of the recipe, such as data.crop_size=64
        #[arg(long, value_name = "SECTION.KEY=VALUE")]
        set: Vec<String>,
    },
    /// Join the pictures of two folders side by side, matched by name
    Pair {
        /// Folder of the left halves
        #[arg(long)]
        a: PathBuf,
        /// Folder of the right halves
        #[arg(long)]
        b: PathBuf,
        /// Folder for the pairs
        #[arg(long)]
        output: PathBuf,
        /// Replace pictures that exist
        #[arg(long)]
        overwrite: bool,
    },
    /// Split side-by-side pictures into folders A and B
    Split {
        /// Folder of side-by-side pictures
        #[arg(long)]
        input: PathBuf,
        /// Folder that gets A and B
        #[arg(long)]
        output: PathBuf,
        /// Replace pictures that exist
        #[arg(long)]
        overwrite: bool,
    },
    /// Draw the edges of photos, for an edges-to-photos data set
    Edges {
        /// Folder of photos
        #[arg(long)]
        input: PathBuf,
        /// Folder for the edge maps
        #[arg(long)]
        output: PathBuf,
        /// Replace pictures that exist
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        settings: EdgeArguments,
    },
    /// Spoil pictures as recipes with `data.degrade` do in training, to measure what a network makes of them: spoilt ones in
    /// `input`, what they were in `target`, and with --downscale the spoilt ones enlarged by bicubic interpolation in `bicubic`
    #[command(
        after_help = "Examples:\n  translate data degrade --input photos --output small --downscale 4\n  translate data degrade --input photos --output noisy --noise 25"
    )]
    Degrade {
        /// Folder of pictures
        #[arg(long)]
        input: PathBuf,
        /// Folder that gets the others
        #[arg(long)]
        output: PathBuf,
        /// Replace pictures that exist
        #[arg(long)]
        overwrite: bool,
        #[command(flatten)]
        settings: DegradeArguments,
    },
    /// Write label maps of any kind as grey PNG files of ids, and list the classes with their share of pixels
    #[command(
        after_help = "Examples:\n  translate data labels --input masks_machine --output train_label\n  translate data labels --input SegmentationClass --palette labelmap.txt --output train_label"
    )]
    Labels {
        /// Folder of label maps
        #[arg(long)]
        input: PathBuf,
        /// Folder for the maps of ids
        #[arg(long)]
        output: PathBuf,
        /// Colours of the classes: lines of `name, r, g, b`, a labelmap.txt of CVAT, or a PNG with a palette [default: maps
        /// hold ids]
        #[arg(long, value_name = "FILE")]
        palette: Option<PathBuf>,
        /// Replace maps that exist
        #[arg(long)]
        overwrite: bool,
    },
    /// Draw masks for inpainting: white is what is to be filled
    #[command(
        after_help = "Examples:\n  translate data masks --kind strokes --input photos --output masks\n  translate data masks --kind regions --count 100 --size 256 --output masks"
    )]
    Masks {
        /// Shape of the holes
        #[arg(long, value_enum)]
        kind: MaskKind,
        /// Folder of photos: each gets a mask of its size, under its name
        #[arg(long, value_name = "DIR", conflicts_with_all = ["count", "size"])]
        input: Option<PathBuf>,
        /// Number of masks
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        count: u32,
        /// Size of the masks: a side such as 256, or 640x480
        #[arg(long, required_unless_present = "input")]
        size: Option<OutputSize>,
        /// By how much the centre is smaller than half of the picture on each side, in pixels: loss.overlap of the style
        /// [default: 4]
        #[arg(long, value_name = "N")]
        overlap: Option<usize>,
        /// Fixes the shapes
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Folder for the masks
        #[arg(long)]
        output: PathBuf,
        /// Replace masks that exist
        #[arg(long)]
        overwrite: bool,
    },
}

#[derive(Debug, Args)]
struct DegradeArguments {
    /// Standard deviation of a Gaussian blur, in pixels
    #[arg(long, value_name = "PIXELS")]
    blur: Option<f64>,
    /// Make them so many times smaller, after the blur
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=8))]
    downscale: Option<u32>,
    /// Standard deviation of Gaussian noise, in levels of 255, at the end
    #[arg(long, value_name = "LEVELS")]
    noise: Option<f64>,
    /// Fixes the noise
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Args)]
struct EdgeArguments {
    /// Gradient from which a pixel continues an edge
    #[arg(long, default_value_t = EdgeSettings::default().low)]
    low: f32,
    /// Gradient from which a pixel starts an edge
    #[arg(long, default_value_t = EdgeSettings::default().high)]
    high: f32,
    /// Standard deviation of the blur before, in pixels
    #[arg(long, default_value_t = EdgeSettings::default().blur)]
    blur: f32,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.verb {
        Verb::Check {
            folder,
            mode,
            config,
            set,
        } => check(&folder, mode, config.as_deref(), &set),
        Verb::Pair {
            a,
            b,
            output,
            overwrite,
        } => convert(globals, "pairing", &output, |progress| {
            join_pairs(&a, &b, &output, overwrite, progress)
        }),
        Verb::Split {
            input,
            output,
            overwrite,
        } => convert(globals, "splitting", &output, |progress| {
            split_pairs(&input, &output, overwrite, progress)
        }),
        Verb::Edges {
            input,
            output,
            overwrite,
            settings,
        } => {
            let settings = EdgeSettings {
                low: settings.low,
                high: settings.high,
                blur: settings.blur,
            };
            convert(globals, "drawing edges", &output, |progress| {
                write_edges(&input, &output, &settings, overwrite, progress)
            })
        }
        Verb::Degrade {
            input,
            output,
            overwrite,
            settings:
                DegradeArguments {
                    blur,
                    downscale,
                    noise,
                    seed,
                },
        } => {
            let settings = DegradeSettings {
                blur: blur.map(|deviation| [deviation; 2]),
                downscale: downscale.map(|scale| scale as usize),
                noise: noise.map(|deviation| [deviation; 2]),
            };
            convert(globals, "spoiling", &output, |progress| {
                write_degraded(&input, &output, &settings, seed, overwrite, progress)
            })
        }
        Verb::Labels {
            input,
            output,
            palette,
            overwrite,
        } => labels(globals, &input, &output, palette.as_deref(), overwrite),
        Verb::Masks {
            kind,
            input,
            count,
            size,
            overlap,
            seed,
            output,
            overwrite,
        } => {
            if overlap.is_some() && kind != MaskKind::Centre {
                return Err(UsageError::OverlapWithoutCentre(kind.name()).into());
            }
            let usual = Recipe::defaults(Mode::Inpaint).loss.overlap;
            let settings = MaskSettings {
                kind,
                overlap: overlap.unwrap_or(usual),
                seed,
            };
            let plan = match (&input, size) {
                (Some(input), _) => MaskPlan::ForPictures(input),
                (None, Some(OutputSize::Exact { width, height })) => {
                    MaskPlan::Count(count as usize, (width as usize, height as usize))
                }
                (None, _) => return Err(UsageError::NoMaskSize.into()),
            };
            convert(globals, "drawing masks", &output, |progress| {
                write_masks(plan, &output, settings, overwrite, progress)
            })
        }
    }
}

fn check(
    folder: &Path,
    mode: Option<Mode>,
    config: Option<&Path>,
    settings: &[String],
) -> anyhow::Result<Exit> {
    let mut overlay = config.map(recipes::read).transpose()?.unwrap_or_default();
    for setting in settings {
        overlay.set(setting)?;
    }
    let mode = mode.or(overlay.mode()?).ok_or(UsageError::NoMode)?;
    let mut recipe: Recipe = overlay.resolve(mode)?;
    fit_to_data(&mut recipe, folder)?;
    for part in [Split::Train, Split::Validation, Split::Test] {
        let dataset = match part {
            Split::Train => Some(Dataset::open(folder, &recipe, part)?),
            _ => Dataset::open_optional(folder, &recipe, part)?,
        };
        let Some(dataset) = dataset else {
            continue;
        };
        let counter = Counter::new("checking");
        let report = dataset.check(&|done, total| counter.update(done, 0, total));
        drop(counter);
        print(format_args!("{part}:\n{}", report?))?;
    }
    Ok(Exit::Done)
}

fn labels(
    globals: &Globals,
    input: &Path,
    output: &Path,
    palette: Option<&Path>,
    overwrite: bool,
) -> anyhow::Result<Exit> {
    let palette = palette.map(ClassPalette::read).transpose()?;
    let mut classes = BTreeMap::new();
    let exit = convert(globals, "converting", output, |progress| {
        let (conversion, shares) =
            write_labels(input, output, palette.as_ref(), overwrite, progress)?;
        classes = shares;
        Ok(conversion)
    })?;
    let all: u64 = classes.values().map(|share| share.pixels).sum();
    let known = palette.as_ref().map_or(&[][..], ClassPalette::classes);
    // Classes of the palette that no map has are worth knowing, too.
    for class in known {
        classes.entry(class.id).or_default();
    }
    if classes.is_empty() {
        return Ok(exit);
    }
    print("   id    pixels    maps  class")?;
    for (id, ClassShare { pixels, maps }) in classes {
        let class = known.iter().find(|class| class.id == id);
        let name = class.map_or("", |class| class.name.as_str());
        let share = 100.0 * pixels as f64 / all.max(1) as f64;
        print(format!("{id:5}  {share:6.2} %  {maps:6}  {name}").trim_end())?;
    }
    Ok(exit)
}

fn convert(
    globals: &Globals,
    what: &str,
    output: &Path,
    work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> Result<Conversion, DataError>,
) -> anyhow::Result<Exit> {
    let counter = Counter::new(what);
    let conversion = work(&|done, total| counter.update(done, 0, total));
    drop(counter);
    let conversion = conversion?;
    for failure in &conversion.failures {
        tracing::error!("{failure}");
    }
    if conversion.reduced > 0 {
        tracing::warn!(
            "{} of more than 8 bits for each channel: 8 of them were kept; `translate train` takes folders A and B with all of them",
            counted(conversion.reduced, "picture")
        );
    }
    let failed = conversion.failures.len();
    let suffix = if failed > 0 {
        format!(", {failed} failed")
    } else {
        String::new()
    };
    globals.report(format_args!(
        "{} in `{}`{suffix}",
        counted(conversion.converted, "picture"),
        output.display()
    ))?;
    Ok(if failed > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    })
}
