//! `translate sample`.

use std::path::PathBuf;

use clap::Args;
use image::RgbImage;

use super::code_source::{AT_ONCE, CodeSource, Unread, all_pictures};
use super::sample_codes::CodeArguments;
use super::sample_output::{SampleOutput, check_free};
use crate::apply::ShardChoice;
use crate::cli::exit::Exit;
use crate::cli::globals::Globals;
use crate::cli::usage::UsageError;
use crate::data::{Embeddings, require_pictures};
use crate::files::{self, FileError};
use crate::picture::animation;
use crate::progress::Counter;
use crate::style::{Manifest, Registry};
use crate::synthesis::{
    Arithmetic, Code, Interpolation, LatentCodes, MIN_TRUNCATION, Sampler, SamplerError,
    interpolate, mean_of, nearest_pictures, sheet,
};
use crate::wording::counted;

/// Pictures where nobody says how many.
const USUAL_COUNT: u32 = 16;

/// Most pixels of a sheet or an animation: 400 MB.
const MOST_PIXELS: usize = 1 << 27;

/// Arguments of `translate sample`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate sample --style faces --count 64 --grid\n  translate sample --style faces --count 16 --grid --nearest faces/train\n  translate sample --style digits --class 7 --count 100 --seed 1 --output sevens\n  translate sample --style faces --truncation 0.7 --output better\n  translate sample --style faces --interpolate 3 12 --frames 30 --output way\n  translate sample --style faces --interpolate 3 12 --frames 9 --grid --output way.png\n  translate sample --style faces --interpolate 3 12 --frames 60 --output way.gif\n  translate sample --style faces --style-mix 3 12 --grid --output mixed.png\n  translate sample --style digits --code 1=7 --sweep 2 --count 5 --grid --output slants.png\n  translate sample --style faces --count 1000000 --shard 2/5\n  translate sample --style codes --arithmetic \"smiling - neutral + man\" --grid --output sum.png"
)]
pub(super) struct Arguments {
    /// Name or folder of a style of mode generate or vae; NAME@STEP for a state that was kept
    #[arg(short, long, value_name = "NAME|DIR")]
    style: String,
    /// Number of pictures [default: 16]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "interpolate")]
    count: Option<u32>,
    /// Class of all of them [default: one class after the other]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// File of vectors for a style that is told some, as .npy or .safetensors with one row for each: the pictures take one after the
    /// other
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// Decides the noise: picture I of a seed is always the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
    /// Draw noise anew that is further than this from 0, such as 0.7 (with styles of arch style: bring codes as near to their mean):
    /// pictures are better and more alike
    #[arg(long, value_name = "LIMIT", value_parser = limit)]
    truncation: Option<f32>,
    /// The way from picture A of the seed to picture B; class and latent codes are those of A all the way
    #[arg(long, num_args = 2, value_names = ["A", "B"], group = "way")]
    interpolate: Option<Vec<u32>>,
    /// Pictures on that way, its ends among them [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000), requires = "way")]
    frames: Option<u32>,
    /// Form of that way
    #[arg(long, value_enum, default_value_t, requires = "interpolate", conflicts_with_all = ["count", "sweep", "style_mix", "arithmetic"])]
    path: Interpolation,
    /// Picture A of the seed with ever more of picture B in it, for styles of arch style: first in the finest layers, in the end in all
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["interpolate", "count", "arithmetic"])]
    style_mix: Option<Vec<u32>>,
    #[command(flatten)]
    latent: CodeArguments,
    /// The picture of a sum of codes: pictures or folders (of whose codes the mean is taken) with + and - between them, such as
    /// "smiling - neutral + man"; styles of mode generate search for the codes
    #[arg(long, value_name = "SUM", conflicts_with_all = ["interpolate", "count", "seed", "truncation", "shard"])]
    arithmetic: Option<Arithmetic>,
    /// All pictures on one: a square; a strip for a way, or for a sum with its terms before it
    #[arg(long)]
    grid: bool,
    /// Beside each picture the one in this folder that is most like it, pixel by pixel: shows what was learnt by heart
    #[arg(long, value_name = "DIR", requires = "grid")]
    nearest: Option<PathBuf>,
    /// Folder for the pictures, or the PNG file of the one with --grid, or a file that ends in .gif for an animation [default: samples,
    /// or samples.png]
    #[arg(short, long, value_name = "DIR|FILE")]
    output: Option<PathBuf>,
    /// Replace pictures that exist
    #[arg(long)]
    overwrite: bool,
    /// Make the share I of N of the pictures, as N machines do together; auto takes I and N from a Slurm array or an indexed
    /// Kubernetes job
    #[arg(long, value_name = "I/N|auto", conflicts_with = "grid")]
    shard: Option<ShardChoice>,
}

