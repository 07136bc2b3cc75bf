//! Recipes of mode inpaint: defaults, sizes and validation.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::error::ConfigError;
use super::mode::Mode;
use super::options::{GanObjective, HoleFill, MaskKind, NormKind, Policy, Preprocess};
use super::recipe::Recipe;
use super::validation::require;

/// Side of the pictures for which the paper's encoder is AlexNet's.
pub const ALEXNET_SIDE: usize = 227;
/// Smallest side that a context encoder takes, with three layers.
const MIN_SIDE: usize = 32;

impl Recipe {
    /// Replaces common defaults by those of the context encoder's implementation.
    pub(super) fn apply_inpainting_defaults(&mut self) {
        let data = &mut self.data;
        data.preprocess = Preprocess::ScaleShortsideAndCrop;
        data.load_size = 350;
        data.crop_size = 128;
        data.batch_size = 64;
        self.generator.arch = GeneratorArch::Context;
        self.generator.norm = NormKind::Batch;
        self.generator.dropout = false;
        self.discriminator.arch = DiscriminatorArch::Context;
        self.discriminator.norm = NormKind::Batch;
        self.loss.gan = GanObjective::Vanilla;
        let optim = &mut self.optim;
        // Ten times the discriminator's.
        optim.lr = 2e-3;
        optim.epochs = 500;
        optim.decay_epochs = 0;
        optim.policy = Policy::Constant;
        optim.pool_size = 0;
    }

    /// Side of the square in the middle that the generator predicts, in pixels; `None` if it predicts the whole picture.
    ///
    /// Context encoders predict only the middle if the holes are always there; at 227 pixels their five up-convolutions predict
    /// the whole.
    pub fn patch_side(&self) -> Option<usize> {
        let side = self.data.crop_size;
        let patch = self.generator.arch.is_context_encoder()
            && self.data.masks == MaskKind::Centre
            && side != ALEXNET_SIDE;
        patch.then_some(side / 2)
    }

    /// Side of the discriminator's input, in pixels.
    pub fn discriminator_side(&self) -> usize {
        self.patch_side().unwrap_or(self.data.crop_size)
    }

    /// Side of the square in the middle that the generator has learnt to fill, in pixels; none where it has learnt to fill
    /// whatever it is shown.
    ///
    /// As the masks of training are: half of the side, less the overlap.
    pub fn hole_side(&self) -> Option<usize> {
        (self.data.masks == MaskKind::Centre)
            .then(|| self.data.crop_size / 2 - 2 * self.loss.overlap)
    }

