//! The training of the networks of a recipe.

use burn::tensor::Device;

use super::autoencoder::Autoencoder;
use super::cascade::Cascade;
use super::generate::Generate;
use super::staged_generator::StagedGenerator;
use crate::config::{GeneratorArch, Recipe};
use crate::method::Method;
use crate::style::StyleError;

/// The method of a recipe of mode generate or vae with fresh weights on `device` (without automatic differentiation).
///
/// # Errors
/// The recipe names a first stage that cannot be read or does not go with it.
pub fn method(recipe: &Recipe, device: &Device) -> Result<Box<dyn Method>, StyleError> {
    if recipe.mode.encodes() {
        return Ok(Box::new(Autoencoder::new(recipe, device)));
    }
    if recipe.generator.arch == GeneratorArch::Laplacian {
        return Ok(Box::new(Cascade::new(recipe, device)));
    }
    let method = Generate::new(recipe, device);
    Ok(Box::new(
        match StagedGenerator::first_stage(recipe, None, device)? {
            Some(first) => method.with_first_stage(first),
            None => method,
        },
    ))
}
