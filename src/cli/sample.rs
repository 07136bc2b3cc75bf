//! `translate sample`.

use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;

use super::exit::Exit;
use super::globals::Globals;
use super::output::print;
use super::usage::UsageError;
use crate::apply::ShardChoice;
use crate::files;
use crate::progress::Counter;
use crate::style::{Manifest, Registry};
use crate::synthesis::{Code, Interpolation, MIN_TRUNCATION, Sampler, interpolate, sheet};

/// Pictures that the network makes at once.
const AT_ONCE: usize = 32;

/// Arguments of `translate sample`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate sample --style faces --count 64 --grid\n  translate sample --style digits --class 7 --count 100 --seed 1 --output sevens\n  translate sample --style faces --truncation 0.7 --output better\n  translate sample --style faces --interpolate 3 12 --frames 30 --output way\n  translate sample --style faces --interpolate 3 12 --frames 9 --grid --output way.png\n  translate sample --style faces --count 1000000 --shard 2/5"
)]
pub struct Arguments {
    /// Name or folder of a style of mode generate; NAME@STEP for a state that was kept
    #[arg(short, long, value_name = "NAME|DIR")]
    style: String,
    /// Number of pictures [default: 16]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "interpolate")]
    count: Option<u32>,
    /// Class of all of them [default: one class after the other]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// Decides the noise: picture I of a seed is always the same
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u32,
    /// Draw noise anew that is further than this from 0, such as 0.7: pictures are better and more alike
    #[arg(long, value_name = "LIMIT", value_parser = limit)]
    truncation: Option<f32>,
    /// The way from picture A of the seed to picture B
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    interpolate: Option<Vec<u32>>,
    /// Pictures on that way, its ends among them [default: 16]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100_000), requires = "interpolate")]
    frames: Option<u32>,
    /// Form of that way
    #[arg(long, value_enum, default_value_t, requires = "interpolate")]
    path: Interpolation,
    /// All pictures on one: a square, or a strip for a way
    #[arg(long)]
    grid: bool,
    /// Folder for the pictures, or the file of the one with --grid [default: samples, or samples.png]
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
    let folder = Registry::new(&globals.checkpoints).find(&arguments.style)?;
    let manifest = Manifest::read(&folder)?;
    let device = globals.device.open()?;
    let sampler = Sampler::load(&folder, &manifest, &device.device)?;
    let class = arguments.class.as_deref();
    let class = class.map(|name| sampler.class(name)).transpose()?;
    let code = |index: u32| {
        let (seed, index) = (u64::from(arguments.seed), u64::from(index));
        sampler.code(seed, index, class, arguments.truncation)
    };
    let ways = arguments.interpolate.as_deref();
    let way = ways.map(|ends| {
        let (start, end) = (code(ends[0]), code(ends[1]));
        let frames = arguments.frames.unwrap_or(16) as usize;
        let vectors = interpolate(arguments.path, &start.vector, &end.vector, frames);
        // The class of the start stays: there is nothing between classes.
        let codes = vectors.into_iter().map(|vector| Code {
            vector,
            class: start.class,
        });
        codes.collect::<Vec<Code>>()
    });
    let count = way
        .as_ref()
        .map_or(arguments.count.unwrap_or(16), |way| way.len() as u32);
    let at = |index: u32| match &way {
        Some(way) => way[index as usize].clone(),
        None => code(index),
    };
    let digits = count.saturating_sub(1).to_string().len().max(6);
    let name = |index: u32| format!("{index:0digits$}.png");
    let shard = arguments.shard;
    let shard = shard.map(|shard| shard.resolve(|name| std::env::var(name).ok()));
    let shard = shard.transpose()?;
    let is_own = |index: &u32| shard.is_none_or(|shard| shard.contains(Path::new(&name(*index))));
    let wanted: Vec<u32> = (0..count).filter(is_own).collect();
    let usual = if arguments.grid {
        "samples.png"
    } else {
        "samples"
    };
    let output = arguments.output.unwrap_or_else(|| usual.into());
    let paths: Vec<PathBuf> = if arguments.grid {
        vec![output.clone()]
    } else {
        wanted
            .iter()
            .map(|&index| output.join(name(index)))
            .collect()
    };
    if let Some(path) = paths
        .iter()
        .find(|path| path.exists() && !arguments.overwrite)
    {
        return Err(UsageError::SampleExists(path.clone()).into());
    }
    if !arguments.grid {
        files::create_folder(&output)?;
    }
    let counter = Counter::new("making pictures");
    let mut all: Vec<RgbImage> = Vec::new();
    for (part, indices) in wanted.chunks(AT_ONCE).enumerate() {
        let codes: Vec<Code> = indices.iter().map(|&index| at(index)).collect();
        let pictures = sampler.pictures(&codes);
        let done = part * AT_ONCE;
        counter.update(done + pictures.len(), 0, wanted.len());
        if arguments.grid {
            all.extend(pictures);
            continue;
        }
        for (picture, path) in pictures.iter().zip(&paths[done..]) {
            files::write_png(path, picture)?;
        }
    }
    drop(counter);
    if arguments.grid {
        let columns = match way {
            Some(_) => all.len(),
            None => (all.len() as f64).sqrt().ceil() as usize,
        };
        files::write_png(&output, &sheet(&all, columns))?;
    }
    let pictures = if wanted.len() == 1 {
        "picture"
    } else {
        "pictures"
    };
    print(format_args!(
        "{} {pictures} in `{}`",
        wanted.len(),
        output.display()
    ))?;
    Ok(Exit::Done)
}

fn limit(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(limit) if limit >= MIN_TRUNCATION && f32::is_finite(limit) => Ok(limit),
        Ok(_) => Err(format!("must be at least {MIN_TRUNCATION}")),
        Err(_) => Err("not a number".to_owned()),
    }
}
