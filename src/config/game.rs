//! What goes together in the game between generator and discriminator: objective, penalties and norms.

use super::error::ConfigError;
use super::mode::Mode;
use super::options::{GanObjective, NormKind, Preprocess};
use super::recipe::Recipe;
use super::sections::{LossRecipe, usual_r1_every};
use super::validation::require;
use crate::kernels::Precision;

impl LossRecipe {
    /// Weight of the gradient penalty: that of its paper for the objective of its paper, unless the recipe has its own.
    pub fn gradient_penalty_weight(&self) -> f64 {
        let usual = match self.gan {
            GanObjective::WganGp => 10.0,
            _ => 0.0,
        };
        self.gradient_penalty.unwrap_or(usual)
    }

    /// Whether the discriminator's gradient is penalised.
    pub fn has_penalties(&self) -> bool {
        self.gradient_penalty_weight() > 0.0 || self.dragan > 0.0 || self.r1 > 0.0
    }

    /// Whether there is a perceptual loss: it has a weight, and the weights of its network are given.
    pub fn is_perceptual(&self) -> bool {
        self.perceptual > 0.0 && !self.perceptual_weights.is_empty()
    }
}

impl Recipe {
    /// Validates the objective and what is added to it.
    pub(super) fn validate_game(&self) -> Result<(), ConfigError> {
        let loss = &self.loss;
        require(
            (0.0..1.0).contains(&loss.label_smoothing),
            "loss.label_smoothing",
            || "must be at least 0 and below 1".to_owned(),
        )?;
        let targets = matches!(
            loss.gan,
            GanObjective::Vanilla
                | GanObjective::Saturating
                | GanObjective::Likelihood
                | GanObjective::Lsgan
        );
        require(
            targets || loss.label_smoothing == 0.0,
            "loss.label_smoothing",
            || "has no effect with this `loss.gan`, which has no targets: leave it at 0".to_owned(),
        )?;
        let clips = loss.gan == GanObjective::Wgan;
        let is_spectral = self.discriminator.norm == NormKind::Spectral;
        require(!(clips && is_spectral), "loss.gan", || {
            "\"wgan\" clips the weights, whose size `discriminator.norm = \"spectral\"` takes out again: take \"hinge\", \"wgan-gp\", or another norm".to_owned()
        })?;
        let is_silent = !self.has_discriminator();
        let is_lost = self.mode == Mode::Pix2pix && is_silent && loss.l1 == 0.0;
        require(!is_lost || loss.is_perceptual(), "loss.l1", || {
            "must be above 0 where `loss.adversarial` is 0: there is nothing to learn from"
                .to_owned()
        })?;
        for (key, weight) in [
            ("loss.feature_matching", loss.feature_matching),
            ("loss.feature_means", loss.feature_means),
        ] {
            require(!is_silent || weight == 0.0, key, || {
                "has no effect where `loss.adversarial` is 0, which leaves the discriminator out"
                    .to_owned()
            })?;
        }
        let is_one_size = !matches!(
            self.data.preprocess,
            Preprocess::ScaleWidth | Preprocess::None
        );
        require(loss.swd == 0.0 || is_one_size, "loss.swd", || {
            "needs pictures of one size: take a `data.preprocess` that crops, or set it to 0"
                .to_owned()
        })?;
        require(
            !self.discriminator.minibatch_deviation || self.data.batch_size > 1,
            "discriminator.minibatch_deviation",
            || "needs `data.batch_size` of 2 or more, best a multiple of 4".to_owned(),
        )?;
        require(
            self.discriminator.minibatch_discrimination == 0 || self.data.batch_size > 1,
            "discriminator.minibatch_discrimination",
            || "compares the pictures of a batch: needs `data.batch_size` of 2 or more".to_owned(),
        )?;
        let noise = &self.discriminator;
        require(
            noise.noise > 0.0 || noise.noise_epochs == 0,
            "discriminator.noise_epochs",
            || "has no effect without `discriminator.noise`".to_owned(),
        )?;
        self.validate_penalties()
    }

