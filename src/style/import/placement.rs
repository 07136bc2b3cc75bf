//! Putting a network from elsewhere into a style.

use std::ffi::OsStr;
use std::path::PathBuf;

use burn::tensor::Device;

use super::architecture::{Architecture, norm_text};
use super::error::ImportError;
use super::fit::{recipe_with_discriminator, recipe_with_encoder, recipe_with_generator};
use super::network::DetectedNetwork;
use super::options::ImportOptions;
use super::weight_file::WeightFile;
use crate::config::{Direction, Downsample, GeneratorArch, Mode, NormKind, Recipe, Upsample, diff};
use crate::files::{self, FileError};
use crate::nn::NamedTensors;
use crate::panics;
use crate::style::{Manifest, StyleFolder, discriminator_stem, generator_stem, write_weights};

/// Result of an import.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What the network was recognised as.
    pub architecture: Architecture,
    /// The recipe of the style that it belongs to.
    pub recipe: Recipe,
    /// Number of weights.
    pub weights: usize,
    /// The weight file in the style.
    pub path: PathBuf,
    /// Direction in which the style now translates, or whose translations the discriminator judges.
    pub direction: Direction,
    /// Whether `apply` must be told this direction, because the style's own is the other one.
    pub asks_direction: bool,
    /// Names of running statistics under norms that have no use for them.
    pub unused_statistics: Vec<String>,
    /// What else the file holds, by its key, and how many tensors each entry has.
    pub ignored_entries: Vec<(String, usize)>,
    /// Whether all weights are finite.
    pub finite: bool,
}

/// Reads the network in a weight file and makes it part of the style in `folder`, which is made where it is missing.
///
/// # Errors
/// The file cannot be used, or does not fit the style.
pub fn import(
    folder: &StyleFolder,
    options: &ImportOptions,
    device: &Device,
) -> Result<Imported, ImportError> {
    let found = panics::catch(|| {
        let file = WeightFile::open(&options.file)?;
        DetectedNetwork::find(&file, options.key.as_deref(), options.hints, device)
    });
    let found = found.unwrap_or_else(|message| {
        Err(ImportError::Unreadable {
            path: options.file.clone(),
            message: format!("the reader failed: {message}"),
        })
    })?;
    check_flags(options, &found.architecture)?;
    in_style(folder, || install(folder, options, found))
}

/// Makes `tensors` the generator of the style in `folder`, which is made with this `manifest` where it is missing. Returns the weight
/// file.
///
/// # Errors
/// The style was trained here or has another recipe, has a generator that is not to be replaced, or cannot be written.
pub fn install_generator(
    folder: &StyleFolder,
    options: &ImportOptions,
    manifest: Manifest,
    tensors: &NamedTensors,
) -> Result<PathBuf, ImportError> {
    in_style(folder, || {
        let existing = read_existing(folder)?;
        let recipe = manifest.recipe;
        let lines = existing
            .as_ref()
            .map_or_else(Vec::new, |existing| diff(&existing.recipe, &recipe));
        if !lines.is_empty() {
            return Err(ImportError::NetworkMismatch {
                path: options.file.clone(),
                style: folder.name(),
                lines,
            });
        }
        write_network(folder, options, existing, recipe, "generator", tensors)
    })
}

/// Does `work` in the folder of a style, which is locked, and made where it is missing.
fn in_style<T>(
    folder: &StyleFolder,
    work: impl FnOnce() -> Result<T, ImportError>,
) -> Result<T, ImportError> {
    let existed = folder.path().exists();
    if existed && !folder.path().is_dir() {
        return Err(ImportError::NotAStyle(folder.path().to_owned()));
    }
    files::create_folder(folder.path())?;
    let placed = folder
        .acquire()
        .map_err(ImportError::from)
        .and_then(|lock| work().map(|done| (lock, done)));
    if placed.is_err() && !existed {
        // A failed import leaves no folder, unless another one has begun to fill it.
        let _ = std::fs::remove_file(folder.lock());
        let _ = std::fs::remove_dir(folder.path());
    }
    placed.map(|(_lock, done)| done)
}

