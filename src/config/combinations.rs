//! Parts of the paired mode that do not go together.

use super::architectures::GeneratorArch;
use super::colours::Colours;
use super::error::ConfigError;
use super::recipe::Recipe;
use super::validation::require;

impl Recipe {
    pub(super) fn validate_combinations(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            loss,
            train,
            ..
        } = self;
        let has_reference = self.needed_reference_batch() > 0;
        let makes_inputs = data.makes_inputs() || data.colours == Colours::Lab;
        let (latent, grow) = ("generator.latent", "train.grow");
        for (key, is_set, others) in [
            (
                latent,
                self.has_latent_code(),
                &[
                    ("`train.grow`", !train.grow.is_empty()),
                    ("`data.colours = \"lab\"`", data.colours == Colours::Lab),
                    (
                        "`generator.arch = \"srresnet\"`",
                        generator.arch == GeneratorArch::Srresnet,
                    ),
                    ("`loss.adversarial = 0`", loss.adversarial <= 0.0),
                    (
                        "`loss.perceptual_weights`",
                        !loss.perceptual_weights.is_empty(),
                    ),
                    ("reference and virtual batch norm", has_reference),
                ][..],
            ),
            (
                grow,
                !train.grow.is_empty(),
                &[("inputs that are made of their targets", makes_inputs)],
            ),
            (
                "generator.scale",
                generator.scale > 1,
                &[("reference and virtual batch norm", has_reference)],
            ),
        ] {
            let other = others.iter().find(|(_, is_too)| is_set && *is_too);
            require(other.is_none(), key, || {
                let (other, _) = other.expect("one was found");
                format!("does not go with {other}: leave one of them out")
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Mode, Overlay};

    #[test]
    fn what_does_not_go_together_is_named() {
        for (settings, key) in [
            (
                &["generator.latent=8", "loss.adversarial=0"][..],
                "generator.latent",
            ),
            (
                &["generator.latent=8", "generator.norm=virtual_batch"],
                "generator.latent",
            ),
            (
                &[
                    "generator.latent=8",
                    "generator.arch=unet_128",
                    "train.grow=[128,256]",
                ],
                "generator.latent",
            ),
            (
                &[
                    "data.degrade=[\"noise\"]",
                    "generator.arch=unet_128",
                    "train.grow=[128,256]",
                ],
                "train.grow",
            ),
        ] {
            let mut overlay = Overlay::default();
            for setting in settings {
                overlay.set(setting).unwrap();
            }
            let overlay = overlay.resolve(Mode::Pix2pix);
            let error = overlay.unwrap_err().to_string();
            assert!(
                error.contains(key) && error.contains("does not go with"),
                "{settings:?}: {error}"
            );
        }
    }
}
