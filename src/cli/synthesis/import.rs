//! `translate import` of networks that make pictures from noise.

use burn::tensor::Device;

use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::config::{GeneratorArch, Mode};
use crate::style::StyleFolder;
use crate::style::import::{ImportError, ImportOptions};
use crate::synthesis::PublicGenerator;

/// Imports the generator of pictures from noise in the file; `None` if there is none, or another network is asked for.
pub(in crate::cli) fn import(
    globals: &Globals,
    options: &ImportOptions,
    folder: &StyleFolder,
    device: &Device,
) -> anyhow::Result<Option<Exit>> {
    let Some(found) = public_generator(options)? else {
        return Ok(None);
    };
    let weights = found.import(folder, options, device)?;
    let name = folder.name();
    globals.report(format_args!(
        "imported {} ({weights} weights) as `{}`\nmake pictures with it: translate sample --style {name}",
        found.description(),
        folder.path().display(),
    ))?;
    Ok(Some(Exit::Done))
}

/// The generator of pictures from noise in the file, unless another network is asked for.
fn public_generator(options: &ImportOptions) -> Result<Option<PublicGenerator>, ImportError> {
    let is_wanted = options.mode.is_none_or(|mode| mode == Mode::Generate)
        && options.arch.is_none_or(|arch| arch == GeneratorArch::Dcgan);
    if !is_wanted {
        return Ok(None);
    }
    let Some(found) = PublicGenerator::find(options)? else {
        return Ok(None);
    };
    let hints = options.hints;
    let flags = [
        ("--direction", options.direction.is_some()),
        ("--norm", hints.norm.is_some()),
        ("--classes", hints.classes.is_some()),
        ("--latent", hints.latent.is_some()),
    ];
    match flags.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(ImportError::FlagMismatch {
            path: options.file.clone(),
            found: found.description(),
            wanted: "a network that translates pictures".to_owned(),
            flag,
        }),
        None => Ok(Some(found)),
    }
}
