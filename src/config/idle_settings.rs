//! Settings that the rest of a recipe has no use for.

use super::error::ConfigError;
use super::overlay::Overlay;
use super::recipe::Recipe;
use super::unused_keys::GAME;
use super::validation::require;

impl Overlay {
    /// Refuses what is asked for here and changes nothing in `recipe`, of which these settings are a part.
    ///
    /// This is for what is asked for in so many words. Recipe files may have such keys for runs that use them: those of the program
    /// name the metrics of their task, and only some runs are evaluated.
    ///
    /// # Errors
    /// The first such key, with what it needs.
    pub fn refuse_idle(&self, recipe: &Recipe) -> Result<(), ConfigError> {
        let is_idle = |section, key, is_used: bool, need: &str| {
            let is_asked = !is_used && self.has(section, key);
            require(!is_asked, &format!("{section}.{key}"), || {
                format!("has no effect {need}")
            })
        };
        let (train, loss) = (&recipe.train, &recipe.loss);
        is_idle(
            "train",
            "metrics",
            train.evaluate_every > 0 || train.metrics.is_empty(),
            "without `train.evaluate_every`, the steps from one evaluation to the next: add `train.evaluate_every = 1000`, or measure afterwards with `translate evaluate`",
        )?;
        is_idle(
            "train",
            "micro_batch",
            recipe.data.batch_size > 1,
            "where `data.batch_size` is 1",
        )?;
        is_idle(
            "loss",
            "perceptual",
            !loss.perceptual_weights.is_empty() || loss.perceptual == 0.0,
            "without `loss.perceptual_weights`, the file with the weights of VGG19",
        )?;
        for &(section, key) in GAME {
            is_idle(
                section,
                key,
                recipe.has_discriminator(),
                "where `loss.adversarial` is 0, which leaves the discriminator out",
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{BuiltinRecipe, Mode, Overlay};

    /// What is said of these settings on top of the recipe of this name in the program.
    fn refused(name: &str, settings: &[&str]) -> Option<String> {
        let mut overlay = BuiltinRecipe::find(name).unwrap().overlay().unwrap();
        let mode = overlay.mode().unwrap().unwrap();
        let mut asked = Overlay::default();
        for setting in settings {
            asked.set(setting).unwrap();
        }
        overlay.extend(asked.clone());
        let recipe = overlay.resolve(mode).unwrap();
        let refusal = asked.refuse_idle(&recipe).err()?;
        Some(refusal.to_string())
    }

    #[test]
    fn what_is_asked_for_must_have_an_effect() {
        for (name, settings, part) in [
            ("pix2pix", &["train.metrics=ssim"][..], "`train.metrics`: "),
            ("maps", &["train.metrics=l1"], "add `train.evaluate_every"),
            ("cycle", &["train.micro_batch=2"], "batch_size` is 1"),
            ("pix2pix", &["loss.perceptual=5"], "weights of VGG19"),
            ("denoise", &["discriminator.channels=8"], "is 0"),
            ("denoise", &["optim.lr_discriminator=1"], "is 0"),
            (
                "inpaint",
                &["loss.adversarial=0", "loss.gan=hinge"],
                "`loss.gan`: has no effect where `loss.adversarial` is 0",
            ),
        ] {
            let refusal = refused(name, settings).expect("this has no effect");
            assert!(refusal.contains(part), "{settings:?}: {refusal}");
        }
        for (name, settings) in [
            ("maps", &["train.metrics=l1", "train.evaluate_every=9"][..]),
            ("maps", &["train.metrics="]),
            ("cycle", &["train.micro_batch=2", "data.batch_size=4"]),
            ("maps", &["optim.lr=1"]),
            ("srgan", &["loss.perceptual_weights=vgg19.pth"]),
            ("srgan", &["loss.perceptual=0"]),
            (
                "denoise",
                &["loss.adversarial=0.1", "discriminator.channels=8"],
            ),
        ] {
            assert_eq!(refused(name, settings), None, "{settings:?}");
        }
    }

    #[test]
    fn recipes_of_the_program_may_name_what_only_some_runs_use() {
        for builtin in BuiltinRecipe::all() {
            let mode: Mode = builtin.overlay().unwrap().mode().unwrap().unwrap();
            let recipe = builtin.overlay().unwrap().resolve(mode).unwrap();
            Overlay::default().refuse_idle(&recipe).unwrap();
        }
    }
}
