//! The training of the networks of a recipe.

use burn::tensor::Device;

use super::cascade::Cascade;
use super::generate::Generate;
use super::staged_generator::StagedGenerator;
use crate::config::{GeneratorArch, Recipe};
use crate::method::Method;
use crate::style::StyleError;

/// The method of a recipe of mode generate with fresh weights on `device` (without automatic differentiation).
///
/// # Errors
/// The recipe names a first stage that cannot be read or does not go with it.
pub fn generate_method(recipe: &Recipe, device: &Device) -> Result<Box<dyn Method>, StyleError> {
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
