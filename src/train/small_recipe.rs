//! The smaller recipe in the program, for those whose run takes too long.

use std::fmt::Write as _;

use crate::config::{BuiltinRecipe, Colours, Recipe, diff};

/// The settings that say what the pictures are and what is learnt of them, and not how large the networks are.
const DATA_KEYS: [&str; 12] = [
    "data.direction",
    "data.input_channels",
    "data.output_channels",
    "data.classes",
    "data.instances",
    "data.masks",
    "data.classes_from",
    "data.embeddings",
    "generator.latent",
    "generator.latent_at",
    "generator.condition",
    "generator.scale",
];

/// The flags that train the recipe's data with the small recipe of its mode; none where it is that small already.
pub(super) fn small_recipe_flags(recipe: &Recipe) -> Option<String> {
    let task = if recipe.generator.scale > 1 {
        "super-resolution"
    } else if recipe.data.colours == Colours::Lab {
        "colourise"
    } else if recipe.data.makes_inputs() {
        return None;
    } else {
        recipe.mode.name()
    };
    let name = format!("{task}-small");
    let small = BuiltinRecipe::find(&name).ok()?;
    let small = small.overlay().ok()?.resolve(recipe.mode).ok()?;
    let cost = |recipe: &Recipe| {
        recipe.data.crop_size.max(recipe.data.load_size) * recipe.generator.channels
    };
    if cost(recipe) <= cost(&small) {
        return None;
    }
    let mut flags = format!("--config {name}");
    for line in diff(&small, recipe) {
        let Some((key, values)) = line.split_once(": ") else {
            continue;
        };
        let now = values.rsplit_once(", now ").map_or("", |(_, now)| now);
        if DATA_KEYS.contains(&key) && now != "not set" {
            // Writing to a string cannot fail.
            let _ = write!(flags, " --set {key}={}", now.trim_matches('"'));
        }
    }
    Some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Direction, Mode};

    #[test]
    fn what_the_pictures_are_stays() {
        let mut recipe = Recipe::defaults(Mode::Pix2pix);
        recipe.data.direction = Direction::BToA;
        recipe.data.input_channels = 1;
        assert_eq!(
            small_recipe_flags(&recipe).unwrap(),
            "--config pix2pix-small --set data.direction=BtoA --set data.input_channels=1"
        );
        let named = |name: &str| {
            let recipe = BuiltinRecipe::find(name).unwrap().overlay().unwrap();
            recipe.resolve(Mode::Pix2pix).unwrap()
        };
        assert_eq!(
            small_recipe_flags(&named("super-resolution")).unwrap(),
            "--config super-resolution-small --set generator.scale=4"
        );
        let colours = small_recipe_flags(&named("colourise")).unwrap();
        assert_eq!(colours, "--config colourise-small");
        assert_eq!(small_recipe_flags(&named("denoise")), None);
        let small = BuiltinRecipe::find("cycle-small").unwrap();
        let small = small.overlay().unwrap().resolve(Mode::Cycle).unwrap();
        assert_eq!(small_recipe_flags(&small), None);
    }
}
