//! Inputs that are made of their targets, and what goes together with them.

use super::architectures::GeneratorArch;
use super::colours::Colours;
use super::degradation::{Degradation, USUAL_BLUR, USUAL_NOISE};
use super::error::ConfigError;
use super::mode::Mode;
use super::options::{Direction, Pages, Upsample};
use super::recipe::Recipe;
use super::sections::DataRecipe;
use super::validation::require;

impl DataRecipe {
    /// Whether the data set has the targets alone, of which the inputs are made.
    pub fn makes_inputs(&self) -> bool {
        !self.degrade.is_empty() || self.colours == Colours::Lab
    }

    /// Whether inputs are spoilt in this way.
    pub fn degrades_by(&self, kind: Degradation) -> bool {
        self.degrade.contains(&kind)
    }
}

impl Recipe {
    /// Validates super-resolution, and the other tasks whose inputs are made.
    pub(super) fn validate_made_inputs(&self) -> Result<(), ConfigError> {
        self.validate_srresnet()?;
        let (data, scale) = (&self.data, self.generator.scale);
        for (index, kind) in data.degrade.iter().enumerate() {
            let is_new = !data.degrade[..index].contains(kind);
            require(is_new, "data.degrade", || {
                format!("names \"{}\" twice", kind.name())
            })?;
        }
        let shrinks = data.degrades_by(Degradation::Downscale);
        require(!shrinks || scale > 1, "data.degrade", || {
            "\"downscale\" needs a generator that enlarges: `generator.arch = \"srresnet\"` and `generator.scale` of 2, 4 or 8"
                .to_owned()
        })?;
        require(shrinks || scale == 1, "generator.scale", || {
            "above 1 needs inputs that are smaller than their targets: `data.degrade = [\"downscale\"]`"
                .to_owned()
        })?;
        for (key, kind, [low, high], usual, most) in [
            (
                "data.blur",
                Degradation::Blur,
                span(&data.blur),
                USUAL_BLUR,
                20.0,
            ),
            (
                "data.noise",
                Degradation::Noise,
                span(&data.noise),
                USUAL_NOISE,
                255.0,
            ),
        ] {
            let is_span = (0.0..=high).contains(&low) && high > 0.0 && high <= most;
            require(is_span, key, || {
                format!(
                    "must be [low, high], from 0 to {most}, with high above 0 and not below low"
                )
            })?;
            let is_usual = low.total_cmp(&usual[0]).is_eq() && high.total_cmp(&usual[1]).is_eq();
            require(data.degrades_by(kind) || is_usual, key, || {
                format!(
                    "has no effect without \"{}\" in `data.degrade`",
                    kind.name()
                )
            })?;
        }
        self.validate_lab()?;
        if !data.makes_inputs() {
            return Ok(());
        }
        require(data.direction == Direction::AToB, "data.direction", || {
            "has no effect where inputs are made of their targets: leave it at \"AtoB\"".to_owned()
        })?;
        require(data.pages == Pages::First, "data.pages", || {
            "\"all\" does not go with inputs that are made of their targets: split the files into pages first"
                .to_owned()
        })?;
        let same = data.input_channels == data.output_channels;
        require(
            same || data.colours == Colours::Lab,
            "data.output_channels",
            || "must equal `data.input_channels`: inputs are made of their targets".to_owned(),
        )
    }

    fn validate_lab(&self) -> Result<(), ConfigError> {
        let data = &self.data;
        if data.colours != Colours::Lab {
            return Ok(());
        }
        for (key, value, wanted) in [
            ("data.input_channels", data.input_channels, 1),
            ("data.output_channels", data.output_channels, 2),
        ] {
            require(value == wanted, key, || {
                format!(
                    "must be {wanted} with `data.colours = \"lab\"`: lightness goes in, a and b come out"
                )
            })?;
        }
        require(data.degrade.is_empty(), "data.degrade", || {
            "does not go with `data.colours = \"lab\"`, whose input is the lightness as it is"
                .to_owned()
        })?;
        require(data.range.is_empty(), "data.range", || {
            "does not go with `data.colours = \"lab\"`, which is of colours in 8 or 16 bits"
                .to_owned()
        })?;
        require(
            !self.loss.is_perceptual(),
            "loss.perceptual_weights",
            || {
                "does not go with `data.colours = \"lab\"`: VGG19 sees red, green and blue"
                    .to_owned()
            },
        )
    }

