//! What goes with norms that take their statistics from a reference batch.

use super::error::ConfigError;
use super::mode::Mode;
use super::options::Preprocess;
use super::recipe::Recipe;
use super::sections::usual_reference_batch;
use super::validation::require;
use crate::kernels::Precision;

impl Recipe {
    /// Pictures of the reference batch; 0 where no norm needs it.
    pub fn needed_reference_batch(&self) -> usize {
        let norms = [self.generator.norm, self.discriminator.norm];
        if norms.iter().any(|norm| norm.has_reference()) {
            self.data.reference_batch
        } else {
            0
        }
    }

    pub(super) fn validate_reference(&self) -> Result<(), ConfigError> {
        let Self { data, train, .. } = self;
        let norms = [
            ("generator.norm", self.generator.norm),
            ("discriminator.norm", self.discriminator.norm),
        ];
        let user = norms.into_iter().find(|(_, norm)| norm.has_reference());
        let Some((key, _)) = user else {
            return require(
                data.reference_batch == usual_reference_batch(),
                "data.reference_batch",
                || {
                    "has no effect without a norm of \"reference_batch\" or \"virtual_batch\""
                        .to_owned()
                },
            );
        };
        require(
            (2..=256).contains(&data.reference_batch),
            "data.reference_batch",
            || "must be from 2 to 256".to_owned(),
        )?;
        let has_batch = matches!(self.mode, Mode::Pix2pix | Mode::Cycle | Mode::Contrastive);
        require(has_batch, key, || {
            format!(
                "\"reference_batch\" and \"virtual_batch\" are for modes pix2pix, cycle and contrastive, not {}: take \"batch\"",
                self.mode.name()
            )
        })?;
        let is_cropped = !matches!(data.preprocess, Preprocess::ScaleWidth | Preprocess::None);
        require(is_cropped, key, || {
            "needs pictures of one size for the reference batch: take a `data.preprocess` that crops".to_owned()
        })?;
        require(train.grow.is_empty(), key, || {
            "does not go with `train.grow`: the reference batch is chosen once and has one size: take \"batch\" or \"instance\"".to_owned()
        })?;
        require(train.precision == Precision::F32, key, || {
            "needs `train.precision = \"f32\"`: statistics of 16 bits are too coarse".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Mode, Overlay};

    #[test]
    fn reference_norms_are_for_pictures_of_one_size() {
        let resolve = |mode, settings: &[&str]| {
            let mut overlay = Overlay::default();
            for setting in settings {
                overlay.set(setting).unwrap();
            }
            overlay.resolve(mode).map_err(|error| error.to_string())
        };
        let virtual_norm = "generator.norm=virtual_batch";
        let count = |settings: &[&str]| {
            resolve(Mode::Cycle, settings)
                .unwrap()
                .needed_reference_batch()
        };
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[virtual_norm]), 8);
        let both = [
            "discriminator.norm=reference_batch",
            "data.reference_batch=3",
        ];
        assert_eq!(count(&both), 3);
        count(&[both[0], "loss.gan=wgan-gp"]);
        for (mode, settings, part) in [
            (Mode::Inpaint, &[virtual_norm][..], "not inpaint"),
            (Mode::Pix2pixhd, &[virtual_norm], "not pix2pixhd"),
            (
                Mode::Cycle,
                &[virtual_norm, "data.preprocess=none"],
                "pictures of one size",
            ),
            (
                Mode::Cycle,
                &[virtual_norm, "train.grow=[128,256]"],
                "does not go with `train.grow`",
            ),
            (
                Mode::Cycle,
                &[virtual_norm, "train.precision=bf16"],
                "needs `train.precision",
            ),
            (
                Mode::Cycle,
                &[virtual_norm, "data.reference_batch=1"],
                "from 2 to 256",
            ),
            (
                Mode::Cycle,
                &["data.reference_batch=9"],
                "no effect without a norm",
            ),
        ] {
            let error = resolve(mode, settings).unwrap_err();
            assert!(error.contains(part), "{settings:?}: {error}");
        }
    }
}
