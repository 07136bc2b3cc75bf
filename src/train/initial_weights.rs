//! The weights that a run begins with, where they are those of another style.

use std::fmt::Write as _;

use super::error::TrainError;
use crate::config::Recipe;
use crate::method::Method;
use crate::style::{Manifest, StyleError, StyleFolder, initial_stem, style_weights};

/// The initial weights of a run.
pub struct InitialWeights {
    /// Networks with loaded weights.
    pub loaded: Vec<String>,
    /// Networks with fresh weights.
    pub fresh: Vec<&'static str>,
}

/// Loads the weights that the style `source` has for the networks of the method, which `recipe` trains. A discriminator that took no
/// part in the training of the style has learnt nothing, and may be another network than that of `recipe`: it is left fresh.
///
/// # Errors
/// There are none, or one is damaged or belongs to other networks.
pub fn load_initial_weights(
    source: &StyleFolder,
    recipe: &Recipe,
    method: &mut dyn Method,
) -> Result<InitialWeights, TrainError> {
    let stems = method.networks();
    let (mut loaded, mut fresh) = (Vec::new(), Vec::new());
    let is_untrained = |stem: &str| {
        let is_silent = |style: Manifest| !style.recipe.has_discriminator();
        stem == "discriminator" && Manifest::read(source).is_ok_and(is_silent)
    };
    for &stem in stems {
        let file = initial_stem(source, recipe, stem);
        if !source.has_weights(file) || is_untrained(stem) {
            fresh.push(stem);
            continue;
        }
        let (path, weights) = (source.weights(file), style_weights(source, file)?);
        let (taken, all) = method
            .warm_start(stem, weights)
            .map_err(|source| TrainError::Style(StyleError::BadWeights { path, source }))?;
        let mut text = stem.to_owned();
        // Writing to a string cannot fail.
        if file != stem {
            let _ = write!(text, " from {file}");
        }
        if taken < all {
            let _ = write!(text, " ({taken} of {all} tensors)");
        }
        loaded.push(text);
    }
    if loaded.is_empty() {
        let wanted: Vec<String> = stems
            .iter()
            .map(|stem| format!("{stem}.safetensors"))
            .collect();
        return Err(TrainError::NoInitialWeights {
            folder: source.path().to_owned(),
            wanted: wanted.join(", "),
        });
    }
    Ok(InitialWeights { loaded, fresh })
}
