//! A style's networks for other programs.

use burn::tensor::Device;

use super::error::StyleError;
use super::folder::StyleFolder;
use super::inpainter::load_inpainter;
use super::manifest::Manifest;
use super::onnx::{INPUT, onnx_file, onnx_model};
use super::weights::{load_generator, read_weights};
use crate::config::{Direction, Mode, Recipe};
use crate::files::FileError;
use crate::nn::{NamedTensors, NormStats};

/// The state dict of the generator for `direction`, or for the style's own: all that PyTorch's
/// `load_state_dict(strict=True)` asks for.
///
/// # Errors
/// The style has no generator for this direction, or its weights are missing, damaged or of another network.
pub fn generator_state_dict(
    folder: &StyleFolder,
    manifest: &Manifest,
    direction: Option<Direction>,
    device: &Device,
) -> Result<NamedTensors, StyleError> {
    let (weights, _) = generator_weights(folder, manifest, direction, device)?;
    Ok(weights.with_num_batches_tracked(manifest.training.steps))
}

/// As [`generator_state_dict`], of the network whose weight file has this stem, such as `discriminator`.
///
/// # Errors
/// The style has no such network, or its weights are damaged.
pub fn network_state_dict(
    folder: &StyleFolder,
    manifest: &Manifest,
    network: &str,
) -> Result<NamedTensors, StyleError> {
    let has = networks(folder)?;
    // Where there are none at all, the file is missing.
    if !has.is_empty() && !has.iter().any(|name| name == network) {
        return Err(StyleError::NoSuchNetwork {
            style: folder.name(),
            network: network.to_owned(),
            has,
        });
    }
    let weights = read_weights(&folder.weights(network))?;
    Ok(weights.with_num_batches_tracked(manifest.training.steps))
}

/// The stems of the weight files in a style's folder, sorted.
fn networks(folder: &StyleFolder) -> Result<Vec<String>, StyleError> {
    let unreadable = |source| FileError {
        action: "read",
        path: folder.path().to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.path()).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|end| end == "safetensors")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The weights of the generator, with the channels of its input and output; one that fills holes sees their mask too.
fn generator_weights(
    folder: &StyleFolder,
    manifest: &Manifest,
    direction: Option<Direction>,
    device: &Device,
) -> Result<(NamedTensors, [usize; 2]), StyleError> {
    if manifest.recipe.mode == Mode::Inpaint {
        let has = manifest.recipe.data.direction;
        if direction.is_some_and(|direction| direction != has) {
            return Err(StyleError::NoSuchDirection {
                style: folder.name(),
                has: has.name(),
            });
        }
        let network = load_inpainter(folder, manifest, device)?;
        let channels = manifest.recipe.data.input_channels;
        return Ok((
            NamedTensors::from_network(&network),
            [channels + 1, channels],
        ));
    }
    let (generator, channels) = load_generator(folder, manifest, direction, device)?;
    Ok((NamedTensors::from_network(&generator), channels))
}

/// The bytes of an ONNX model of the generator for `direction`, or for the style's own.
///
/// # Errors
/// The style has no generator for this direction, its weights are missing, damaged or of another network, or the model
/// is too large for a file.
pub fn generator_onnx(
    folder: &StyleFolder,
    manifest: &Manifest,
    direction: Option<Direction>,
    norm_stats: NormStats,
    device: &Device,
) -> Result<Vec<u8>, StyleError> {
    let recipe = &manifest.recipe;
    if recipe.generator.arch.is_context_encoder() {
        return Err(StyleError::NoOnnx {
            style: folder.name(),
            arch: recipe.generator.arch.name(),
        });
    }
    let (weights, channels) = generator_weights(folder, manifest, direction, device)?;
    let direction = direction.unwrap_or(recipe.data.direction);
    let mut properties = vec![
        ("style", folder.name()),
        ("mode", recipe.mode.name().to_owned()),
        ("direction", direction.name().to_owned()),
    ];
    if recipe.mode == Mode::Pix2pixhd {
        properties.push((INPUT, input_text(recipe)));
    }
    for (key, value) in [("author", &manifest.author), ("licence", &manifest.licence)] {
        properties.extend(value.clone().map(|value| (key, value)));
    }
    let model = onnx_model(&recipe.generator, channels, weights, norm_stats, properties);
    let model = model.map_err(|source| StyleError::BadWeights {
        path: folder.path().to_owned(),
        source,
    })?;
    Ok(onnx_file(&model)?)
}

/// What the channels of the input of a generator of pix2pixHD are.
fn input_text(recipe: &Recipe) -> String {
    let (data, features) = (&recipe.data, recipe.encoder.features);
    let mut parts = Vec::new();
    parts.push(match data.label_channels() {
        0 => format!("{} channels of a picture", data.input_channels),
        channels => {
            let classes = data.classes;
            let further = if channels > classes {
                " and one for unlabelled pixels"
            } else {
                ""
            };
            format!(
                "one channel for each of {classes} classes{further}, 1 in its pixels and 0 elsewhere"
            )
        }
    });
    if data.instances {
        parts.push("edges of instances, 1 on both sides and 0 elsewhere".to_owned());
    }
    if features > 0 {
        parts.push(format!("{features} features of the instance of each pixel"));
    }
    parts.join("; ")
}
