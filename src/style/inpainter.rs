//! The network of a style that fills holes.

use burn::tensor::Device;

use super::error::StyleError;
use super::folder::StyleFolder;
use super::manifest::Manifest;
use super::weights::mapped_style_weights;
use crate::config::Mode;
use crate::inpainting::Inpainter;
use crate::nn::WeightInit;

/// The style's network, on `device`. It calculates with the recipe's precision.
///
/// # Errors
/// The style is of another mode, or its weights are missing, damaged or of another network.
pub fn load_inpainter(
    folder: &StyleFolder,
    manifest: &Manifest,
    device: &Device,
) -> Result<Inpainter, StyleError> {
    let recipe = &manifest.recipe;
    if recipe.mode != Mode::Inpaint {
        return Err(StyleError::FillsNoHoles {
            style: folder.name(),
            mode: recipe.mode.name(),
        });
    }
    let path = folder.weights("generator");
    let weights = mapped_style_weights(folder, "generator")?;
    let mut init = WeightInit::zeros(device).with_precision(recipe.train.precision);
    let network = Inpainter::new(&mut init, recipe);
    weights
        .load_into(network)
        .map_err(|source| StyleError::BadWeights { path, source })
}
