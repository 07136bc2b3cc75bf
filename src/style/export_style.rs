//! Styles to be passed on.

use std::path::Path;

use super::error::StyleError;
use super::file_precision::FilePrecision;
use super::folder::StyleFolder;
use super::manifest::Manifest;
use super::weights::{style_weights, write_weights};
use crate::files;

/// Writes what is needed to apply a style into the folder `target`: generators, the clusters of instance features, the encoder of an
/// autoencoder, `style.toml` without the places of this machine, and the model card where there is one. Returns the number of networks.
///
/// # Errors
/// The style has no weights, or they are damaged or beyond the range of `precision`; or a file cannot be written.
pub fn export_style(
    folder: &StyleFolder,
    manifest: &Manifest,
    precision: FilePrecision,
    target: &StyleFolder,
) -> Result<usize, StyleError> {
    let mut networks = folder.networks()?;
    // Of an autoencoder both parts are used.
    let encodes = manifest.recipe.mode.encodes();
    networks.retain(|stem| {
        stem.starts_with("generator") || stem == "clusters" || (encodes && stem == "encoder")
    });
    if networks.is_empty() {
        return Err(StyleError::NoWeights(folder.weights("generator")));
    }
    files::create_folder(target.path())?;
    for stem in &networks {
        let path = target.weights(stem);
        let mut weights = style_weights(folder, stem)?;
        if precision == FilePrecision::F16 {
            let halves = weights.to_half();
            weights = halves.map_err(|source| StyleError::BadWeights {
                path: folder.weights(stem),
                source,
            })?;
        }
        write_weights(&path, &weights)?;
    }
    if let Some(card) = folder.model_card()? {
        files::write_atomically(&target.path().join("README.md"), card.as_bytes())?;
    }
    let mut manifest = manifest.clone();
    manifest.weights = precision;
    let recipe = &mut manifest.recipe;
    for place in [
        &mut recipe.data.root,
        &mut recipe.data.mask_folder,
        &mut recipe.loss.perceptual_weights,
    ] {
        place.clear();
    }
    let first_stage = &mut recipe.synthesis.first_stage;
    *first_stage = name_of(first_stage);
    let source = &mut manifest.training.initialised_from;
    *source = name_of(source);
    manifest.write(target)?;
    files::sync_folder(target.path())?;
    Ok(networks.len())
}

/// The last part of a path.
fn name_of(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
