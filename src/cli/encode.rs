//! `translate encode`.

use std::collections::HashMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::usage::UsageError;
use crate::data::{DataError, require_pictures};
use crate::files;
use crate::progress::Counter;
use crate::style::{Manifest, Registry};
use crate::synthesis::{Code, CodeLaw, CodedPicture, Coder, Sampler};

/// Pictures that the network encodes at once.
const AT_ONCE: usize = 32;

/// Arguments of `translate encode`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate encode faces/ --style codes\n  translate encode faces/ --style codes --output faces.jsonl --decoded faces-decoded\n  translate encode seven.png --style digits --class 7"
)]
pub struct Arguments {
    /// Pictures, or folders with all folders in them
    #[arg(value_name = "PATH", required = true)]
    inputs: Vec<PathBuf>,
    /// Name or folder of a style of mode vae; NAME@STEP for a state that was kept
    #[arg(short, long, value_name = "NAME|DIR")]
    style: String,
    /// Class of all pictures, for a style that knows classes [default: that of the folder that each lies in]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// File for the codes, a JSON object for each picture: its name, class, mean and logarithm of the variance
    #[arg(short, long, value_name = "FILE", default_value = "codes.jsonl")]
    output: PathBuf,
    /// Folder for what the style makes of the means: the pictures again
    #[arg(long, value_name = "DIR")]
    decoded: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    let manifest = Manifest::read(&folder)?;
    let device = globals.device.open()?.device;
    let coder = Coder::load(&folder, &manifest, &device)?;
    let sampler = Sampler::load(&folder, &manifest, &device)?;
    let class = arguments.class.as_deref();
    let class = class.map(|name| sampler.class(name)).transpose()?;
    let pictures = all_pictures(arguments.inputs.iter().map(PathBuf::as_path))?;
    let decoded = arguments.decoded.as_deref();
    let place = |picture: &CodedPicture| {
        Some(decoded?.join(Path::new(&picture.name).with_extension("png")))
    };
    let mut seen = HashMap::new();
    for picture in &pictures {
        if let Some(place) = place(picture)
            && let Some(first) = seen.insert(place, &picture.path)
        {
            return Err(DataError::SameStem {
                first: first.clone(),
                second: picture.path.clone(),
            }
            .into());
        }
    }
    let mut places = pictures.iter().filter_map(place);
    let taken = |path: &PathBuf| path.exists() && !arguments.overwrite;
    let output = Some(arguments.output.clone()).filter(taken);
    if let Some(path) = output.or_else(|| places.find(taken)) {
        return Err(UsageError::SampleExists(path).into());
    }
    let counter = Counter::new("encoding");
    let mut lines = Vec::new();
    for part in pictures.chunks(AT_ONCE) {
        let laws = coder.encode(part, class)?;
        for (picture, law) in part.iter().zip(&laws) {
            lines.push(json!({
                "picture": picture.name,
                "class": coder.class_name(law.class),
                "mean": law.mean,
                "log_variance": law.log_variance,
            }));
        }
        if decoded.is_some() {
            let codes: Vec<Code> = laws.into_iter().map(code).collect();
            for (picture, made) in part.iter().zip(sampler.pictures(&codes)) {
                if let Some(path) = place(picture) {
                    files::create_folder(path.parent().unwrap_or(Path::new(".")))?;
                    files::write_png(&path, &made)?;
                }
            }
        }
        counter.update(lines.len(), 0, pictures.len());
    }
    drop(counter);
    files::write_atomically_with(&arguments.output, |file| {
        let mut file = BufWriter::new(file);
        for line in &lines {
            writeln!(file, "{line}")?;
        }
        file.flush()
    })?;
    let count = pictures.len();
    let output = arguments.output.display();
    print(format_args!("codes of {count} pictures in `{output}`"))?;
    Ok(Exit::Done)
}

/// What a picture is made from that has exactly the mean of a law.
pub(super) fn code(law: CodeLaw) -> Code {
    Code::new(law.mean, law.class)
}

/// The pictures of all these paths, of which folders are listed.
///
/// # Errors
/// A folder cannot be listed, or there are no pictures.
pub(super) fn all_pictures<'a>(
    paths: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<Vec<CodedPicture>> {
    let mut pictures = Vec::new();
    for path in paths {
        if path.is_dir() {
            pictures.extend(
                require_pictures(path)?
                    .into_iter()
                    .map(|file| CodedPicture {
                        path: file.path,
                        name: file.name,
                    }),
            );
        } else {
            let name = path.file_name().context("a picture has a name")?;
            pictures.push(CodedPicture {
                path: path.to_owned(),
                name: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(pictures)
}
