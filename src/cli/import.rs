//! `translate import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::extensions;
use super::globals::Globals;
use crate::config::{Direction, GeneratorArch, Mode, NormKind, Recipe, Samples};
use crate::device::DeviceName;
use crate::style::Registry;
use crate::style::import::{Architecture, Hints, ImportOptions, Imported, import};
use crate::wording::counted;

/// Arguments of `translate import`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate import latest_net_G.pth --style facades --direction BtoA\n  translate import latest_net_G_A.pth --style zebra\n  translate import latest_net_G_B.pth --style zebra\n  translate import netG_epoch_24.pth --style faces --mode generate"
)]
pub struct Arguments {
    /// Weights: a .pth file of PyTorch (any version) or safetensors. Reading it executes nothing
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the style that the network goes into
    #[arg(long, value_name = "NAME")]
    style: String,
    /// Network that the file must hold [default: recognised by its tensors]
    #[arg(long, value_name = "ARCH", value_parser = arch)]
    arch: Option<GeneratorArch>,
    /// Direction that it translates in [default: by file names such as net_G_B, else AtoB]
    #[arg(long, value_name = "AtoB|BtoA")]
    direction: Option<Direction>,
    /// Method that has trained it [default: cycle for a ResNet without batch norm, pix2pixhd for its generators, else pix2pix]
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// Normalisation, where the file does not tell it
    #[arg(long, value_enum)]
    norm: Option<Norm>,
    /// Classes of the label maps that a generator of pix2pixHD takes, 0 for pictures [default: by its channels]
    #[arg(long, value_name = "N")]
    classes: Option<u16>,
    /// Numbers of the latent code that the generator takes with its picture, as BicycleGAN's of `--where_add input` do (nz); those
    /// that take it at every level are recognised
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    latent: Option<u16>,
    /// Entry of the file that holds the network, such as netG
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Replace a network that the style has already
    #[arg(long)]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Norm {
    /// Batch normalisation
    Batch,
    /// Instance normalisation with scale and shift
    InstanceAffine,
    /// Spectral normalisation, and no norm after the convolutions
    Spectral,
}

/// The architectures by the names that recipes have for them.
fn arch(text: &str) -> Result<GeneratorArch, String> {
    let value = toml::Value::from(text);
    value
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = Registry::new(&globals.checkpoints).place(&arguments.style)?;
    let options = ImportOptions {
        file: arguments.file,
        key: arguments.key,
        hints: Hints {
            norm: arguments.norm.map(|norm| match norm {
                Norm::Batch => NormKind::Batch,
                Norm::InstanceAffine => NormKind::InstanceAffine,
                Norm::Spectral => NormKind::Spectral,
            }),
            classes: arguments.classes.map(usize::from),
            latent: arguments.latent.map(usize::from),
            is_coarse_to_fine: arguments.classes.is_some()
                || arguments.mode == Some(Mode::Pix2pixhd)
                || arguments.arch.is_some_and(GeneratorArch::is_coarse_to_fine),
        },
        arch: arguments.arch,
        mode: arguments.mode,
        direction: arguments.direction,
        overwrite: arguments.overwrite,
    };
    // Tensors are compared by their shapes only: no GPU needs to be woken for it.
    let device = DeviceName::Cpu
        .open()
        .or_else(|_| globals.device.open())?
        .device;
    if let Some(exit) = extensions::import(globals, &options, &folder, &device)? {
        return Ok(exit);
    }
    let imported = import(&folder, &options, &device)?;
    report_notes(&imported);
    globals.report(format_args!(
        "imported {} ({} weights) as `{}`",
        imported.architecture.description(),
        imported.weights,
        imported.path.display(),
    ))?;
    if !imported.architecture.is_generator() {
        return Ok(Exit::Done);
    }
    let (name, recipe) = (folder.name(), &imported.recipe);
    let maps = map_text(recipe);
    if let Some(maps) = &maps {
        globals.report(format_args!(
            "it takes {maps}; if that is wrong, import it again with --classes"
        ))?;
    }
    if recipe.encoder.features > 0 {
        tracing::warn!(
            "it takes features of instances besides, of which no weight file has the clusters: it cannot be applied, train on with `translate train --mode pix2pixhd --init-from {name}`"
        );
        return Ok(Exit::Done);
    }
    globals.report(format_args!(
        "style `{name}` translates {}: translate apply --input {} --style {name}{}",
        imported.direction.name(),
        if maps.is_some() {
            "LABEL_MAPS"
        } else {
            "PICTURES"
        },
        direction_flag(&imported),
    ))?;
    Ok(Exit::Done)
}

/// What the maps are that a network of pix2pixHD takes; none where it takes pictures.
fn map_text(recipe: &Recipe) -> Option<String> {
    let is_map = recipe.mode.samples() == Samples::Maps && recipe.data.classes > 0;
    let instances = if recipe.data.instances {
        " and instance maps"
    } else {
        ""
    };
    is_map.then(|| format!("label maps of {} classes{instances}", recipe.data.classes))
}

/// Logs what was ignored, and what the user should know of the rest.
fn report_notes(imported: &Imported) {
    if !imported.unused_statistics.is_empty() {
        tracing::info!(
            "ignored {} running statistics of instance norms, which do not use them",
            imported.unused_statistics.len()
        );
    }
    for (entry, count) in &imported.ignored_entries {
        tracing::info!("ignored `{entry}` ({})", counted(*count, "tensor"));
    }
    if !imported.finite {
        tracing::warn!("some weights are infinite or not numbers: translations will be too");
    }
    let batch = matches!(
        &imported.architecture,
        Architecture::Generator { recipe, .. } if recipe.norm == NormKind::Batch
    );
    if batch {
        tracing::info!(
            "it has batch norm: `apply` takes the statistics of each picture, as the reference's test does; `--norm-stats running` equals its `--eval`"
        );
    }
}

/// The second direction of a CycleGAN must be asked for.
fn direction_flag(imported: &Imported) -> String {
    if imported.asks_direction {
        format!(" --direction {}", imported.direction.name())
    } else {
        String::new()
    }
}
