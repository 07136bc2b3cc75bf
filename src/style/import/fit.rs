//! The recipe of a style that a network from elsewhere joins.

use super::architecture::Architecture;
use super::coarse_to_fine::input_parts;
use super::error::ImportError;
use super::options::ImportOptions;
use crate::config::{Colours, Degradation, Direction, EncoderRecipe, Mode, Recipe, diff};
use crate::style::{Manifest, StyleFolder, discriminator_stem};

/// The recipe of a style with this generator.
pub(super) fn recipe_with_generator(
    folder: &StyleFolder,
    options: &ImportOptions,
    existing: Option<&Manifest>,
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
    let mut usual = Recipe::defaults(mode);
    if generator.latent > 0 {
        usual.apply_latent_defaults();
    }
    let mut recipe = usual.clone();
    recipe.generator = generator.clone();
    if !generator.arch.has_blocks() {
        recipe.generator.blocks = usual.generator.blocks;
    }
    // The names of a U-Net's tensors do not tell whether it was trained with dropout.
    if generator.size_multiple() > 4 {
        recipe.generator.dropout = usual.generator.dropout;
    }
    recipe.discriminator.norm = generator.norm;
    if generator.scale > 1 {
        recipe.data.degrade = vec![Degradation::Downscale];
    }
    let data = &mut recipe.data;
    data.crop_size = data.crop_size.max(generator.size_multiple());
    data.load_size = data.load_size.max(data.crop_size);
    let backwards = mode == Mode::Cycle && direction == Direction::BToA;
    (data.input_channels, data.output_channels) = if backwards {
        (*output, *input)
    } else {
        (*input, *output)
    };
    data.direction = direction;
    let mut channels = vec![*input, *output];
    if mode == Mode::Pix2pix && channels == [1, 2] {
        // No picture has two channels: it colours.
        data.colours = Colours::Lab;
        channels.pop();
    }
    if mode == Mode::Pix2pixhd {
        let (classes, instances, features) = input_parts(*input, options.hints.classes);
        let colours = input.saturating_sub(usize::from(instances) + features);
        if classes > 0 && classes != colours {
            return Err(ImportError::Unknown {
                path: options.file.clone(),
                message: format!(
                    "its generator takes {input} channels, and {classes} classes are more: say another `--classes`"
                ),
            });
        }
        data.input_channels = if classes == 0 { colours } else { 3 };
        (data.classes, data.instances) = (classes, instances);
        recipe.encoder.features = features;
        let halvings = generator.size_multiple().ilog2() as usize;
        recipe.encoder.downsamplings = recipe.encoder.downsamplings.min(halvings);
        channels = vec![data.input_channels, *output];
    }
    let data = &recipe.data;
    if data.input_channels != data.output_channels && mode == Mode::Cycle {
        recipe.loss.identity = 0.0;
    }
    if mode == Mode::Contrastive {
        // A generator with fewer blocks has fewer layers than the usual one.
        let layers = generator.encoder_channels(data.input_channels).len();
        recipe.loss.nce_layers.retain(|&layer| layer < layers);
    }
    if channels == [4, 3] {
        return Err(ImportError::FillsHoles(options.file.clone()));
    }
    for channels in channels {
        if channels != 1 && channels != 3 {
            return Err(ImportError::Unknown {
                path: options.file.clone(),
                message: format!(
                    "it translates {input} to {output} channels, and pictures have 3 (colour) or 1 (grey)"
                ),
            });
        }
    }
    recipe.validate().map_err(|source| ImportError::Recipe {
        path: options.file.clone(),
        source,
    })?;
    let Some(existing) = existing else {
        return Ok(recipe);
    };
    // The existing recipe is kept; only the generator and its channels must be equal.
    let mut wanted = existing.recipe.clone();
    wanted.generator = recipe.generator.clone();
    wanted.data.input_channels = recipe.data.input_channels;
    wanted.data.output_channels = recipe.data.output_channels;
    wanted.data.classes = recipe.data.classes;
    wanted.data.instances = recipe.data.instances;
    wanted.encoder.features = recipe.encoder.features;
    let lines = diff(&existing.recipe, &wanted);
    if lines.is_empty() {
        return Ok(wanted);
    }
    Err(ImportError::NetworkMismatch {
        path: options.file.clone(),
        style: folder.name(),
        lines,
    })
}

/// The recipe of the style `existing` with this encoder, whose features its generator takes.
pub(super) fn recipe_with_encoder(
    folder: &StyleFolder,
    options: &ImportOptions,
    existing: Option<&Manifest>,
    encoder: &EncoderRecipe,
) -> Result<Recipe, ImportError> {
    let taken = |existing: &&Manifest| existing.recipe.encoder.features == encoder.features;
    let Some(existing) = existing.filter(taken) else {
        return Err(ImportError::EncoderFirst {
            path: options.file.clone(),
            features: encoder.features,
            style: folder.name(),
        });
    };
    let mut recipe = existing.recipe.clone();
    recipe.encoder = EncoderRecipe {
        clusters: recipe.encoder.clusters,
        ..encoder.clone()
    };
    recipe.validate().map_err(|source| ImportError::Recipe {
        path: options.file.clone(),
        source,
    })?;
    Ok(recipe)
}

/// The recipe of the style `existing` with this discriminator.
pub(super) fn recipe_with_discriminator(
    folder: &StyleFolder,
    options: &ImportOptions,
    existing: &Manifest,
    architecture: &Architecture,
    direction: Direction,
) -> Result<Recipe, ImportError> {
    let mut recipe = existing.recipe.clone();
    if let Architecture::Discriminator {
        recipe: discriminator,
        input,
    } = architecture
    {
        recipe.discriminator = discriminator.clone();
        let data = &recipe.data;
        let wanted = match (recipe.mode, direction) {
            // The picture and what it was translated from.
            (Mode::Pix2pix, _) => data.input_channels + data.output_channels,
            (Mode::Cycle, Direction::BToA) => data.input_channels,
            (Mode::Pix2pixhd, _) => {
                crate::coarse_to_fine::input_channels(&recipe) + data.output_channels
            }
            _ => data.output_channels,
        };
        if *input != wanted {
            return Err(ImportError::ChannelMismatch {
                path: options.file.clone(),
                style: folder.name(),
                found: *input,
                wanted,
            });
        }
    }
    // Two discriminators of one style must be equal, unless the other one is being replaced.
    let others = [Direction::AToB, Direction::BToA]
        .map(|other| discriminator_stem(recipe.mode, other))
        .into_iter()
        .filter(|stem| *stem != discriminator_stem(recipe.mode, direction) || !options.overwrite)
        .any(|stem| folder.weights(stem).is_file());
    let lines = diff(&existing.recipe, &recipe);
    if others && !lines.is_empty() {
        return Err(ImportError::NetworkMismatch {
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
