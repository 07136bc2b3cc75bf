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

/// Stems of the weight files of generators: of one direction, and of two.
const GENERATOR: &str = "generator";
const A_TO_B: &str = "generator_a2b";
const B_TO_A: &str = "generator_b2a";

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

/// The weights of the style's network with this stem.
///
/// # Errors
/// The style has no such network, or its weights cannot be read or are damaged.
pub fn style_weights(folder: &StyleFolder, stem: &str) -> Result<NamedTensors, StyleError> {
    weights_of(folder, stem, read_weights)
}

/// The same for networks that are applied and not trained: those of a style on the disk as [`map_weights`] has them.
///
/// # Errors
/// As [`style_weights`].
pub fn mapped_style_weights(folder: &StyleFolder, stem: &str) -> Result<NamedTensors, StyleError> {
    weights_of(folder, stem, map_weights)
}

fn weights_of(
    folder: &StyleFolder,
    stem: &str,
    on_disk: impl FnOnce(&Path) -> Result<NamedTensors, StyleError>,
) -> Result<NamedTensors, StyleError> {
    let path = folder.weights(stem);
    if !folder.is_builtin() {
        return on_disk(&path);
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(bytes) = folder.contents(&file)? else {
        return Err(StyleError::NoWeights(path));
    };
    NamedTensors::from_safetensors(&bytes).map_err(|source| StyleError::BadWeights { path, source })
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
        (Mode::Cycle, Direction::AToB) => Some(A_TO_B),
        (Mode::Cycle, Direction::BToA) => Some(B_TO_A),
        (mode, _) if mode.makes_pictures() => None,
        (_, direction) => (direction == recipe.data.direction).then_some(GENERATOR),
    }
}

/// Stem of the weight file of a second generator, which a style trained in one direction may have for the other one.
pub fn second_generator_stem(recipe: &Recipe) -> Option<&'static str> {
    let direction = recipe.data.direction.reversed();
    match (recipe.mode, direction) {
        (Mode::Pix2pix | Mode::Contrastive, Direction::AToB) => Some(A_TO_B),
        (Mode::Pix2pix | Mode::Contrastive, Direction::BToA) => Some(B_TO_A),
        _ => None,
    }
}

/// Stem of the weight file in `folder` that a training of `recipe` starts its network of this stem with: the same, unless the
/// style has learnt the other direction and has a second generator for this one.
pub fn initial_stem<'a>(folder: &StyleFolder, recipe: &Recipe, stem: &'a str) -> &'a str {
    let second = Manifest::read(folder).ok().and_then(|manifest| {
        let is_other = manifest.recipe.data.direction != recipe.data.direction;
        let stem = second_generator_stem(&manifest.recipe)?;
        (is_other && folder.has_weights(stem)).then_some(stem)
    });
    match second {
        Some(second) if stem == GENERATOR => second,
        _ => stem,
    }
}

/// Stem of the weight file of the discriminator that judges what is translated in `direction`.
pub fn discriminator_stem(mode: Mode, direction: Direction) -> &'static str {
    match (mode, direction) {
        (Mode::Cycle, Direction::AToB) => "discriminator_a",
        (Mode::Cycle, Direction::BToA) => "discriminator_b",
        _ => "discriminator",
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
    if recipe.mode.makes_pictures() {
        return Err(StyleError::TranslatesNone(folder.name()));
    }
    let direction = direction.unwrap_or(recipe.data.direction);
    let second = || second_generator_stem(recipe).filter(|stem| folder.has_weights(stem));
    let stem = generator_stem(recipe, direction).or_else(second);
    let stem = stem.ok_or_else(|| StyleError::NoSuchDirection {
        style: folder.name(),
        has: recipe.data.direction.name(),
    })?;
    if recipe.mode == Mode::Pix2pixhd {
        return load_coarse_to_fine(folder, stem, recipe, device);
    }
    let (a, b) = (recipe.data.input_channels, recipe.data.output_channels);
    let backwards = match recipe.mode {
        Mode::Cycle => direction == Direction::BToA,
        _ => direction != recipe.data.direction,
    };
    let [input, output] = if backwards { [b, a] } else { [a, b] };
    let path = folder.weights(stem);
    let weights = mapped_style_weights(folder, stem)?;
    let mut init = WeightInit::zeros(device)
        .with_precision(recipe.train.precision)
        .with_reference_batch(recipe.data.reference_batch);
    let generator = Generator::new(&mut init, &recipe.generator, input, output);
    let generator = weights
        .load_into(generator)
        .map_err(|source| StyleError::BadWeights { path, source })?;
    Ok((generator, [input, output]))
}

/// The generator of the last stage of `recipe` that the weights of this stem belong to: training may have stopped in an earlier
/// one.
fn load_coarse_to_fine(
    folder: &StyleFolder,
    stem: &str,
    recipe: &Recipe,
    device: &Device,
) -> Result<(Generator, [usize; 2]), StyleError> {
    let weights = mapped_style_weights(folder, stem)?;
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
        path: folder.weights(stem),
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
    if !folder.has_weights("clusters") {
        let is_imported = !manifest.training.imported_from.is_empty();
        return Err(if is_imported {
            StyleError::NoClustersImported(folder.path().to_owned())
        } else {
            StyleError::NoClusters(folder.name())
        });
    }
    let clusters = FeatureClusters::from_tensors(&style_weights(folder, "clusters")?, features);
    clusters
        .map(Some)
        .map_err(|problem| StyleError::BadWeights {
            path,
            source: TensorError::Mismatch {
                problems: vec![problem],
            },
        })
}