/// Puts the network into the style, which is locked.
fn install(
    folder: &StyleFolder,
    options: &ImportOptions,
    found: DetectedNetwork,
) -> Result<Imported, ImportError> {
    let existing = read_existing(folder)?;
    if let (Some(wanted), Some(existing)) = (options.mode, &existing)
        && wanted != existing.recipe.mode
    {
        return Err(ImportError::FlagMismatch {
            path: folder.path().to_owned(),
            found: format!("a style of mode {}", existing.recipe.mode.name()),
            wanted: format!("one of mode {}", wanted.name()),
            flag: "--mode",
        });
    }
    let direction = options
        .direction
        .or_else(|| direction_of(&found.entry))
        .or_else(|| direction_of(options.file.file_stem()?.to_str()?));
    let (recipe, direction, stem) = match &found.architecture {
        Architecture::Generator { .. } => {
            let mode = existing.as_ref().map(|existing| existing.recipe.mode);
            let mode = mode
                .or(options.mode)
                .unwrap_or_else(|| usual_mode(&found.architecture));
            if mode == Mode::Inpaint {
                return Err(ImportError::FillsHoles(options.file.clone()));
            }
            let direction = direction.unwrap_or(Direction::AToB);
            // If it is the only network of the style, any other may replace it.
            let only = |existing: &&Manifest| {
                !options.overwrite
                    || has_others(folder, generator_stem(&existing.recipe, direction))
            };
            let kept = existing.as_ref().filter(only);
            let recipe =
                recipe_with_generator(folder, options, kept, &found.architecture, mode, direction)?;
            let stem =
                generator_stem(&recipe, direction).ok_or(ImportError::DirectionMismatch {
                    style: folder.name(),
                    has: recipe.data.direction,
                })?;
            (recipe, direction, stem)
        }
        Architecture::Discriminator { .. } => {
            let Some(existing) = &existing else {
                return Err(ImportError::DiscriminatorFirst {
                    path: options.file.clone(),
                    network: found.architecture.description(),
                    style: folder.name(),
                });
            };
            let direction = direction.unwrap_or(existing.recipe.data.direction);
            let recipe = recipe_with_discriminator(
                folder,
                options,
                existing,
                &found.architecture,
                direction,
            )?;
            let stem = discriminator_stem(recipe.mode, direction);
            (recipe, direction, stem)
        }
        Architecture::Encoder {
            recipe: encoder, ..
        } => {
            let recipe = recipe_with_encoder(folder, options, existing.as_ref(), encoder)?;
            (recipe, Direction::AToB, "encoder")
        }
    };
    let asks_direction = direction != recipe.data.direction;
    let path = write_network(
        folder,
        options,
        existing,
        recipe.clone(),
        stem,
        &found.tensors,
    )?;
    Ok(Imported {
        recipe,
        weights: found.tensors.count(),
        finite: found.tensors.are_finite(),
        architecture: found.architecture,
        path,
        direction,
        asks_direction,
        unused_statistics: found.unused_statistics,
        ignored_entries: found.ignored_entries.into_iter().collect(),
    })
}

/// Writes the network `stem` of a style and its manifest. Returns the weight file.
fn write_network(
    folder: &StyleFolder,
    options: &ImportOptions,
    existing: Option<Manifest>,
    recipe: Recipe,
    stem: &str,
    tensors: &NamedTensors,
) -> Result<PathBuf, ImportError> {
    let path = folder.weights(stem);
    if path.exists() && !options.overwrite {
        return Err(ImportError::NetworkExists {
            style: folder.name(),
            file: path,
            mode: recipe.mode,
        });
    }
    // Weights are written first, so that a full disk leaves no style without them.
    write_weights(&path, tensors)?;
    updated_manifest(recipe, existing, options).write(folder)?;
    Ok(path)
}

