//! `translate encode`.

use std::collections::{HashMap, HashSet};
use std::io::{BufWriter, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::code_source::{AT_ONCE, CodeSource, Unread, all_pictures, mean_code};
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::output::print;
use crate::cli::usage::UsageError;
use crate::data::{DataError, ensure_outside};
use crate::files::{self, resolved};
use crate::picture::has_picture_extension;
use crate::progress::Counter;
use crate::random::sample_rng;
use crate::style::{Manifest, Registry};
use crate::synthesis::{
    Code, CodeLaw, CodedPicture, FoundCode, ImportanceBound, PreparedPictures, ReadPictures,
    Sampler,
};
use crate::wording::counted;

/// Extensions of files of numbers that `sample --embeddings` and others read.
const NUMBERS: [&str; 4] = ["npy", "npz", "safetensors", "pt"];

/// Arguments of `translate encode`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate encode faces/ --style codes\n  translate encode faces/ --style codes --output faces.jsonl --decoded faces-decoded\n  translate encode faces/val --style codes --bound 100\n  translate encode seven.png --style digits --class 7 --decoded again"
)]
pub(super) struct Arguments {
    /// Pictures, or folders with all folders in them
    #[arg(value_name = "PATH", required = true)]
    inputs: Vec<PathBuf>,
    /// Name or folder of a style of mode vae or generate; NAME@STEP for a state that was kept
    #[arg(short, long, value_name = "NAME|DIR")]
    style: String,
    /// Class of all pictures, for a style that knows classes [default: that of the folder that each lies in]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// File for the codes, a JSON object for each picture: its name and class, and mean and logarithm of the variance of its code, or the
    /// code that a search has found, with latent codes where the style has some, and the distance of its picture
    #[arg(short, long, value_name = "FILE", default_value = "codes.jsonl")]
    output: PathBuf,
    /// Folder for what the style makes of the codes: the pictures again
    #[arg(long, value_name = "DIR")]
    decoded: Option<PathBuf>,
    /// Say of each picture how likely it is, for styles of mode vae: the importance-weighted bound, in nats, with so many draws of its code
    #[arg(long, value_name = "DRAWS")]
    bound: Option<NonZeroUsize>,
    /// Steps of the search for codes, for styles of mode generate, which have no encoder [default: 300]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Replace files that exist
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    let manifest = Manifest::read(&folder)?;
    let device = globals.device.open()?.device;
    let source = CodeSource::load(&folder, &manifest, &device, arguments.steps)?;
    let sampler = Sampler::load(&folder, &manifest, &device)?;
    let bound = match (arguments.bound, &source) {
        (Some(_), CodeSource::Search(_)) => {
            return Err(UsageError::NoBound(folder.name()).into());
        }
        (Some(draws), CodeSource::Encoder(_)) => {
            sampler.require_law()?;
            Some(ImportanceBound {
                sampler: &sampler,
                variance: manifest.recipe.loss.kl,
                draws: draws.into(),
            })
        }
        (None, _) => None,
    };
    let class = arguments.class.as_deref();
    let class = class.map(|name| sampler.class(name)).transpose()?;
    let mut pictures = all_pictures(arguments.inputs.iter().map(PathBuf::as_path))?;
    // One in a folder may be named as well.
    let mut seen = HashSet::new();
    pictures.retain(|picture| seen.insert(resolved(&picture.path)));
    let decoded = arguments.decoded.as_deref();
    let place = |picture: &CodedPicture| {
        Some(decoded?.join(Path::new(&picture.name).with_extension("png")))
    };
    arguments.check_places(&pictures, place)?;
    files::ensure_writable_beside(&arguments.output)?;
    let counter = Counter::new("encoding");
    let (mut lines, mut bounds) = (Vec::new(), Vec::new());
    let mut unread = Unread::default();
    for (part, first) in pictures.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
        let ReadPictures {
            prepared,
            places,
            failures,
        } = source.read(part, class)?;
        unread.note(&failures);
        let encoded = prepared.map(|prepared| encode(&source, &prepared, bound.as_ref(), first));
        let read: Vec<&CodedPicture> = places.iter().map(|&place| &part[place]).collect();
        let mut codes = Vec::new();
        for (picture, (code, mut line)) in read.iter().zip(encoded.unwrap_or_default()) {
            line["picture"] = json!(picture.name);
            line["class"] = json!(sampler.class_name(code.class));
            if !code.latent_codes.is_empty() {
                line["latent_codes"] = json!(sampler.latent_codes().read(&code.latent_codes));
            }
            bounds.extend(line["bound"].as_f64());
            lines.push(line);
            codes.push(code);
        }
        if decoded.is_some() {
            for (picture, made) in read.iter().zip(sampler.pictures(&codes)) {
                if let Some(path) = place(picture) {
                    files::create_folder(path.parent().unwrap_or(Path::new(".")))?;
                    files::write_png(&path, &made)?;
                }
            }
        }
        counter.update(first as usize + part.len(), 0, pictures.len());
    }
    drop(counter);
    anyhow::ensure!(!lines.is_empty(), "no picture could be read");
    files::write_atomically_with(&arguments.output, |file| {
        let mut file = BufWriter::new(file);
        for line in &lines {
            writeln!(file, "{line}")?;
        }
        file.flush()
    })?;
    let pictures = counted(lines.len(), "picture");
    let (output, failed) = (arguments.output.display(), unread.suffix());
    globals.report(format_args!("codes of {pictures} in `{output}`{failed}"))?;
    if !bounds.is_empty() {
        let mean = bounds.iter().sum::<f64>() / bounds.len() as f64;
        print(format_args!("mean bound: {mean:.2} nats"))?;
    }
    Ok(unread.exit())
}