    fn validate_penalties(&self) -> Result<(), ConfigError> {
        let loss = &self.loss;
        require(
            loss.gan != GanObjective::WganGp || loss.gradient_penalty_weight() > 0.0,
            "loss.gradient_penalty",
            || {
                "must be above 0 with `loss.gan = \"wgan-gp\"`: nothing else bounds the critic"
                    .to_owned()
            },
        )?;
        require(loss.r1_every >= 1, "loss.r1_every", || {
            "must be at least 1".to_owned()
        })?;
        require(
            loss.r1 > 0.0 || loss.r1_every == usual_r1_every(),
            "loss.r1_every",
            || "has no effect without `loss.r1`".to_owned(),
        )?;
        if !loss.has_penalties() {
            return Ok(());
        }
        let key = if loss.gradient_penalty_weight() > 0.0 {
            "loss.gradient_penalty"
        } else if loss.dragan > 0.0 {
            "loss.dragan"
        } else {
            "loss.r1"
        };
        require(loss.gan != GanObjective::Wgan, key, || {
            "does not go with `loss.gan = \"wgan\"`, which bounds the critic by clipping its weights: take \"wgan-gp\"".to_owned()
        })?;
        require(self.discriminator.norm != NormKind::Batch, key, || {
            "does not go with `discriminator.norm = \"batch\"`: the penalty is on the gradient of each sample alone, and batch norm makes it depend on the others (Gulrajani et al., 2017, section 4): take \"instance\", \"spectral\" or \"none\"".to_owned()
        })?;
        require(self.train.precision == Precision::F32, key, || {
            "needs `train.precision = \"f32\"`: gradients of gradients are too small for 16 bits"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use crate::config::settings::resolved as resolve;
    use crate::config::{Mode, Recipe};

    #[test]
    fn the_penalty_has_the_weight_of_its_paper_where_it_is_asked_for() {
        let weight = |settings: &[&str]| {
            let recipe = resolve(Mode::Cycle, settings).unwrap();
            recipe.loss.gradient_penalty_weight().to_bits()
        };
        assert_eq!(weight(&[]), 0.0f64.to_bits());
        assert_eq!(weight(&["loss.gan=wgan-gp"]), 10.0f64.to_bits());
        let own = ["loss.gan=vanilla", "loss.gradient_penalty=3"];
        assert_eq!(weight(&own), 3.0f64.to_bits());
    }

    #[test]
    fn features_are_compared_where_there_is_something_to_compare() {
        for mode in [Mode::Pix2pix, Mode::Pix2pixhd, Mode::Inpaint] {
            resolve(mode, &["loss.feature_matching=5", "loss.feature_means=1"]).unwrap();
        }
        for mode in [Mode::Cycle, Mode::Contrastive] {
            resolve(mode, &["loss.feature_means=1"]).unwrap();
            let error = resolve(mode, &["loss.feature_matching=5"]).unwrap_err();
            assert!(error.contains("has no effect in mode"), "{error}");
        }
        let silent = ["loss.feature_means=1", "loss.adversarial=0"];
        let error = resolve(Mode::Inpaint, &silent).unwrap_err();
        assert!(error.contains("leaves the discriminator out"), "{error}");
    }

    #[test]
    fn patches_are_compared_in_modes_without_pairs_and_at_one_size() {
        for mode in [Mode::Cycle, Mode::Contrastive] {
            resolve(mode, &["loss.swd=1"]).unwrap();
            let error = resolve(mode, &["loss.swd=1", "data.preprocess=none"]).unwrap_err();
            assert!(error.contains("`data.preprocess` that crops"), "{error}");
            assert!(resolve(mode, &["loss.swd=-1"]).is_err());
        }
        for mode in [Mode::Pix2pix, Mode::Pix2pixhd, Mode::Inpaint] {
            let error = resolve(mode, &["loss.swd=1"]).unwrap_err();
            assert!(error.contains("has no effect in mode"), "{error}");
        }
    }

    #[test]
    fn penalties_go_with_every_mode_but_not_with_everything() {
        let modes = Mode::value_variants().iter().copied();
        for mode in modes.filter(|mode| Recipe::defaults(*mode).has_discriminator()) {
            for penalty in ["loss.gan=wgan-gp", "loss.dragan=10", "loss.r1=10"] {
                for norm in ["instance", "spectral", "none"] {
                    let norm = format!("discriminator.norm={norm}");
                    resolve(mode, &[penalty, &norm]).unwrap();
                }
                let error = resolve(mode, &[penalty, "discriminator.norm=batch"]).unwrap_err();
                assert!(error.contains("Gulrajani"), "{error}");
            }
        }
        for (settings, part) in [
            (&["loss.gan=wgan", "loss.r1=1"][..], "take \"wgan-gp\""),
            (
                &["loss.gan=wgan-gp", "loss.gradient_penalty=0"],
                "nothing else bounds",
            ),
            (
                &["loss.gan=wgan", "discriminator.norm=spectral"],
                "takes out again",
            ),
            (&["loss.r1_every=4"], "no effect without `loss.r1`"),
            (&["loss.r1=1", "loss.r1_every=0"], "at least 1"),
            (
                &["loss.r1=1", "train.precision=bf16"],
                "needs `train.precision",
            ),
            (&["loss.dragan=-1"], "0 or more"),
            (&["discriminator.noise=-1"], "0 or more"),
            (&["discriminator.minibatch_deviation=true"], "of 2 or more"),
            (
                &["discriminator.minibatch_discrimination=9"],
                "compares the pictures",
            ),
            (
                &[
                    "discriminator.minibatch_discrimination=1025",
                    "data.batch_size=2",
                ],
                "at most 1024",
            ),
            (&["discriminator.noise_epochs=9"], "no effect without"),
        ] {
            let error = resolve(Mode::Cycle, settings).unwrap_err();
            assert!(error.contains(part), "{settings:?}: {error}");
        }
    }
}
