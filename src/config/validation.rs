//! Validation of recipes.

use super::error::ConfigError;
use super::mode::Mode;
use super::options::NormKind;
use super::recipe::Recipe;

impl Recipe {
    /// Checks that the values make sense together.
    ///
    /// # Errors
    /// The first value that does not, with what it should be.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            discriminator,
            loss,
            optim,
            train,
            ..
        } = self;
        let positive = [
            ("data.load_size", data.load_size),
            ("data.crop_size", data.crop_size),
            ("data.batch_size", data.batch_size),
            ("data.workers", data.workers),
            ("data.input_channels", data.input_channels),
            ("data.output_channels", data.output_channels),
            ("generator.channels", generator.channels),
            ("generator.bottleneck", generator.bottleneck),
            ("discriminator.channels", discriminator.channels),
            ("discriminator.layers", discriminator.layers),
            ("optim.discriminator_steps", optim.discriminator_steps),
            ("train.log_every", train.log_every as usize),
            ("train.preview_every", train.preview_every as usize),
            ("train.checkpoint_every", train.checkpoint_every as usize),
        ];
        for (key, value) in positive {
            require(value >= 1, key, || "must be at least 1".to_owned())?;
        }
        // Far above anything that can be trained, and low enough that sizes can be multiplied without harm.
        let limits = [
            ("data.load_size", data.load_size, 16_384),
            ("data.crop_size", data.crop_size, 16_384),
            ("data.batch_size", data.batch_size, 4_096),
            ("data.workers", data.workers, 256),
            ("generator.channels", generator.channels, 1_024),
            ("generator.bottleneck", generator.bottleneck, 65_536),
            ("discriminator.channels", discriminator.channels, 1_024),
            ("discriminator.layers", discriminator.layers, 10),
            (
                "discriminator.minibatch_discrimination",
                discriminator.minibatch_discrimination,
                1_024,
            ),
            ("optim.epochs", optim.epochs, 1_000_000_000),
            ("optim.decay_epochs", optim.decay_epochs, 1_000_000_000),
            ("optim.pool_size", optim.pool_size, 1_000_000),
            (
                "discriminator.noise_epochs",
                discriminator.noise_epochs,
                1_000_000_000,
            ),
        ];
        for (key, value, max) in limits {
            require(value <= max, key, || format!("must be at most {max}"))?;
        }
        let is_usual = |channels| matches!(channels, 1 | 3);
        let takes_bands = matches!(self.mode, Mode::Pix2pix | Mode::Cycle | Mode::Contrastive);
        for (key, value) in [
            ("data.input_channels", data.input_channels),
            ("data.output_channels", data.output_channels),
        ] {
            require(is_usual(value) || takes_bands, key, || {
                format!("photos of this mode have 3 channels (colour) or 1 (grey), not {value}")
            })?;
            require(value <= 512, key, || "must be at most 512".to_owned())?;
        }
        let is_range = match data.range[..] {
            [] => true,
            [low, high] => low.is_finite() && high.is_finite() && low < high,
            _ => false,
        };
        require(is_range, "data.range", || {
            "must be [low, high], two numbers of which the second is larger, or []".to_owned()
        })?;
        for (key, share) in [
            ("generator.keep_brightness", generator.keep_brightness),
            ("generator.keep_contrast", generator.keep_contrast),
        ] {
            require((0.0..=1.0).contains(&share), key, || {
                "must be from 0 to 1".to_owned()
            })?;
            let are_usual = is_usual(data.input_channels) && is_usual(data.output_channels);
            require(share == 0.0 || are_usual, key, || {
                "is for grey and colour: it needs 1 or 3 channels on both sides".to_owned()
            })?;
        }
        for (index, kind) in discriminator.augment.iter().enumerate() {
            let is_new = !discriminator.augment[..index].contains(kind);
            require(is_new, "discriminator.augment", || {
                format!("names \"{}\" twice", kind.name())
            })?;
        }
        require(
            train.evaluate_every > 0 || train.stop_after == 0,
            "train.stop_after",
            || "has no effect without `train.evaluate_every`".to_owned(),
        )?;
        self.validate_micro_batch()?;
        self.validate_processes()?;
        self.validate_synthesis()?;
        self.validate_coarse_to_fine()?;
        self.validate_inpainting()?;
        self.validate_contrastive()?;
        self.validate_filters()?;
        self.validate_latent()?;
        self.validate_made_inputs()?;
        self.validate_sizes()?;
        self.validate_game()?;
        self.validate_growth()?;
        self.validate_reference()?;
        self.validate_combinations()?;
        for (key, value) in [
            ("loss.l1", loss.l1),
            ("loss.cycle_a", loss.cycle_a),
            ("loss.cycle_b", loss.cycle_b),
            ("loss.identity", loss.identity),
            ("loss.nce", loss.nce),
            ("loss.nce_identity", loss.nce_identity),
            ("loss.feature_matching", loss.feature_matching),
            ("loss.feature_means", loss.feature_means),
            ("loss.swd", loss.swd),
            ("loss.perceptual", loss.perceptual),
            ("loss.reconstruction", loss.reconstruction),
            ("loss.adversarial", loss.adversarial),
            ("loss.kl", loss.kl),
            ("loss.latent", loss.latent),
            ("loss.classification", loss.classification),
            ("loss.gradient_penalty", loss.gradient_penalty_weight()),
            ("loss.dragan", loss.dragan),
            ("loss.r1", loss.r1),
            ("discriminator.noise", discriminator.noise),
        ] {
            require(value >= 0.0 && value.is_finite(), key, || {
                "must be 0 or more".to_owned()
            })?;
        }
        let same_channels = data.input_channels == data.output_channels;
        require(
            self.mode != Mode::Cycle || loss.identity == 0.0 || same_channels,
            "loss.identity",
            || "needs as many input channels as output channels: set it to 0".to_owned(),
        )?;
        for (key, value) in [
            ("generator.init_gain", generator.init_gain),
            ("optim.lr", optim.lr),
            ("optim.lr_discriminator", self.discriminator_learning_rate()),
        ] {
            require(value > 0.0 && value.is_finite(), key, || {
                "must be above 0".to_owned()
            })?;
        }
        for (key, value) in [
            ("optim.beta1", optim.beta1),
            ("optim.beta2", optim.beta2),
            ("optim.ema", optim.ema),
        ] {
            require((0.0..1.0).contains(&value), key, || {
                "must be at least 0 and below 1".to_owned()
            })?;
        }
        require(self.schedule_epochs() >= 1, "optim.epochs", || {
            "together with `optim.decay_epochs` must be at least 1".to_owned()
        })
    }

    /// Validates what several processes do together.
    fn validate_processes(&self) -> Result<(), ConfigError> {
        let is_judged = self.has_discriminator();
        let has_batch_norm = self.generator.norm == NormKind::Batch
            || (is_judged && self.discriminator.norm == NormKind::Batch);
        let (key, is_asked) = ("train.sync_norm", self.train.sync_norm);
        require(!is_asked || has_batch_norm, key, || {
            "has an effect on batch normalisation alone, and no network has it: leave it at false"
                .to_owned()
        })?;
        require(!is_asked || !self.loss.flip_equivariance, key, || {
            "does not go with `loss.flip_equivariance`: each process flips for itself, and would compute other layers than the others"
                .to_owned()
        })
    }
}

/// An error that names `key` unless `holds`.
pub(super) fn require(
    holds: bool,
    key: &str,
    message: impl FnOnce() -> String,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError::BadValue {
        key: key.to_owned(),
        message: message(),
    })
}
