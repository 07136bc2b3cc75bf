//! Whether the samples of a batch are learnt from one by one.

use super::error::ConfigError;
use super::mode::Mode;
use super::options::{MaskKind, NormKind};
use super::recipe::Recipe;
use super::validation::require;

impl Recipe {
    /// Whether a processor takes the samples of a batch through the networks one by one: the loss of a batch is then the mean of those of
    /// its samples, nothing is drawn by the device, which knows no samples, and it costs little.
    pub fn learns_one_by_one(&self) -> bool {
        // Passes with a reference batch are those of its pictures as well.
        let has_reference = self.norms().any(NormKind::has_reference);
        let is_noisy = self.generator.dropout || self.discriminator.noise > 0.0;
        self.coupling().is_none() && !has_reference && !is_noisy
    }

    /// What makes the loss of a sample depend on the others of its batch.
    fn coupling(&self) -> Option<&'static str> {
        let Self {
            discriminator,
            loss,
            ..
        } = self;
        let is_judged = self.has_discriminator();
        let has = |norm| self.norms().any(|own| own == norm);
        [
            ("batch norm", has(NormKind::Batch)),
            // Each pass moves the singular vectors on.
            ("spectral norm", has(NormKind::Spectral)),
            (
                "`discriminator.minibatch_deviation`",
                is_judged && discriminator.minibatch_deviation,
            ),
            (
                "`discriminator.minibatch_discrimination`",
                is_judged && discriminator.minibatch_discrimination > 0,
            ),
            ("`loss.swd`", loss.swd > 0.0),
            ("`loss.feature_means`", loss.feature_means > 0.0),
            // The distance is a mean over the pixels of all holes.
            (
                "holes of several sizes",
                self.mode == Mode::Inpaint && self.data.masks != MaskKind::Centre,
            ),
            // Its noise is as large as all pictures deviate.
            ("`loss.dragan`", loss.dragan > 0.0),
        ]
        .into_iter()
        .find_map(|(what, couples)| couples.then_some(what))
    }

    /// Those of the networks that there are.
    fn norms(&self) -> impl Iterator<Item = NormKind> {
        let judge = self.has_discriminator().then_some(self.discriminator.norm);
        std::iter::once(self.generator.norm).chain(judge)
    }

    /// Refuses to take batches apart whose samples depend on each other.
    pub(super) fn validate_micro_batch(&self) -> Result<(), ConfigError> {
        let key = "train.micro_batch";
        let is_apart = (1..self.data.batch_size).contains(&self.train.micro_batch);
        let coupling = self.coupling().filter(|_| is_apart);
        require(coupling.is_none(), key, || {
            let what = coupling.unwrap_or_default();
            format!("does not go with {what}, which looks at all of a batch: set it to 0")
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Mode, Overlay};

    #[test]
    fn what_looks_at_a_batch_is_known() {
        let resolved = |settings: &[&str]| {
            let mut overlay = Overlay::default();
            for setting in settings {
                overlay.set(setting).unwrap();
            }
            overlay.resolve(Mode::Cycle)
        };
        for settings in [
            &[][..],
            &["loss.r1=1"],
            &["discriminator.augment=[\"cutout\"]"],
        ] {
            assert!(
                resolved(settings).unwrap().learns_one_by_one(),
                "{settings:?}"
            );
        }
        for (setting, what) in [
            ("generator.norm=batch", "batch norm"),
            ("generator.norm=spectral", "spectral norm"),
            ("discriminator.norm=batch", "batch norm"),
            ("discriminator.norm=spectral", "spectral norm"),
            (
                "discriminator.minibatch_deviation=true",
                "minibatch_deviation",
            ),
            (
                "discriminator.minibatch_discrimination=4",
                "minibatch_discrimination",
            ),
            ("loss.swd=1", "loss.swd"),
            ("loss.feature_means=1", "loss.feature_means"),
            ("loss.dragan=1", "loss.dragan"),
        ] {
            let settings = [setting, "data.batch_size=4"];
            assert!(
                !resolved(&settings).unwrap().learns_one_by_one(),
                "{setting}"
            );
            let error = resolved(&[setting, "data.batch_size=4", "train.micro_batch=2"]);
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("train.micro_batch") && error.contains(what),
                "{error}"
            );
        }
        // What is drawn by the device, and what costs more.
        for setting in [
            "generator.dropout=true",
            "discriminator.noise=0.1",
            "generator.norm=virtual_batch",
        ] {
            assert!(
                !resolved(&[setting]).unwrap().learns_one_by_one(),
                "{setting}"
            );
            resolved(&[setting, "data.batch_size=4", "train.micro_batch=2"]).unwrap();
        }
    }

    #[test]
    fn a_discriminator_that_is_left_out_decides_nothing() {
        let mut overlay = Overlay::default();
        for setting in [
            "loss.adversarial=0",
            "generator.norm=none",
            "generator.dropout=false",
        ] {
            overlay.set(setting).unwrap();
        }
        assert!(overlay.resolve(Mode::Pix2pix).unwrap().learns_one_by_one());
    }
}