    pub(super) fn validate_inpainting(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            discriminator,
            loss,
            ..
        } = self;
        let is_context = generator.arch.is_context_encoder();
        if self.mode != Mode::Inpaint {
            require(!is_context, "generator.arch", || {
                format!(
                    "`{}` fills holes: it is for mode inpaint",
                    generator.arch.name()
                )
            })?;
            return require(
                discriminator.arch != DiscriminatorArch::Context,
                "discriminator.arch",
                || "`context` judges filled holes: it is for mode inpaint".to_owned(),
            );
        }
        let crops = !matches!(data.preprocess, Preprocess::ScaleWidth | Preprocess::None);
        require(crops, "data.preprocess", || {
            "must end in a crop in mode inpaint: take \"scale_shortside_and_crop\", \"resize_and_crop\" or \"crop\"".to_owned()
        })?;
        require(
            data.input_channels == data.output_channels,
            "data.output_channels",
            || "must equal `data.input_channels`: a hole has the channels of its photo".to_owned(),
        )?;
        require(
            data.mask_folder.is_empty() || data.masks == MaskKind::Folder,
            "data.mask_folder",
            || "has no effect without `data.masks = \"folder\"`".to_owned(),
        )?;
        require(
            data.mask_threshold > 0.0 && data.mask_threshold <= 1.0,
            "data.mask_threshold",
            || "must be above 0 and at most 1, a share of white".to_owned(),
        )?;
        require(
            generator.arch.is_unet() || generator.hole_fill == HoleFill::Mean,
            "generator.hole_fill",
            || "`smooth` is for U-Nets, whose pictures can be halved often enough".to_owned(),
        )?;
        let side = data.crop_size;
        if is_context {
            let fits = (side.is_power_of_two() && side >= MIN_SIDE)
                || (side == ALEXNET_SIDE && generator.arch == GeneratorArch::Context);
            require(fits, "data.crop_size", || {
                let alexnet = match generator.arch {
                    GeneratorArch::Context => ", or 227",
                    _ => "",
                };
                format!(
                    "`generator.arch = \"{}\"` needs a power of two from {MIN_SIDE}{alexnet}, and {side} is none",
                    generator.arch.name()
                )
            })?;
            require(!generator.dropout, "generator.dropout", || {
                "context encoders have no dropout: leave it out".to_owned()
            })?;
        }
        let one_value = generator.arch == GeneratorArch::ContextBottleneck
            && generator.norm.normalises_features();
        require(!one_value || data.batch_size > 1, "data.batch_size", || {
            "must be 2 or more: the bottleneck has one value per channel and picture, and one value cannot be normalised".to_owned()
        })?;
        require(
            !one_value || generator.norm == NormKind::Batch,
            "generator.norm",
            || {
                "must be \"batch\", \"spectral\" or \"none\": the bottleneck has one value per channel and picture, which instance norm would make one and the same".to_owned()
            },
        )?;
        require(side >= 16, "data.crop_size", || {
            "must be at least 16 in mode inpaint".to_owned()
        })?;
        let max = side / 8;
        require(loss.overlap <= max, "loss.overlap", || {
            format!(
                "must be at most an eighth of `data.crop_size`, {max}, or little of the hole is left"
            )
        })?;
        require(
            loss.reconstruction + loss.adversarial > 0.0,
            "loss.reconstruction",
            || "must be above 0 where `loss.adversarial` is 0: nothing would be learnt".to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::config::settings::resolved;
    use crate::config::{Mode, Overlay};

    fn resolve(settings: &[&str]) -> Result<super::Recipe, String> {
        resolved(Mode::Inpaint, settings)
    }

    #[test]
    fn context_encoders_give_the_middle_only_where_the_hole_is() {
        let patch = |settings: &[&str]| resolve(settings).unwrap().patch_side();
        assert_eq!(patch(&[]), Some(64));
        assert_eq!(
            patch(&["data.crop_size=256", "generator.arch=context_bottleneck"]),
            Some(128)
        );
        assert_eq!(patch(&["data.masks=regions"]), None);
        assert_eq!(patch(&["data.crop_size=227"]), None);
        let unet = ["generator.arch=unet_64", "data.crop_size=64"];
        assert_eq!(patch(&unet), None);
        assert_eq!(resolve(&unet).unwrap().discriminator_side(), 64);
    }

    #[test]
    fn the_discriminator_learns_at_a_tenth_of_the_rate_unless_it_has_its_own() {
        let rate = |settings: &[&str]| resolve(settings).unwrap().discriminator_learning_rate();
        for (settings, wanted) in [
            (vec![], 2e-4),
            (vec!["optim.lr=0.0003"], 3e-5),
            (
                vec!["optim.lr=0.0003", "optim.lr_discriminator=0.001"],
                1e-3,
            ),
        ] {
            let rate = rate(&settings);
            assert!((rate / wanted - 1.0).abs() < 1e-9, "{settings:?}: {rate}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_a_remedy() {
        for (settings, part) in [
            (vec!["data.crop_size=96"], "a power of two from 32, or 227"),
            (
                vec!["data.crop_size=227", "generator.arch=context_bottleneck"],
                "a power of two from 32, and",
            ),
            (vec!["data.preprocess=none"], "must end in a crop"),
            (
                vec!["data.batch_size=1", "generator.arch=context_bottleneck"],
                "must be 2 or more",
            ),
            (vec!["loss.overlap=17"], "at most an eighth"),
            (vec!["generator.dropout=true"], "no dropout"),
            (vec!["data.mask_folder=m"], "no effect without"),
            (vec!["data.direction=BtoA"], "has no effect in mode inpaint"),
            (vec!["optim.pool_size=5"], "has no effect in mode inpaint"),
            (
                vec!["loss.reconstruction=0", "loss.adversarial=0"],
                "nothing would be learnt",
            ),
            (vec!["data.output_channels=1"], "must equal"),
        ] {
            let message = resolve(&settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        let cycle = Overlay::from_toml("[generator]\narch = \"context\"", "r")
            .and_then(|overlay| overlay.resolve(Mode::Cycle));
        assert!(cycle.unwrap_err().to_string().contains("for mode inpaint"));
    }
}
