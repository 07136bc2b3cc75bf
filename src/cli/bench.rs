//! `translate bench`.

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::extensions::build_method;
use super::globals::Globals;
use super::output::print;
use super::precision::check_precision;
use crate::apply::OutputSize;
use crate::config::{ConfigError, Mode, Overlay, Recipe, Samples};
use crate::kernels::Precision;
use crate::train::{Benchmark, BenchmarkResult};

/// Keys that say how pictures are found and loaded, and what a run does after so many steps or epochs.
const UNUSED: [&str; 23] = [
    "data.load_size",
    "data.preprocess",
    "data.range",
    "data.pages",
    "data.mask_threshold",
    "data.root",
    "data.flip",
    "data.shuffle",
    "data.workers",
    "data.max_images",
    "data.mask_folder",
    "train.log_every",
    "train.preview_every",
    "train.checkpoint_every",
    "train.max_steps",
    "train.keep_every",
    "train.keep_every_epochs",
    "train.evaluate_every",
    "train.metrics",
    "train.stop_after",
    "optim.epochs",
    "optim.decay_epochs",
    "optim.policy",
];

/// Arguments of `translate bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate bench --mode pix2pix --steps 5\n  translate bench --mode cycle --size 128 --set generator.channels=32 --json"
)]
pub struct Arguments {
    /// Training method
    #[arg(long, value_name = "MODE")]
    mode: Mode,
    /// Size of the pictures: a side such as 256, or 512x256 (width x height) [default: data.crop_size]
    #[arg(long, value_name = "N|WxH")]
    size: Option<OutputSize>,
    /// Pictures per step [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Steps to time, after one that is not counted
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Precision of the convolutions: bf16 on cpu and libtorch [default: the recipe's]
    #[arg(long, value_enum)]
    precision: Option<Precision>,
    /// Setting of the recipe, such as generator.channels=32; may be repeated
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// One line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let mut overlay = Overlay::default();
    overlay.insert(
        "data",
        "batch_size",
        i64::from(arguments.batch.unwrap_or(1)),
        "`--batch`",
    )?;
    let mut asked = Overlay::default();
    for setting in &arguments.set {
        asked.set(setting)?;
    }
    overlay.extend(asked.clone());
    if let Some(precision) = arguments.precision {
        let name = precision.name();
        overlay.insert("train", "precision", name, "`--precision`")?;
    }
    refuse_unused(&arguments)?;
    let (recipe, size) = sized(overlay, arguments.mode, arguments.size, &arguments.set)?;
    asked.refuse_idle(&recipe)?;
    let device = globals.device.open()?;
    let precision = recipe.train.precision.name();
    check_precision(&device, recipe.train.precision)?;
    let benchmark = Benchmark {
        recipe,
        build: build_method,
        size,
        steps: arguments.steps as usize,
    };
    let measured = benchmark.run(&device)?;
    let (recipe, [width, height]) = (&benchmark.recipe, size);
    let [least, median, most] = spread(&measured);
    let memory = peak_memory();
    if arguments.json {
        return print(json!({
            "mode": recipe.mode.name(),
            "device": device.name.to_string(),
            "precision": precision,
            "size": size,
            "batch": recipe.data.batch_size,
            "seconds_per_step": { "min": least, "median": median, "max": most },
            "images_per_second": measured.pictures_per_second,
            "peak_rss_mib": memory,
        }))
        .map(|()| Exit::Done);
    }
    let memory = memory.map_or(String::new(), |mib| {
        format!("\nmemory      {mib:.0} MiB at most")
    });
    print(format_args!(
        "{}, {} on {}, {precision}, {width}x{height}, batch {}\n\
         training    {median:.3} seconds per step ({least:.3} to {most:.3})\n\
         applying    {:.2} pictures per second{memory}",
        recipe.mode.name(),
        recipe.generator.arch.name(),
        device.name,
        recipe.data.batch_size,
        measured.pictures_per_second,
    ))?;
    Ok(Exit::Done)
}

/// Refuses settings of what there is none of here, and those that an option replaces.
fn refuse_unused(arguments: &Arguments) -> Result<(), ConfigError> {
    let is_set = |key: &str| value_of(&arguments.set, key).is_some();
    let refusal = |key: &str, message: String| {
        Err(ConfigError::BadValue {
            key: key.to_owned(),
            message,
        })
    };
    if let Some(key) = UNUSED.into_iter().find(|key| is_set(key)) {
        let message = "changes nothing here, where a few steps learn from noise: leave it out";
        return refusal(key, message.to_owned());
    }
    let twice = [
        ("data.batch_size", "--batch", arguments.batch.is_some()),
        (
            "train.precision",
            "--precision",
            arguments.precision.is_some(),
        ),
    ];
    match twice
        .into_iter()
        .find(|&(key, _, also)| also && is_set(key))
    {
        Some((key, option, _)) => refusal(
            key,
            format!("is what `{option}` says, too: leave one of them out"),
        ),
        None => Ok(()),
    }
}

/// The recipe for pictures of this size, and their width and height.
fn sized(
    mut overlay: Overlay,
    mode: Mode,
    size: Option<OutputSize>,
    set: &[String],
) -> Result<(Recipe, [usize; 2]), ConfigError> {
    let said = value_of(set, "data.crop_size").and_then(|side| side.parse().ok());
    if let (Some(_), Some(OutputSize::Exact { .. })) = (said, size) {
        return Err(ConfigError::BadValue {
            key: "data.crop_size".to_owned(),
            message: "is the size of the pictures, as `--size` is: leave one of them out"
                .to_owned(),
        });
    }
    let usual = said.unwrap_or(Recipe::defaults(mode).data.crop_size);
    let [width, height] = match size {
        Some(OutputSize::Exact { width, height }) => [width as usize, height as usize],
        Some(OutputSize::Keep) | None => [usual; 2],
        Some(_) => {
            return Err(ConfigError::BadValue {
                key: "--size".to_owned(),
                message: "write N or WIDTHxHEIGHT".to_owned(),
            });
        }
    };
    let flag = "`--size`";
    let (smaller, larger) = (width.min(height), width.max(height));
    overlay.insert("data", "crop_size", smaller as i64, flag)?;
    overlay.insert("data", "load_size", larger as i64, flag)?;
    let recipe = overlay.resolve(mode)?;
    let multiple = recipe.generator.output_multiple();
    if !larger.is_multiple_of(multiple) || (width != height && has_squares(mode)) {
        let message = if has_squares(mode) {
            format!("mode {} trains on squares", mode.name())
        } else {
            format!(
                "`generator.arch = \"{}\"` needs multiples of {multiple}",
                recipe.generator.arch.name()
            )
        };
        return Err(ConfigError::BadValue {
            key: "--size".to_owned(),
            message,
        });
    }
    Ok((recipe, [width, height]))
}

/// Whether a mode trains on squares alone.
fn has_squares(mode: Mode) -> bool {
    matches!(mode.samples(), Samples::Holes | Samples::Pictures)
}

/// The value that the settings give a key.
fn value_of<'a>(set: &'a [String], key: &str) -> Option<&'a str> {
    let pairs = set.iter().filter_map(|setting| setting.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim() == key);
    values.next_back().map(|(_, value)| value.trim())
}

/// The shortest, the middle and the longest step.
fn spread(measured: &BenchmarkResult) -> [f64; 3] {
    let seconds = &measured.seconds;
    let at = |index: usize| seconds.get(index).copied().unwrap_or_default();
    [
        at(0),
        at(seconds.len() / 2),
        at(seconds.len().saturating_sub(1)),
    ]
}

/// The most memory that the program has had, in MiB, where the system tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
