//! Latent codes of generators that discriminators recognise (InfoGAN).

use crate::config::error::ConfigError;
use crate::config::recipe::Recipe;
use crate::config::sections::SynthesisRecipe;
use crate::config::validation::require;

/// Most categories of a code.
const MAX_CATEGORIES: usize = 4_096;
/// Most codes of each kind.
const MAX_CODES: usize = 64;

impl Recipe {
    /// Values of the latent codes of a picture: one for each category of each, and those of the continuous ones.
    pub fn code_count(&self) -> usize {
        let SynthesisRecipe {
            categories,
            continuous,
            ..
        } = &self.synthesis;
        categories.iter().sum::<usize>() + continuous
    }

    /// Values that tell the generator of a picture beside its noise: those of its class or vector, and of its latent codes.
    pub fn told_count(&self) -> usize {
        self.class_count() + self.code_count()
    }

    pub(in crate::config) fn validate_latent_codes(&self) -> Result<(), ConfigError> {
        let SynthesisRecipe {
            categories,
            continuous,
            ..
        } = &self.synthesis;
        require(
            categories.len() <= MAX_CODES,
            "synthesis.categories",
            || {
                format!(
                    "has {} codes, and {MAX_CODES} are the most",
                    categories.len()
                )
            },
        )?;
        let fits = |count: &usize| (2..=MAX_CATEGORIES).contains(count);
        require(categories.iter().all(fits), "synthesis.categories", || {
            format!("must have from 2 to {MAX_CATEGORIES} categories for each code")
        })?;
        require(*continuous <= MAX_CODES, "synthesis.continuous", || {
            format!("must be at most {MAX_CODES}")
        })?;
        let usual = SynthesisRecipe::usual();
        for (key, codes, has_codes, weight, usual) in [
            (
                "synthesis.categories_weight",
                "synthesis.categories",
                !categories.is_empty(),
                self.synthesis.categories_weight,
                usual.categories_weight,
            ),
            (
                "synthesis.continuous_weight",
                "synthesis.continuous",
                *continuous > 0,
                self.synthesis.continuous_weight,
                usual.continuous_weight,
            ),
        ] {
            require(has_codes || weight.total_cmp(&usual).is_eq(), key, || {
                format!("has no effect without `{codes}`")
            })?;
            require(
                weight > 0.0 && weight.is_finite() || !has_codes,
                key,
                || format!("must be above 0: without it nothing would follow `{codes}`"),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;
    use crate::config::settings::resolved;

    fn resolve(settings: &[&str]) -> Result<Recipe, String> {
        resolved(Mode::Generate, settings)
    }

    #[test]
    fn generators_are_told_classes_and_codes() {
        let recipe = resolve(&["synthesis.categories=10,3", "synthesis.continuous=2"]);
        let recipe = recipe.unwrap();
        assert_eq!((recipe.class_count(), recipe.code_count()), (0, 15));
        let recipe = resolve(&[
            "synthesis.categories=[4]",
            "data.classes_from=folders",
            "generator.condition=concat",
        ]);
        assert_eq!(recipe.unwrap().told_count(), 5);
        assert_eq!(resolve(&[]).unwrap().told_count(), 0);
    }

    #[test]
    fn codes_that_mean_nothing_are_refused() {
        for (settings, part) in [
            (&["synthesis.categories=[1]"][..], "from 2 to 4096"),
            (&["synthesis.continuous=65"], "at most 64"),
            (
                &["synthesis.categories_weight=2"],
                "no effect without `synthesis.categories`",
            ),
            (
                &["synthesis.continuous_weight=2", "synthesis.categories=[2]"],
                "no effect without `synthesis.continuous`",
            ),
            (
                &["synthesis.continuous=1", "synthesis.continuous_weight=0"],
                "above 0",
            ),
        ] {
            let message = resolve(settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        let error = resolved(Mode::Vae, &["synthesis.continuous=1"]).unwrap_err();
        assert!(error.contains("has no effect in mode vae"), "{error}");
    }
}
