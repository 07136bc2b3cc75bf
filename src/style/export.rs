//! A style's networks as PyTorch state dicts.

use burn::tensor::Device;

use super::error::StyleError;
use super::filters::with_filters;
use super::folder::StyleFolder;
use super::inpainter::load_inpainter;
use super::manifest::Manifest;
use super::weights::{load_generator, style_weights};
use crate::config::{Direction, Mode};
use crate::nn::NamedTensors;

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
    if manifest.recipe.mode.makes_pictures() && direction.is_none() {
        return network_state_dict(folder, manifest, "generator");
    }
    let (weights, _) = generator_weights(folder, manifest, direction, device)?;
    let weights = with_filters(weights, &manifest.recipe, "generator");
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
    let has = folder.networks()?;
    // Where there are none at all, the file is missing.
    if !has.is_empty() && !has.iter().any(|name| name == network) {
        return Err(StyleError::NoSuchNetwork {
            style: folder.name(),
            network: network.to_owned(),
            has,
        });
    }
    let weights = style_weights(folder, network)?;
    let weights = with_filters(weights, &manifest.recipe, network);
    Ok(weights.with_num_batches_tracked(manifest.training.steps))
}

/// The weights of the generator, with the channels of what it takes, without the mask of holes, and of what it gives.
pub(super) fn generator_weights(
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
        return Ok((NamedTensors::from_network(&network), [channels; 2]));
    }
    let (generator, channels) = load_generator(folder, manifest, direction, device)?;
    Ok((NamedTensors::from_network(&generator), channels))
}
