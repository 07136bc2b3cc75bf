//! `translate import` of networks that make pictures from noise.

use burn::tensor::Device;

use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::config::{GeneratorArch, Mode};
use crate::style::StyleFolder;
use crate::style::import::{ImportError, ImportOptions};
use crate::synthesis::PublicGenerator;

/// Imports the generator of pictures from noise in the file; `None` if there is none.
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

/// The generator of pictures from noise in the file.
fn public_generator(options: &ImportOptions) -> Result<Option<PublicGenerator>, ImportError> {
    let mode = options.mode.filter(|mode| *mode != Mode::Generate);
    let arch = options.arch.filter(|arch| *arch != GeneratorArch::Dcgan);
    let found = PublicGenerator::find(options);
    let found = if mode.is_some() || arch.is_some() {
        // What is wrong with a network of a kind that nobody asks for is of no interest.
        found.ok().flatten()
    } else {
        found?
    };
    let Some(found) = found else {
        return Ok(None);
    };
    let hints = options.hints;
    let translates =
        |is_given: bool| is_given.then(|| "a network that translates pictures".to_owned());
    let others = [
        (
            "--mode",
            mode.map(|mode| format!("one of mode {}", mode.name())),
        ),
        ("--arch", arch.map(|arch| arch.name().to_owned())),
        ("--direction", translates(options.direction.is_some())),
        ("--norm", translates(hints.norm.is_some())),
        ("--classes", translates(hints.classes.is_some())),
        ("--latent", translates(hints.latent.is_some())),
    ];
    let mut others = others.into_iter();
    match others.find_map(|(flag, wanted)| Some((flag, wanted?))) {
        Some((flag, wanted)) => Err(ImportError::FlagMismatch {
            path: options.file.clone(),
            found: found.description(),
            wanted,
            flag,
        }),
        None => Ok(Some(found)),
    }
}
