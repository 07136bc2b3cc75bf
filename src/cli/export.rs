//! `translate export`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::DecimalBytes;

use super::exit::Exit;
use super::export_error::ExportError;
use super::extensions;
use super::globals::Globals;
use super::usage::UsageError;
use crate::apply::OutputSize;
use crate::config::{Direction, Recipe, Upsample};
use crate::files::{self, FileError};
use crate::nn::NormStats;
use crate::style::onnx::OnnxOptions;
use crate::style::{
    FilePrecision, Manifest, Registry, StyleFolder, export_style, generator_onnx,
    generator_state_dict, network_state_dict, write_weights,
};
use crate::wording::counted;

/// Arguments of `translate export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate export zebra --format onnx --output zebra.onnx\n  translate export zebra --format onnx --size 640x480 --output zebra_640x480.onnx\n  translate export zebra --format safetensors --direction BtoA --output latest_net_G_B.safetensors\n  translate export zebra --format style --precision f16 --output shared/zebra"
)]
pub struct Arguments {
    /// Name or folder of the style
    #[arg(value_name = "NAME|DIR")]
    style: String,
    /// Format of the file
    #[arg(long, value_enum)]
    format: Format,
    /// File to write; for style, the folder
    #[arg(long, value_name = "FILE|DIR")]
    output: PathBuf,
    /// Direction of the generator [default: the style's]
    #[arg(long, value_name = "AtoB|BtoA")]
    direction: Option<Direction>,
    /// For onnx: statistics of batch normalisation, as for `apply` [default: batch; running where holes are filled]
    #[arg(long, value_enum)]
    norm_stats: Option<NormStats>,
    /// For onnx: the only size of pictures, a side such as 256, or 640x480 (width x height), with batches of one [default: open]
    #[arg(long, value_name = "N|WxH", value_parser = fixed_size)]
    size: Option<[usize; 2]>,
    /// For onnx: the only number of pictures in a batch [default: open, 1 with --size]
    #[arg(long, value_name = "N")]
    batch: Option<NonZeroUsize>,
    /// Numbers of the weights [default: f32]
    #[arg(long, value_enum)]
    precision: Option<FilePrecision>,
    /// For onnx: operator set [default: the lowest that has the model's operators]
    #[arg(long, value_name = "N")]
    opset: Option<i64>,
    /// For safetensors: another network than the generator, by the name of its weight file, such as discriminator
    #[arg(long, value_name = "NETWORK", conflicts_with = "direction")]
    network: Option<String>,
    /// Replace the file, or the style, if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Arguments {
    /// An option that only ONNX models have, if one is given.
    fn onnx_option(&self) -> Option<&'static str> {
        [
            ("--norm-stats", self.norm_stats.is_some()),
            ("--size", self.size.is_some()),
            ("--batch", self.batch.is_some()),
            ("--opset", self.opset.is_some()),
        ]
        .into_iter()
        .find_map(|(option, is_given)| is_given.then_some(option))
    }

    fn onnx_options(&self, recipe: &Recipe) -> OnnxOptions {
        let norm_stats = self.norm_stats;
        OnnxOptions {
            norm_stats: norm_stats.unwrap_or_else(|| NormStats::usual(recipe)),
            precision: self.precision.unwrap_or_default(),
            size: self.size,
            // What needs fixed sizes mostly needs all of them.
            batch: self.batch.map(usize::from).or(self.size.map(|_| 1)),
            opset: self.opset,
        }
    }
}

/// Height and width.
fn fixed_size(text: &str) -> Result<[usize; 2], String> {
    match text.parse() {
        Ok(OutputSize::Exact { width, height }) => Ok([height as usize, width as usize]),
        _ => Err(format!(
            "`{text}` is not a size: write 256 or 640x480 (width x height)"
        )),
    }
}

