//! What goes together in mode pix2pixhd.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::error::ConfigError;
use super::mode::Mode;
use super::options::{Direction, Preprocess};
use super::recipe::Recipe;
use super::validation::require;

impl Recipe {
    /// Validates what belongs to mode pix2pixhd.
    pub(super) fn validate_coarse_to_fine(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            encoder,
            discriminator,
            optim,
            ..
        } = self;
        let coarse_to_fine = self.mode == Mode::Pix2pixhd;
        let mode = self.mode.name();
        require(
            generator.arch.is_coarse_to_fine() == coarse_to_fine,
            "generator.arch",
            || {
                let right = if coarse_to_fine {
                    "\"global\" or \"local\""
                } else {
                    "a U-Net, a ResNet or \"srresnet\""
                };
                format!(
                    "mode {mode} takes {right}, not \"{}\"",
                    generator.arch.name()
                )
            },
        )?;
        require(
            (discriminator.arch == DiscriminatorArch::Multiscale) == coarse_to_fine,
            "discriminator.arch",
            || {
                let right = if coarse_to_fine {
                    "\"multiscale\""
                } else {
                    "\"patch\" or \"pixel\""
                };
                format!("mode {mode} takes {right}")
            },
        )?;
        if !coarse_to_fine {
            return Ok(());
        }
        for (key, value, min, max) in [
            ("data.classes", data.classes, 0, 4_096),
            ("generator.downsamplings", generator.downsamplings, 1, 8),
            ("generator.blocks", generator.blocks, 0, 64),
            ("generator.enhancers", generator.enhancers, 1, 4),
            (
                "generator.enhancer_blocks",
                generator.enhancer_blocks,
                0,
                64,
            ),
            ("discriminator.scales", discriminator.scales, 1, 8),
            ("encoder.features", encoder.features, 0, 64),
            ("encoder.channels", encoder.channels, 1, 1_024),
            ("encoder.downsamplings", encoder.downsamplings, 1, 8),
            ("encoder.clusters", encoder.clusters, 1, 1_000),
            ("optim.global_epochs", optim.global_epochs, 0, 1_000_000_000),
            (
                "optim.global_decay_epochs",
                optim.global_decay_epochs,
                0,
                1_000_000_000,
            ),
        ] {
            require((min..=max).contains(&value), key, || {
                format!("must be from {min} to {max}")
            })?;
        }
        require(
            data.classes == 0 || data.direction == Direction::AToB,
            "data.direction",
            || "label maps are always the input: leave it at \"AtoB\"".to_owned(),
        )?;
        data.validate_labels()?;
        require(
            encoder.features == 0 || 1 << encoder.downsamplings <= generator.size_multiple(),
            "encoder.downsamplings",
            || "must not be more than the generator halves the size".to_owned(),
        )?;
        require(
            encoder.features == 0 || data.classes > 0 || data.instances,
            "encoder.features",
            || {
                "needs instance maps (`train_inst/`) or label maps, which tell the instances apart: set it to 0".to_owned()
            },
        )?;
        let local = generator.arch == GeneratorArch::Local;
        for (key, value) in [
            ("optim.global_epochs", optim.global_epochs),
            ("optim.global_decay_epochs", optim.global_decay_epochs),
            ("optim.fix_global_epochs", optim.fix_global_epochs),
        ] {
            require(local || value == 0, key, || {
                "has an effect only with `generator.arch = \"local\"`: set it to 0".to_owned()
            })?;
        }
        let resized = !matches!(data.preprocess, Preprocess::Crop | Preprocess::None);
        require(!self.is_staged() || resized, "data.preprocess", || {
            "\"crop\" and \"none\" take pictures as they are, and the first stage needs smaller ones: take another, or set `optim.global_epochs` and `optim.global_decay_epochs` to 0 and train stage by stage with `--init-from`".to_owned()
        })
    }
}
