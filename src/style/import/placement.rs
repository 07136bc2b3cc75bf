//! Putting a network from elsewhere into a style.

use std::path::PathBuf;

use burn::tensor::Device;

use super::architecture::{Architecture, Hints};
use super::error::ImportError;
use super::network::FoundNetwork;
use super::weight_file::WeightFile;
use crate::config::{Direction, GeneratorArch, Mode, NormKind, Recipe, difference};
use crate::files::{self, FileError};
use crate::style::{
    Manifest, StyleFolder, TrainingSummary, discriminator_stem, generator_stem, write_weights,
};

/// What is imported, and as what.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The weight file.
    pub file: PathBuf,
    /// The entry of the file's dictionary that holds the network.
    pub key: Option<String>,
    /// What the file may not tell.
    pub hints: Hints,
    /// The network that the file must hold.
    pub arch: Option<GeneratorArch>,
    /// Method that trained it: decides which networks the style can hold.
    pub mode: Option<Mode>,
    /// Direction that the generator translates in, or whose generator the discriminator judges.
    pub direction: Option<Direction>,
    /// Replace a network that the style has already.
    pub overwrite: bool,
}

/// What an import has done.
#[derive(Debug, Clone)]
pub struct Imported {
    /// What the network was recognised as.
    pub architecture: Architecture,
    /// Number of weights.
    pub weights: usize,
    /// The weight file in the style.
    pub path: PathBuf,
    /// Direction in which the style now translates, or whose translations the discriminator judges.
    pub direction: Direction,
    /// Whether `apply` must be told this direction, because the style's own is the other one.
    pub asks_direction: bool,
    /// See [`FoundNetwork::dropped`].
    pub dropped: Vec<String>,
    /// Other entries of the file, with how many tensors each has.
    pub left_aside: Vec<(String, usize)>,
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
    let before = earlier(folder)?;
    let file = WeightFile::open(&options.file)?;
    let found = FoundNetwork::find(&file, options.key.as_deref(), options.hints, device)?;
    check_arch(options, &found.architecture)?;

    let direction = options.direction.or_else(|| direction_of_name(options));
    let (recipe, direction, stem) = match &found.architecture {
        Architecture::Generator { .. } => {
            let mode = before.as_ref().map(|before| before.recipe.mode);
            let mode = mode
                .or(options.mode)
                .unwrap_or_else(|| usual_mode(&found.architecture));
            let direction = direction.unwrap_or(Direction::AToB);
            let recipe = with_generator(
                folder,
                options,
                before.as_ref(),
                &found.architecture,
                mode,
                direction,
            )?;
            let stem = generator_stem(&recipe, direction).ok_or(ImportError::OtherDirection {
                style: folder.name(),
                has: recipe.data.direction,
            })?;
            (recipe, direction, stem)
        }
        Architecture::Discriminator { .. } => {
            let Some(before) = &before else {
                return Err(ImportError::DiscriminatorFirst {
                    path: options.file.clone(),
                    network: found.architecture.description(),
                    style: folder.name(),
                });
            };
            let direction = direction.unwrap_or(before.recipe.data.direction);
            let recipe = with_discriminator(folder, options, before, &found.architecture)?;
            let stem = discriminator_stem(recipe.mode, direction);
            (recipe, direction, stem)
        }
    };
    if let Some(mode) = options.mode.filter(|mode| *mode != recipe.mode) {
        return Err(ImportError::OtherThanAsked {
            path: folder.path().to_owned(),
            found: format!("a style of mode {}", recipe.mode.name()),
            wanted: format!("one of mode {}", mode.name()),
            flag: "--mode",
        });
    }
    let path = folder.weights(stem);
    if path.exists() && !options.overwrite {
        return Err(ImportError::Taken {
            style: folder.name(),
            file: path,
            mode: recipe.mode,
        });
    }
    let asks_direction = direction != recipe.data.direction;
    write(folder, recipe, before, options, &path, &found)?;
    Ok(Imported {
        weights: found.tensors.count(),
        finite: found.tensors.are_finite(),
        architecture: found.architecture,
        path,
        direction,
        asks_direction,
        dropped: found.dropped,
        left_aside: found.left_aside.into_iter().collect(),
    })
}

/// The style that is there already.
fn earlier(folder: &StyleFolder) -> Result<Option<Manifest>, ImportError> {
    if folder.manifest().is_file() {
        let manifest = Manifest::read(folder)?;
        if manifest.training.imported_from.is_empty() {
            return Err(ImportError::TrainedStyle(folder.name()));
        }
        return Ok(Some(manifest));
    }
    let occupied = std::fs::read_dir(folder.path())
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.path() != folder.lock()));
    if occupied || folder.path().is_file() {
        return Err(ImportError::NotAStyle(folder.path().to_owned()));
    }
    Ok(None)
}

fn check_arch(options: &ImportOptions, found: &Architecture) -> Result<(), ImportError> {
    let Some(wanted) = options.arch else {
        return Ok(());
    };
    match found {
        Architecture::Generator { recipe, .. } if recipe.arch == wanted => Ok(()),
        other => Err(ImportError::OtherThanAsked {
            path: options.file.clone(),
            found: other.description(),
            wanted: wanted.name().to_owned(),
            flag: "--arch",
        }),
    }
}