impl Arguments {
    /// Checks that no two pictures would be decoded to one file, and no file would be replaced, least of all one of the pictures.
    fn check_places(
        &self,
        pictures: &[CodedPicture],
        place: impl Fn(&CodedPicture) -> Option<PathBuf>,
    ) -> anyhow::Result<()> {
        if self.output.as_os_str() == "-" {
            return Err(UsageError::NoStandardOutput.into());
        }
        if has_picture_extension(&self.output) {
            return Err(UsageError::CalledLikeAPicture(self.output.clone()).into());
        }
        let extension = self.output.extension().unwrap_or_default();
        if NUMBERS
            .iter()
            .any(|other| extension.eq_ignore_ascii_case(other))
        {
            return Err(UsageError::CalledLikeNumbers(self.output.clone()).into());
        }
        if let Some(decoded) = &self.decoded {
            for folder in self.inputs.iter().filter(|input| input.is_dir()) {
                ensure_outside(folder, std::slice::from_ref(decoded))?;
            }
        }
        let is_decoded = self.decoded.is_some();
        let inputs = pictures.iter().filter(|_| is_decoded);
        let inputs: HashSet<PathBuf> = inputs.map(|picture| resolved(&picture.path)).collect();
        let mut seen = HashMap::new();
        for picture in pictures {
            let Some(place) = place(picture) else {
                break;
            };
            if inputs.contains(&resolved(&place)) {
                return Err(UsageError::ReplacesInput(place).into());
            }
            if let Some(first) = seen.insert(place, &picture.path) {
                return Err(DataError::SameStem {
                    first: first.clone(),
                    second: picture.path.clone(),
                }
                .into());
            }
        }
        let mut places = pictures.iter().filter_map(place);
        let taken = |path: &PathBuf| path.exists() && !self.overwrite;
        let output = Some(self.output.clone()).filter(taken);
        match output.or_else(|| places.find(taken)) {
            Some(path) => Err(UsageError::FileExists(path).into()),
            None => Ok(()),
        }
    }
}

/// The codes of `pictures`, of which the first has this number, and what is written of each.
fn encode(
    source: &CodeSource,
    pictures: &PreparedPictures,
    bound: Option<&ImportanceBound<'_>>,
    first: u64,
) -> Vec<(Code, Value)> {
    match source {
        CodeSource::Encoder(coder) => {
            let laws = coder.encode(pictures).into_iter().enumerate();
            let line = |(index, law)| {
                let CodeLaw {
                    mean, log_variance, ..
                } = &law;
                let mut line = json!({ "mean": mean, "log_variance": log_variance });
                if let Some(bound) = bound {
                    let rng = &mut sample_rng(0, first + index as u64);
                    line["bound"] = json!(bound.of_picture(pictures, index, &law, rng));
                }
                (mean_code(law), line)
            };
            laws.map(line).collect()
        }
        CodeSource::Search(inversion) => {
            let line = |found: FoundCode| {
                let line = json!({ "code": found.code.vector, "distance": found.distance });
                (found.code, line)
            };
            inversion.search(pictures).into_iter().map(line).collect()
        }
    }
}
