//! Recipes of a few settings, for tests.

use super::{Mode, Overlay, Recipe};

/// The recipe of `mode` with these settings, `section.key=value` each, or what is wrong with them.
pub(super) fn resolved(mode: Mode, settings: &[&str]) -> Result<Recipe, String> {
    let mut overlay = Overlay::default();
    for setting in settings {
        overlay.set(setting).map_err(|error| error.to_string())?;
    }
    overlay.resolve(mode).map_err(|error| error.to_string())
}
