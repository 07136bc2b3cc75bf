//! Weight files of a style.

use std::fs::File;
use std::path::Path;

use burn::tensor::Device;

use super::error::StyleError;
use super::folder::StyleFolder;
use super::manifest::Manifest;
use crate::coarse_to_fine::{self, FeatureClusters};
use crate::config::{Direction, Mode, Recipe};
use crate::files::{self, FileError};
use crate::nn::{Generator, NamedTensors, TensorError, WeightInit};

/// Reads a safetensors file.
///
/// # Errors
/// The file is missing, cannot be read or is damaged.
pub fn read_weights(path: &Path) -> Result<NamedTensors, StyleError> {
    weights(path, |file| {
        NamedTensors::read_safetensors(file, file.metadata().map_or(0, |metadata| metadata.len()))
    })
}

/// The same of a file that stays as it is while the tensors live, or is replaced by another: networks that are applied
/// use its pages as they are.
///
/// # Errors
/// As [`read_weights`].
pub fn map_weights(path: &Path) -> Result<NamedTensors, StyleError> {
    weights(path, NamedTensors::map_safetensors)
}

fn weights(
    path: &Path,
    take: impl FnOnce(&File) -> Result<NamedTensors, TensorError>,
) -> Result<NamedTensors, StyleError> {
    if !path.is_file() {
        return Err(StyleError::NoWeights(path.to_owned()));
    }
    let file = File::open(path).map_err(FileError::context("read", path))?;
    take(&file).map_err(|source| StyleError::BadWeights {
        path: path.to_owned(),
        source,
    })
}

/// Writes a safetensors file.
///
/// # Errors
/// The file cannot be written.
pub fn write_weights(path: &Path, tensors: &NamedTensors) -> Result<(), StyleError> {
    let bytes = tensors
        .to_safetensors()
        .map_err(|source| StyleError::BadWeights {
            path: path.to_owned(),
            source,
        })?;
    files::write_atomically(path, &bytes).map_err(|error: FileError| error.into())
}

/// Stem of the weight file of the generator that translates in `direction`, where the recipe has one.
pub fn generator_stem(recipe: &Recipe, direction: Direction) -> Option<&'static str> {
    match (recipe.mode, direction) {
        (Mode::Pix2pix | Mode::Contrastive | Mode::Pix2pixhd | Mode::Inpaint, direction) => {
            (direction == recipe.data.direction).then_some("generator")
        }
        (Mode::Cycle, Direction::AToB) => Some("generator_a2b"),
        (Mode::Cycle, Direction::BToA) => Some("generator_b2a"),
    }
}

/// Stem of the weight file of the discriminator that judges what is translated in `direction`.
pub fn discriminator_stem(mode: Mode, direction: Direction) -> &'static str {
    match (mode, direction) {
        (Mode::Pix2pix | Mode::Contrastive | Mode::Pix2pixhd | Mode::Inpaint, _) => "discriminator",
        (Mode::Cycle, Direction::AToB) => "discriminator_a",
        (Mode::Cycle, Direction::BToA) => "discriminator_b",
    }
}

/// The style's generator for `direction`, or for the direction of its recipe, on `device`, with the channels of its
/// input and output. It calculates with the recipe's precision.
///
/// # Errors
/// The style has no generator for this direction, or its weights are missing, damaged or of another network.
pub fn load_generator(
    folder: &StyleFolder,
    manifest: &Manifest,
    direction: Option<Direction>,
    device: &Device,
) -> Result<(Generator, [usize; 2]), StyleError> {
    let recipe = &manifest.recipe;
    if recipe.mode == Mode::Inpaint {
        return Err(StyleError::NeedsMask(folder.name()));
    }
    let direction = direction.unwrap_or(recipe.data.direction);
    let stem = generator_stem(recipe, direction).ok_or_else(|| StyleError::NoSuchDirection {
        style: folder.name(),
        has: recipe.data.direction.name(),
    })?;
    if recipe.mode == Mode::Pix2pixhd {
        return load_coarse_to_fine(recipe, &folder.weights(stem), device);
    }
    let (a, b) = (recipe.data.input_channels, recipe.data.output_channels);
    let backwards = recipe.mode == Mode::Cycle && direction == Direction::BToA;
    let [input, output] = if backwards { [b, a] } else { [a, b] };
    let path = folder.weights(stem);
    let weights = map_weights(&path)?;
    let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
    let generator = Generator::new(&mut init, &recipe.generator, input, output);
    let generator = weights
        .load_into(generator)
        .map_err(|source| StyleError::BadWeights { path, source })?;
    Ok((generator, [input, output]))
}

/// The generator of the last stage of `recipe` that the weights in `path` belong to: training may have stopped in an earlier
/// one.
fn load_coarse_to_fine(
    recipe: &Recipe,
    path: &Path,
    device: &Device,
) -> Result<(Generator, [usize; 2]), StyleError> {
    let weights = map_weights(path)?;
    let mut first_error = None;
    for stage in recipe.stages().iter().rev() {
        let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
        let generator = coarse_to_fine::generator(&mut init, stage);
        match weights.clone().load_into(generator) {
            Ok(generator) => {
                let input = coarse_to_fine::input_channels(stage) + stage.encoder.features;
                return Ok((generator, [input, stage.data.output_channels]));
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(StyleError::BadWeights {
        path: path.to_owned(),
        source: first_error.expect("a recipe has at least one stage"),
    })
}

/// The clusters of instance features of a style whose generator takes such features.
///
/// # Errors
/// They are missing, damaged, or of another number of features.
pub fn load_clusters(
    folder: &StyleFolder,
    manifest: &Manifest,
) -> Result<Option<FeatureClusters>, StyleError> {
    let recipe = &manifest.recipe;
    let features = recipe.encoder.features;
    if recipe.mode != Mode::Pix2pixhd || features == 0 {
        return Ok(None);
    }
    let path = folder.weights("clusters");
    if !path.is_file() {
        let is_imported = !manifest.training.imported_from.is_empty();
        return Err(if is_imported {
            StyleError::NoClustersImported(folder.path().to_owned())
        } else {
            StyleError::NoClusters(folder.name())
        });
    }
    let clusters = FeatureClusters::from_tensors(&read_weights(&path)?, features);
    clusters
        .map(Some)
        .map_err(|problem| StyleError::BadWeights {
            path,
            source: TensorError::Mismatch {
                problems: vec![problem],
            },
        })
}