/// The manifest of the style, if it exists.
fn read_existing(folder: &StyleFolder) -> Result<Option<Manifest>, ImportError> {
    if folder.manifest().is_file() {
        let manifest = Manifest::read(folder)?;
        if manifest.training.imported_from.is_empty() {
            return Err(ImportError::TrainedStyle(folder.name()));
        }
        return Ok(Some(manifest));
    }
    let entries =
        std::fs::read_dir(folder.path()).map_err(FileError::context("read", folder.path()))?;
    // An import that was killed leaves weights alone.
    let foreign = entries.flatten().any(|entry| {
        let path = entry.path();
        path != folder.lock()
            && path.extension() != Some(OsStr::new("safetensors"))
            && path.extension() != Some(OsStr::new("tmp"))
    });
    if foreign {
        return Err(ImportError::NotAStyle(folder.path().to_owned()));
    }
    Ok(None)
}

/// Whether the style has weights besides those of the network `stem`.
fn has_others(folder: &StyleFolder, stem: Option<&str>) -> bool {
    let own = stem.map(|stem| folder.weights(stem));
    std::fs::read_dir(folder.path()).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let path = entry.path();
            path.extension() == Some(OsStr::new("safetensors")) && Some(&path) != own.as_ref()
        })
    })
}

/// Checks the flags that describe the network.
fn check_flags(options: &ImportOptions, found: &Architecture) -> Result<(), ImportError> {
    let other = |wanted: &str, flag| {
        Err(ImportError::FlagMismatch {
            path: options.file.clone(),
            found: found.description(),
            wanted: wanted.to_owned(),
            flag,
        })
    };
    let (arch, norm) = match found {
        Architecture::Generator { recipe, .. } => (Some(recipe.arch), recipe.norm),
        Architecture::Discriminator { recipe, .. } => (None, recipe.norm),
        Architecture::Encoder { norm, .. } => (None, *norm),
    };
    let code = match found {
        Architecture::Generator { recipe, .. } => recipe.latent,
        Architecture::Discriminator { .. } | Architecture::Encoder { .. } => 0,
    };
    if let Some(length) = options.hints.latent
        && length != code
    {
        let wanted = format!("a generator with a latent code of {length} numbers");
        return other(&wanted, "--latent");
    }
    let takes_classes = arch.is_some_and(GeneratorArch::is_coarse_to_fine);
    if options.hints.classes.is_some() && !takes_classes {
        return other("a generator of pix2pixHD", "--classes");
    }
    match (options.arch, options.hints.norm) {
        (Some(wanted), _) if arch != Some(wanted) => other(wanted.name(), "--arch"),
        (_, Some(wanted)) if norm != wanted => other(norm_text(wanted), "--norm"),
        _ => Ok(()),
    }
}

/// The direction that a file or an entry is named after: `latest_net_G_A` and `netG_A2B` translate A to B.
fn direction_of(name: &str) -> Option<Direction> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&["G_A", "D_A", "A2B", "AtoB", "_AB"]) {
        Some(Direction::AToB)
    } else if ends(&["G_B", "D_B", "B2A", "BtoA", "_BA"]) {
        Some(Direction::BToA)
    } else {
        None
    }
}

/// The method that such a generator usually comes from.
fn usual_mode(architecture: &Architecture) -> Mode {
    match architecture {
        Architecture::Generator { recipe, .. } if recipe.arch.is_coarse_to_fine() => {
            Mode::Pix2pixhd
        }
        Architecture::Generator { recipe, .. } if recipe.latent > 0 => Mode::Pix2pix,
        // CUT's encoder sees translations too.
        Architecture::Generator {
            recipe,
            input,
            output,
        } if input == output
            && (recipe.downsample == Downsample::Blur || recipe.upsample == Upsample::Blur) =>
        {
            Mode::Contrastive
        }
        Architecture::Generator { recipe, .. }
            if recipe.norm != NormKind::Batch && recipe.size_multiple() == 4 =>
        {
            Mode::Cycle
        }
        _ => Mode::Pix2pix,
    }
}

/// The manifest with the new recipe and the name of the file.
fn updated_manifest(
    recipe: Recipe,
    existing: Option<Manifest>,
    options: &ImportOptions,
) -> Manifest {
    // Without its folder, which may say more than a style that is passed on should.
    let name = options.file.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let mut manifest = existing.unwrap_or_else(|| Manifest::new(recipe.clone()));
    manifest.recipe = recipe;
    let sources = &mut manifest.training.imported_from;
    if !sources.is_empty() {
        sources.push_str(", ");
    }
    sources.push_str(&name);
    manifest
}