pub(super) fn run(globals: &Globals, arguments: Arguments) -> anyhow::Result<Exit> {
    let output = arguments.output.as_deref();
    let output = SampleOutput::choose(output, arguments.grid, arguments.shard.is_some())?;
    arguments.latent.check()?;
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    let manifest = Manifest::read(&folder)?;
    let device = globals.device.open()?.device;
    let vectors = arguments.embeddings.as_deref();
    let length = manifest.recipe.data.embedding_length;
    let vectors = vectors.map(|path| match length {
        0 => Embeddings::read(path),
        length => Embeddings::read_of_length(path, length),
    });
    let sampler = Sampler::load(&folder, &manifest, &device)?.told(vectors.transpose()?)?;
    let sampler = sampler.with_truncation(arguments.truncation);
    let class = arguments.class.as_deref();
    let class = class.map(|name| sampler.class(name)).transpose()?;
    let mut row = None;
    let mut unread = Unread::default();
    let given = if let Some(sum) = &arguments.arithmetic {
        let source = CodeSource::load(&folder, &manifest, &device, None)?;
        let latent_codes = sampler.latent_codes();
        let terms = mean_codes(&source, latent_codes, sum, class, &mut unread)?;
        let result = sum.sum_of(latent_codes, &terms);
        // A sheet shows the terms too.
        let shown = if arguments.grid { terms } else { Vec::new() };
        Some([shown, vec![result]].concat())
    } else {
        sampler.require_law()?;
        let (count, frames) = (arguments.count, arguments.frames);
        let noise = |row| arguments.code(&sampler, row, class);
        let rows = arguments.latent.rows(&sampler, count, frames, noise)?;
        match (rows, arguments.mixtures(&sampler, class)?) {
            (Some((codes, columns)), _) => {
                row = Some(columns);
                Some(codes)
            }
            (None, Some(codes)) => Some(codes),
            (None, None) => arguments.way(&sampler, class)?,
        }
    };
    let count = match &given {
        Some(codes) => codes.len() as u32,
        None => arguments.count.unwrap_or(USUAL_COUNT),
    };
    output.check_free(arguments.overwrite)?;
    if !matches!(output, SampleOutput::Folder(_)) {
        check_room(count, manifest.recipe.data.crop_size)?;
    }
    let at = |index: u32| match &given {
        Some(codes) => Ok(codes[index as usize].clone()),
        None => arguments.code(&sampler, index, class),
    };
    let indices: Vec<u32> = (0..count).collect();
    let made = match &output {
        SampleOutput::Animation(file) => {
            let pictures = made_pictures(&sampler, &indices, at)?;
            let contents = animation(&pictures).map_err(FileError::context("write", file))?;
            output.create_folder()?;
            files::write_atomically(file, &contents)?;
            indices.len()
        }
        SampleOutput::Sheet(file) => {
            let mut pictures = made_pictures(&sampler, &indices, at)?;
            let mut columns = match (row, &given) {
                (Some(columns), _) => columns,
                (None, Some(_)) => pictures.len(),
                (None, None) => (pictures.len() as f64).sqrt().ceil() as usize,
            };
            if let Some(folder) = &arguments.nearest {
                let files = require_pictures(folder)?.into_iter().map(|file| file.path);
                let files: Vec<PathBuf> = files.collect();
                let (nearest, failures) = nearest_pictures(&pictures, &files, &manifest.recipe)?;
                unread.note(&failures);
                let pairs = pictures.into_iter().zip(nearest);
                pictures = pairs.flat_map(|(made, near)| [made, near]).collect();
                columns *= 2;
            }
            output.create_folder()?;
            files::write_png(file, &sheet(&pictures, columns))?;
            indices.len()
        }
        SampleOutput::Folder(folder) => {
            let shard = arguments.shard;
            let shard = shard.map(|shard| shard.resolve(|name| std::env::var(name).ok()));
            let shard = shard.transpose()?;
            let is_own = |index: &u32| shard.is_none_or(|shard| shard.contains(&file_name(*index)));
            let indices: Vec<u32> = indices.into_iter().filter(is_own).collect();
            for &index in &indices {
                check_free(&folder.join(file_name(index)), arguments.overwrite)?;
            }
            // What cannot be made leaves no folder.
            indices.first().map(|&first| at(first)).transpose()?;
            output.create_folder()?;
            make(&sampler, &indices, at, |index, picture| {
                files::write_png(&folder.join(file_name(index)), &picture)
            })?;
            indices.len()
        }
    };
    let pictures = counted(made, "picture");
    globals.report(format_args!("{pictures} in `{}`", output.path().display()))?;
    Ok(unread.exit())
}

