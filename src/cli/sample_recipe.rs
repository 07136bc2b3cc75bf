//! The recipe for those who name neither pictures nor a recipe.

use crate::config::{BuiltinRecipe, ConfigError, Mode, Overlay, Samples};

/// The small recipe of `mode`, with as many epochs of the sample in the program as two CPU cores do in less than five minutes.
///
/// # Errors
/// The recipe in the program is wrong, which a test excludes.
pub(super) fn sample_recipe(mode: Mode) -> Result<Overlay, ConfigError> {
    let origin = "the recipe for the sample";
    let mut overlay = BuiltinRecipe::find(&format!("{}-small", mode.name()))?.overlay()?;
    let epochs = match mode.samples() {
        // Of 20 pictures.
        Samples::Sets if mode == Mode::Contrastive => 24,
        // Of as many, or of 48 pairs.
        Samples::Sets | Samples::Pairs => 30,
        // Of 3 batches.
        Samples::Holes => 300,
        // Of 2 batches.
        Samples::Pictures => 150,
        // Of 24 maps, after as many of the smaller network alone.
        Samples::Maps => {
            overlay.insert("optim", "global_epochs", 8, origin)?;
            overlay.insert("optim", "fix_global_epochs", 1, origin)?;
            8
        }
    };
    let constant = epochs / 2;
    overlay.insert("optim", "epochs", constant, origin)?;
    overlay.insert("optim", "decay_epochs", epochs - constant, origin)?;
    // Its results are to be seen while it runs.
    overlay.insert("train", "preview_every", 100, origin)?;
    Ok(overlay)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::config::Recipe;

    #[test]
    fn every_mode_has_a_recipe_for_the_sample_that_is_small() {
        for &mode in Mode::value_variants() {
            let recipe = sample_recipe(mode).unwrap().resolve(mode).unwrap();
            assert!(recipe.data.crop_size <= 128 && recipe.generator.channels <= 32);
            assert!(recipe.total_epochs() < Recipe::defaults(mode).total_epochs());
        }
    }
}