/// PyTorch's CycleGAN writes `latest_net_G_A.pth` (A to B) and `latest_net_G_B.pth`, and the discriminators likewise.
fn direction_of_name(options: &ImportOptions) -> Option<Direction> {
    let stem = options.file.file_stem()?.to_str()?;
    let named = |side: &str| {
        ["net_G_", "net_D_", "netG_", "netD_"]
            .iter()
            .any(|net| stem.ends_with(&format!("{net}{side}")))
            || matches!(&options.key, Some(key) if key.ends_with(&format!("_{side}")))
    };
    if named("A") {
        Some(Direction::AToB)
    } else if named("B") {
        Some(Direction::BToA)
    } else {
        None
    }
}

/// The method that such a generator usually comes from.
fn usual_mode(architecture: &Architecture) -> Mode {
    match architecture {
        Architecture::Generator { recipe, .. }
            if recipe.norm != NormKind::Batch && recipe.arch.size_multiple() == 4 =>
        {
            Mode::Cycle
        }
        _ => Mode::Pix2pix,
    }
}

/// The recipe of a style with this generator.
fn with_generator(
    folder: &StyleFolder,
    options: &ImportOptions,
    before: Option<&Manifest>,
    architecture: &Architecture,
    mode: Mode,
    direction: Direction,
) -> Result<Recipe, ImportError> {
    let Architecture::Generator {
        recipe: generator,
        input,
        output,
    } = architecture
    else {
        return Err(ImportError::Unknown {
            path: options.file.clone(),
            message: "it is no generator".to_owned(),
        });
    };
    let mut recipe = Recipe::defaults(mode);
    recipe.generator = generator.clone();
    // The names of a U-Net's tensors do not tell whether it was trained with dropout.
    if generator.arch.size_multiple() > 4 {
        recipe.generator.dropout = Recipe::defaults(mode).generator.dropout;
    }
    recipe.discriminator.norm = generator.norm;
    let data = &mut recipe.data;
    data.crop_size = data.crop_size.max(generator.arch.size_multiple());
    data.load_size = data.load_size.max(data.crop_size);
    let backwards = mode == Mode::Cycle && direction == Direction::BToA;
    (data.input_channels, data.output_channels) = if backwards {
        (*output, *input)
    } else {
        (*input, *output)
    };
    data.direction = direction;
    if data.input_channels != data.output_channels && mode == Mode::Cycle {
        recipe.loss.identity = 0.0;
    }
    recipe.validate().map_err(|source| ImportError::Recipe {
        path: options.file.clone(),
        source,
    })?;
    let Some(before) = before else {
        return Ok(recipe);
    };
    // What is there stays; only the generator and its channels must be the same.
    let mut wanted = before.recipe.clone();
    wanted.generator = recipe.generator.clone();
    wanted.data.input_channels = recipe.data.input_channels;
    wanted.data.output_channels = recipe.data.output_channels;
    let lines = difference(&before.recipe, &wanted);
    if lines.is_empty() {
        return Ok(wanted);
    }
    Err(ImportError::OtherNetwork {
        path: options.file.clone(),
        style: folder.name(),
        lines,
    })
}

/// The recipe of the style `before` with this discriminator.
fn with_discriminator(
    folder: &StyleFolder,
    options: &ImportOptions,
    before: &Manifest,
    architecture: &Architecture,
) -> Result<Recipe, ImportError> {
    let mut recipe = before.recipe.clone();
    if let Architecture::Discriminator {
        recipe: discriminator,
        ..
    } = architecture
    {
        recipe.discriminator = discriminator.clone();
    }
    // A second discriminator must be as the first one.
    let others = [Direction::AToB, Direction::BToA].map(|direction| {
        folder
            .weights(discriminator_stem(recipe.mode, direction))
            .is_file()
    });
    let lines = difference(&before.recipe, &recipe);
    if others.contains(&true) && !lines.is_empty() {
        return Err(ImportError::OtherNetwork {
            path: options.file.clone(),
            style: folder.name(),
            lines,
        });
    }
    recipe.validate().map_err(|source| ImportError::Recipe {
        path: options.file.clone(),
        source,
    })?;
    Ok(recipe)
}

fn write(
    folder: &StyleFolder,
    recipe: Recipe,
    before: Option<Manifest>,
    options: &ImportOptions,
    path: &std::path::Path,
    found: &FoundNetwork,
) -> Result<(), ImportError> {
    files::create_folder(folder.path())?;
    let _lock = folder.acquire()?;
    let source = std::path::absolute(&options.file)
        .map_err(FileError::new("find", &options.file))?
        .display()
        .to_string();
    let manifest = match before {
        Some(before) => Manifest { recipe, ..before },
        None => Manifest {
            author: None,
            licence: None,
            training: TrainingSummary {
                imported_from: source,
                ..TrainingSummary::default()
            },
            recipe,
        },
    };
    // The description first: a kill before the weights leaves a style into which they can be imported.
    manifest.write(folder)?;
    Ok(write_weights(path, &found.tensors)?)
}