    fn validate_srresnet(&self) -> Result<(), ConfigError> {
        let generator = &self.generator;
        let is_srresnet = generator.arch == GeneratorArch::Srresnet;
        let has_own_blocks = self.mode == Mode::Pix2pixhd;
        require(
            !is_srresnet || self.mode == Mode::Pix2pix,
            "generator.arch",
            || {
                format!(
                    "\"srresnet\" is for mode pix2pix, not for mode {}",
                    self.mode.name()
                )
            },
        )?;
        if !is_srresnet {
            let usual = Self::defaults(self.mode).generator;
            require(generator.scale == 1, "generator.scale", || {
                "has an effect only with `generator.arch = \"srresnet\"`: set it to 1".to_owned()
            })?;
            require(!generator.residual, "generator.residual", || {
                "has an effect only with `generator.arch = \"srresnet\"`: set it to false"
                    .to_owned()
            })?;
            return require(
                has_own_blocks || generator.blocks == usual.blocks,
                "generator.blocks",
                || {
                    "has an effect only with `generator.arch = \"srresnet\"`: leave it out"
                        .to_owned()
                },
            );
        }
        require(
            matches!(generator.scale, 1 | 2 | 4 | 8),
            "generator.scale",
            || format!("must be 1, 2, 4 or 8, not {}", generator.scale),
        )?;
        require(
            !generator.residual || self.data.input_channels == self.data.output_channels,
            "generator.residual",
            || {
                "adds the input to the output: `data.input_channels` must equal `data.output_channels`".to_owned()
            },
        )?;
        require(generator.blocks <= 64, "generator.blocks", || {
            "must be at most 64".to_owned()
        })?;
        require(!generator.dropout, "generator.dropout", || {
            "has no effect with `generator.arch = \"srresnet\"`, which has none: set it to false"
                .to_owned()
        })?;
        require(
            generator.upsample == Upsample::Deconv,
            "generator.upsample",
            || {
                "has no effect with `generator.arch = \"srresnet\"`, which shuffles pixels: leave it out"
                    .to_owned()
            },
        )
    }
}

/// The two ends, or what no check lets pass.
fn span(values: &[f64]) -> [f64; 2] {
    match values {
        &[low, high] => [low, high],
        _ => [f64::NAN; 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::resolved as resolve;

    const SRRESNET: [&str; 2] = ["generator.arch=srresnet", "generator.dropout=false"];

    #[test]
    fn tasks_are_settings_of_pix2pix() {
        let mut larger = SRRESNET.to_vec();
        larger.extend(["generator.scale=4", "data.degrade=downscale"]);
        let recipe = resolve(Mode::Pix2pix, &larger).unwrap();
        assert!(recipe.data.makes_inputs());
        assert_eq!(recipe.generator.blocks, 16);
        larger.extend(["data.degrade=blur,downscale,noise", "data.noise=0.5,3"]);
        let recipe = resolve(Mode::Pix2pix, &larger).unwrap();
        assert_eq!(recipe.data.noise, [0.5, 3.0]);
        let lab = [
            "data.colours=lab",
            "data.input_channels=1",
            "data.output_channels=2",
        ];
        assert!(resolve(Mode::Pix2pix, &lab).unwrap().data.makes_inputs());
        let recipe = resolve(Mode::Pix2pix, &[]).unwrap();
        assert!(!recipe.data.makes_inputs());
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_a_remedy() {
        let with = |more: &[&'static str]| [&SRRESNET[..], more].concat();
        for (settings, part) in [
            (with(&["generator.scale=3"]), "must be 1, 2, 4 or 8"),
            (
                with(&["generator.scale=4"]),
                "data.degrade = [\"downscale\"]",
            ),
            (
                with(&["data.degrade=downscale"]),
                "a generator that enlarges",
            ),
            (with(&["generator.upsample=resize"]), "shuffles pixels"),
            (
                with(&[
                    "generator.scale=8",
                    "data.degrade=downscale",
                    "data.crop_size=60",
                ]),
                "a multiple of 8",
            ),
            (
                with(&[
                    "generator.scale=8",
                    "data.degrade=downscale",
                    "data.crop_size=56",
                ]),
                "at least 64",
            ),
            (vec!["generator.arch=srresnet"], "has none"),
            (vec!["generator.scale=2"], "only with `generator.arch"),
            (vec!["generator.blocks=4"], "only with `generator.arch"),
            (vec!["generator.residual=true"], "only with `generator.arch"),
            (
                with(&["generator.residual=true", "data.output_channels=1"]),
                "must equal `data.output_channels`",
            ),
            (vec!["data.degrade=blur,blur"], "twice"),
            (vec!["data.noise=3,9"], "without \"noise\""),
            (vec!["data.degrade=noise", "data.noise=9,3"], "[low, high]"),
            (vec!["data.degrade=noise", "data.noise=9"], "must be a list"),
            (vec!["data.degrade=blur", "data.blur=0,21"], "from 0 to 20"),
            (vec!["data.degrade=blur", "data.direction=BtoA"], "AtoB"),
            (vec!["data.degrade=blur", "data.pages=all"], "into pages"),
            (
                vec!["data.degrade=blur", "data.input_channels=1"],
                "must equal",
            ),
            (vec!["data.colours=lab"], "must be 1 with"),
            (vec!["loss.adversarial=0", "loss.l1=0"], "nothing to learn"),
            (
                vec!["loss.adversarial=0", "loss.feature_means=1"],
                "leaves the discriminator out",
            ),
        ] {
            let message = resolve(Mode::Pix2pix, &settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        for mode in [
            Mode::Cycle,
            Mode::Contrastive,
            Mode::Inpaint,
            Mode::Pix2pixhd,
        ] {
            for setting in ["data.degrade=blur", "generator.scale=2", "data.colours=lab"] {
                let message = resolve(mode, &[setting]).unwrap_err();
                assert!(message.contains("has no effect in mode"), "{message}");
            }
            assert!(resolve(mode, &SRRESNET).is_err());
        }
    }
}