/// Format of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A PyTorch state dict
    Safetensors,
    /// A style folder with all that applying it takes, to be passed on: generators without what trains them
    Style,
    /// A model of the generator for ONNX programs
    Onnx,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let (output, direction) = (arguments.output.clone(), arguments.direction);
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    let manifest = Manifest::read(&folder)?;
    let is_style = arguments.format == Format::Style;
    check_output(&output, arguments.overwrite, is_style, &folder)?;
    let precision = arguments.precision.unwrap_or_default();
    let generator = &manifest.recipe.generator;
    let note = match arguments.format {
        Format::Safetensors => {
            if let Some(option) = arguments.onnx_option() {
                return Err(no_effect(option, "safetensors"));
            }
            let mut tensors = if let Some(network) = arguments.network {
                network_state_dict(&folder, &manifest, &network)?
            } else {
                if manifest.recipe.told_count() > 0 {
                    tracing::warn!(
                        "beside its noise the generator is told a class, a vector or latent codes, and nothing in this file says so: `--format style` passes the style on with them"
                    );
                }
                let translates = !manifest.recipe.mode.makes_pictures();
                if translates && generator.upsample == Upsample::Resize {
                    tracing::warn!(
                        "`generator.upsample` is `resize`, which the PyTorch repositories do not have: see the guide for the layers that take these weights"
                    );
                }
                let device = globals.device.open()?.device;
                generator_state_dict(&folder, &manifest, direction, &device)?
            };
            if precision == FilePrecision::F16 {
                tensors = tensors.to_half()?;
            }
            write_weights(&output, &tensors)?;
            format!("{} tensors", tensors.0.len())
        }
        Format::Style => {
            let options = [
                ("--network", arguments.network.is_some()),
                ("--direction", direction.is_some()),
            ];
            let given = options
                .iter()
                .find_map(|&(name, given)| given.then_some(name));
            if let Some(option) = arguments.onnx_option().or(given) {
                return Err(no_effect(option, "style"));
            }
            if output.is_dir() {
                std::fs::remove_dir_all(&output).map_err(FileError::context("remove", &output))?;
            }
            let target = StyleFolder::new(&output);
            let networks = export_style(&folder, &manifest, precision, &target)?;
            let first_stage = Path::new(&manifest.recipe.synthesis.first_stage);
            if let Some(name) = first_stage.file_name() {
                tracing::warn!(
                    "it goes on from the style `{0}`: export that, too, and pass it on beside it as `{0}`",
                    name.display()
                );
            }
            globals.report(format_args!(
                "wrote the style `{}`: {}, {}",
                output.display(),
                counted(networks, "network"),
                precision.name(),
            ))?;
            return Ok(Exit::Done);
        }
        Format::Onnx => {
            if arguments.network.is_some() {
                return Err(no_effect("--network", "onnx"));
            }
            let options = arguments.onnx_options(&manifest.recipe);
            let device = globals.device.open()?.device;
            let makes_pictures = manifest.recipe.mode.makes_pictures();
            let own = match direction {
                None => extensions::onnx(&folder, &manifest, &options, &device)?,
                Some(_) => None,
            };
            let model = match own {
                Some(model) => model,
                None => generator_onnx(&folder, &manifest, direction, &options, &device)?,
            };
            files::write_atomically(&output, &model.bytes)?;
            if !model.finite {
                tracing::warn!(
                    "some weights are infinite or not numbers: translations will be too, or black or of one colour in programs that take such numbers for 0"
                );
            }
            match options.size {
                _ if makes_pictures => {
                    format!("makes pictures of {0}x{0}", manifest.recipe.data.crop_size)
                }
                Some([height, width]) => format!("takes pictures of {width}x{height}"),
                None => format!("takes pictures whose sides are {}", model.sizes.text()),
            }
        }
    };
    let size = std::fs::metadata(&output)
        .map_err(FileError::context("read", &output))?
        .len();
    globals.report(format_args!(
        "wrote `{}`, {}: {note}",
        output.display(),
        DecimalBytes(size)
    ))?;
    Ok(Exit::Done)
}

fn no_effect(option: &'static str, format: &'static str) -> anyhow::Error {
    let with = format!("--format {format}");
    UsageError::NoEffect { option, with }.into()
}

/// Whether `output` may be written, before the work is done.
fn check_output(
    output: &Path,
    overwrite: bool,
    is_style: bool,
    style: &StyleFolder,
) -> Result<(), ExportError> {
    let folder = match output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if output.is_dir() && !is_style {
        return Err(ExportError::IsAFolder(output.to_owned()));
    }
    // That of a style is made.
    if !is_style && !folder.is_dir() {
        return Err(ExportError::NoFolder {
            output: output.to_owned(),
            folder: folder.to_owned(),
        });
    }
    let real = |path: &Path| path.canonicalize().ok();
    // A file of this name may be, or become, one of the style's own.
    let own = output.file_name().is_some_and(|name| name == "style.toml")
        || output.extension().is_some_and(|end| end == "safetensors");
    if let Some(place) = real(style.path()) {
        let contains = is_style && real(output).is_some_and(|output| place.starts_with(output));
        if contains || (own && real(folder) == Some(place)) {
            return Err(ExportError::ReplacesStyle(output.to_owned()));
        }
    }
    if is_style && output.exists() && !StyleFolder::new(output).manifest().is_file() {
        return Err(ExportError::NotAStyle(output.to_owned()));
    }
    if output.exists() && !overwrite {
        return Err(ExportError::Exists(output.to_owned()));
    }
    Ok(())
}