impl Arguments {
    /// What picture `index` is made from.
    fn code(
        &self,
        sampler: &Sampler,
        index: u32,
        class: Option<usize>,
    ) -> Result<Code, SamplerError> {
        let (seed, index) = (u64::from(self.seed), u64::from(index));
        self.latent
            .applied(sampler, sampler.code(seed, index, class))
    }

    /// What the pictures on the way from one to another are made from, if a way is asked for.
    fn way(
        &self,
        sampler: &Sampler,
        class: Option<usize>,
    ) -> Result<Option<Vec<Code>>, SamplerError> {
        let Some([start, end]) = self.interpolate.as_deref() else {
            return Ok(None);
        };
        let start = self.code(sampler, *start, class)?;
        let end = self.code(sampler, *end, class)?;
        let frames = self.frames.unwrap_or(USUAL_COUNT) as usize;
        let vectors = interpolate(self.path, &start.vector, &end.vector, frames);
        // There is nothing between classes: that of the start stays, as do its latent codes.
        let codes = vectors.into_iter().map(|vector| Code {
            vector,
            ..start.clone()
        });
        Ok(Some(codes.collect()))
    }

    /// What the mixtures of two pictures are made from, if they are asked for.
    fn mixtures(
        &self,
        sampler: &Sampler,
        class: Option<usize>,
    ) -> Result<Option<Vec<Code>>, SamplerError> {
        let Some([coarse, fine]) = self.style_mix.as_deref() else {
            return Ok(None);
        };
        let layers = sampler.style_layers()?;
        let fine = self.code(sampler, *fine, class)?.vector;
        let coarse = self.code(sampler, *coarse, class)?;
        let mixture = |first| Code {
            mixed: Some((fine.clone(), first)),
            ..coarse.clone()
        };
        Ok(Some((0..=layers).rev().map(mixture).collect()))
    }
}

/// Makes pictures, and hands each on with its number.
fn make(
    sampler: &Sampler,
    indices: &[u32],
    code: impl Fn(u32) -> Result<Code, SamplerError>,
    mut take: impl FnMut(u32, RgbImage) -> Result<(), FileError>,
) -> anyhow::Result<()> {
    let counter = Counter::new("making pictures");
    let mut done = 0;
    for part in indices.chunks(AT_ONCE) {
        let codes: Result<Vec<Code>, _> = part.iter().map(|&index| code(index)).collect();
        let codes = codes?;
        for (&index, picture) in part.iter().zip(sampler.pictures(&codes)) {
            take(index, picture)?;
        }
        done += part.len();
        counter.update(done, 0, indices.len());
    }
    Ok(())
}

/// Refuses more pictures than one file of them can be made of in memory.
fn check_room(count: u32, side: usize) -> Result<(), UsageError> {
    let most = (MOST_PIXELS / (side * side).max(1)) as u32;
    if count <= most {
        return Ok(());
    }
    let side = side as u32;
    Err(UsageError::TooManyForOne { count, side, most })
}

/// All of the pictures.
fn made_pictures(
    sampler: &Sampler,
    indices: &[u32],
    code: impl Fn(u32) -> Result<Code, SamplerError>,
) -> anyhow::Result<Vec<RgbImage>> {
    let mut pictures = Vec::new();
    make(sampler, indices, code, |_, picture| {
        pictures.push(picture);
        Ok(())
    })?;
    Ok(pictures)
}

/// The mean codes of the terms of a sum, each of the class of its first picture.
fn mean_codes(
    source: &CodeSource,
    latent_codes: &LatentCodes,
    sum: &Arithmetic,
    class: Option<usize>,
    unread: &mut Unread,
) -> anyhow::Result<Vec<Code>> {
    let mut means = Vec::new();
    for path in sum.paths() {
        let pictures = all_pictures(std::iter::once(path))?;
        let mut codes = Vec::new();
        for part in pictures.chunks(AT_ONCE) {
            let read = source.read(part, class)?;
            unread.note(&read.failures);
            codes.extend(read.prepared.iter().flat_map(|read| source.codes(read)));
        }
        let path = path.display();
        anyhow::ensure!(!codes.is_empty(), "no picture of `{path}` could be read");
        means.push(mean_of(latent_codes, &codes));
    }
    Ok(means)
}

fn file_name(index: u32) -> PathBuf {
    format!("{index:06}.png").into()
}

fn limit(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(limit) if limit >= MIN_TRUNCATION && f32::is_finite(limit) => Ok(limit),
        Ok(_) => Err(format!("must be at least {MIN_TRUNCATION}")),
        Err(_) => Err("not a number".to_owned()),
    }
}
