//! Several looks of one input: the latent code that a generator of mode pix2pix may take.

use super::error::ConfigError;
use super::latent_place::LatentPlace;
use super::mode::Mode;
use super::options::{GanObjective, NormKind};
use super::recipe::Recipe;
use super::validation::require;

impl Recipe {
    /// Whether the generator takes a latent code beside its input, so that one input has several looks.
    pub fn has_latent_code(&self) -> bool {
        self.mode == Mode::Pix2pix && self.generator.latent > 0
    }

    /// Whether samples of one input differ: by a latent code, or by instance features (pix2pixhd).
    pub fn has_several_looks(&self) -> bool {
        match self.mode {
            Mode::Pix2pixhd => self.encoder.features > 0,
            _ => self.has_latent_code(),
        }
    }

    /// What Zhu et al., "Toward Multimodal Image-to-Image Translation", 2017 (BicycleGAN), and its code have where pix2pix differs.
    /// A recipe of mode pix2pix that asks for a code has these defaults.
    pub fn apply_latent_defaults(&mut self) {
        self.generator.norm = NormKind::Instance;
        self.generator.dropout = false;
        self.discriminator.norm = NormKind::Instance;
        self.loss.gan = GanObjective::Lsgan;
        self.loss.l1 = 10.0;
    }

    /// Validates what belongs to the latent code.
    pub(super) fn validate_latent(&self) -> Result<(), ConfigError> {
        if self.mode.makes_pictures() {
            return Ok(());
        }
        if self.mode != Mode::Pix2pix {
            return require(self.generator.latent == 0, "generator.latent", || {
                format!(
                    "a latent code is for modes pix2pix, generate and vae, not {}",
                    self.mode.name()
                )
            });
        }
        let Self {
            generator, encoder, ..
        } = self;
        if !self.has_latent_code() {
            return self.require_no_latent_keys();
        }
        for (key, value, min, max) in [
            ("generator.latent", generator.latent, 1, 512),
            ("encoder.channels", encoder.channels, 1, 1_024),
            ("encoder.downsamplings", encoder.downsamplings, 2, 8),
        ] {
            require((min..=max).contains(&value), key, || {
                format!("must be from {min} to {max}")
            })?;
        }
        require(
            generator.latent_at == LatentPlace::Input || generator.arch.is_unet(),
            "generator.latent_at",
            || {
                format!(
                    "\"all\" is for U-Nets, and `generator.arch` is \"{}\": take \"input\"",
                    generator.arch.name()
                )
            },
        )?;
        let smallest = 1 << encoder.downsamplings;
        require(
            self.data.crop_size >= smallest,
            "encoder.downsamplings",
            || {
                format!(
                    "so many halvings need pictures of {smallest} pixels or more, and `data.crop_size` is {}: take fewer",
                    self.data.crop_size
                )
            },
        )
    }

    /// Refuses keys that change nothing without a code.
    fn require_no_latent_keys(&self) -> Result<(), ConfigError> {
        let usual = Self::defaults(Mode::Pix2pix);
        let is_usual = |value: f64, usual: f64| value.to_bits() == usual.to_bits();
        for (key, is_left) in [
            (
                "generator.latent_at",
                self.generator.latent_at == usual.generator.latent_at,
            ),
            (
                "encoder.channels",
                self.encoder.channels == usual.encoder.channels,
            ),
            (
                "encoder.downsamplings",
                self.encoder.downsamplings == usual.encoder.downsamplings,
            ),
            (
                "discriminator.shared",
                self.discriminator.shared == usual.discriminator.shared,
            ),
            ("loss.kl", is_usual(self.loss.kl, usual.loss.kl)),
            ("loss.latent", is_usual(self.loss.latent, usual.loss.latent)),
        ] {
            require(is_left, key, || {
                "has no effect without `generator.latent`, the length of the code: add `generator.latent = 8`, or leave it out".to_owned()
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overlay;
    use crate::config::settings::resolved as resolve;

    #[test]
    fn with_a_code_the_defaults_are_those_of_its_paper() {
        let recipe = resolve(Mode::Pix2pix, &["generator.latent=8"]).unwrap();
        assert_eq!(recipe.loss.gan, GanObjective::Lsgan);
        assert_eq!(recipe.generator.norm, NormKind::Instance);
        assert!(!recipe.generator.dropout);
        let weights = [recipe.loss.l1, recipe.loss.kl, recipe.loss.latent];
        assert_eq!(
            weights.map(f64::to_bits),
            [10.0, 0.01, 0.5].map(f64::to_bits)
        );
        // A saved recipe is read as it is.
        let saved = Overlay::from_toml(&recipe.to_toml(), "saved").unwrap();
        assert_eq!(saved.resolve(Mode::Pix2pix).unwrap(), recipe);
        let own = ["generator.latent=8", "loss.l1=3"];
        let own = resolve(Mode::Pix2pix, &own).unwrap();
        assert_eq!(own.loss.l1.to_bits(), 3.0f64.to_bits());
        let without = resolve(Mode::Pix2pix, &[]).unwrap();
        assert_eq!(without, Recipe::defaults(Mode::Pix2pix));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let latent = "generator.latent=8";
        for (settings, part) in [
            (&["loss.kl=1"][..], "no effect without `generator.latent`"),
            (&["discriminator.shared=true"], "no effect without"),
            (&["encoder.channels=8"], "no effect without"),
            (
                &[
                    latent,
                    "generator.latent_at=all",
                    "generator.arch=resnet_9blocks",
                ],
                "\"all\" is for U-Nets",
            ),
            (&[latent, "encoder.downsamplings=9"], "from 2 to 8"),
            (&[latent, "loss.kl=-1"], "0 or more"),
            (&["generator.latent=1000"], "from 1 to 512"),
            (
                &[
                    latent,
                    "generator.arch=unet_64",
                    "data.crop_size=64",
                    "encoder.downsamplings=7",
                ],
                "`data.crop_size` is 64",
            ),
        ] {
            let error = resolve(Mode::Pix2pix, settings).unwrap_err();
            assert!(error.contains(part), "{settings:?}: {error}");
        }
        for mode in [
            Mode::Cycle,
            Mode::Contrastive,
            Mode::Pix2pixhd,
            Mode::Inpaint,
        ] {
            let error = resolve(mode, &[latent]).unwrap_err();
            assert!(error.contains("has no effect in mode"), "{error}");
        }
    }
}
