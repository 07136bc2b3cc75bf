//! What is particular to recipes of mode contrastive: defaults, the layers that are compared, and what goes together.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::error::ConfigError;
use super::mode::Mode;
use super::options::{Downsample, InitKind, Upsample};
use super::recipe::Recipe;
use super::sections::GeneratorRecipe;
use super::validation::require;

impl GeneratorArch {
    /// Number of residual blocks, where it is a ResNet generator with two downsamplings.
    pub fn resnet_blocks(self) -> Option<usize> {
        match self {
            Self::Resnet6Blocks => Some(6),
            Self::Resnet9Blocks => Some(9),
            _ => None,
        }
    }
}

impl GeneratorRecipe {
    /// Channels after each layer of a ResNet's encoder that takes `input` channels, by its place in PyTorch's sequence; the
    /// first is the padded input. Empty for other networks.
    pub fn encoder_channels(&self, input: usize) -> Vec<usize> {
        let Some(blocks) = self.arch.resnet_blocks() else {
            return Vec::new();
        };
        let layers = match self.downsample {
            Downsample::Strided => 3,
            Downsample::Blur => 4,
        };
        let mut channels = vec![input];
        channels.extend([self.channels; 3]);
        channels.extend(vec![2 * self.channels; layers]);
        channels.extend(vec![4 * self.channels; layers + blocks]);
        channels
    }
}

impl Recipe {
    /// Turns common defaults into those of CUT's implementation.
    pub(super) fn apply_contrastive_defaults(&mut self) {
        self.generator.init = InitKind::Xavier;
        self.generator.downsample = Downsample::Blur;
        self.generator.upsample = Upsample::Blur;
        self.discriminator.downsample = Downsample::Blur;
        self.optim.epochs = 200;
        self.optim.decay_epochs = 200;
    }

    pub(super) fn validate_contrastive(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            loss,
            ..
        } = self;
        if self.mode != Mode::Contrastive {
            return Ok(());
        }
        require(
            generator.arch.resnet_blocks().is_some(),
            "generator.arch",
            || {
                format!(
                    "mode contrastive takes \"resnet_6blocks\" or \"resnet_9blocks\", whose encoder it compares, not \"{}\"",
                    generator.arch.name()
                )
            },
        )?;
        require(
            data.input_channels == data.output_channels,
            "data.output_channels",
            || {
                "must equal `data.input_channels`: the generator's encoder sees its translations too"
                    .to_owned()
            },
        )?;
        let layers = &loss.nce_layers;
        let count = generator.encoder_channels(data.input_channels).len();
        let is_ascending = layers.windows(2).all(|pair| pair[0] < pair[1]);
        let is_within = layers.last().is_some_and(|&last| last < count);
        require(is_ascending && is_within, "loss.nce_layers", || {
            format!(
                "must be one or more layers of the generator's encoder, from 0 to {} and ascending",
                count - 1
            )
        })?;
        for (key, value, most) in [
            ("loss.nce_patches", loss.nce_patches, 65_536),
            ("loss.nce_channels", loss.nce_channels, 4_096),
        ] {
            require((1..=most).contains(&value), key, || {
                format!("must be from 1 to {most}")
            })?;
        }
        let temperature = loss.nce_temperature;
        require(
            temperature > 0.0 && temperature.is_finite(),
            "loss.nce_temperature",
            || "must be above 0".to_owned(),
        )
    }

    /// Filters against aliasing belong to certain networks.
    pub(super) fn validate_filters(&self) -> Result<(), ConfigError> {
        let generator = &self.generator;
        let is_resnet = generator.arch.resnet_blocks().is_some();
        let is_style = generator.arch == GeneratorArch::Style;
        for (key, is_blur) in [
            (
                "generator.downsample",
                generator.downsample == Downsample::Blur,
            ),
            ("generator.upsample", generator.upsample == Upsample::Blur),
        ] {
            require(is_resnet || is_style || !is_blur, key, || {
                "\"blur\" is for the generators \"resnet_6blocks\" and \"resnet_9blocks\""
                    .to_owned()
            })?;
        }
        let discriminator = &self.discriminator;
        require(
            discriminator.arch == DiscriminatorArch::Patch
                || discriminator.downsample == Downsample::Strided,
            "discriminator.downsample",
            || "\"blur\" is for the discriminator \"patch\"".to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Overlay;
    use crate::config::settings::resolved;
    use crate::config::{Downsample, Mode, Recipe};

    fn resolve(settings: &[&str]) -> Result<Recipe, String> {
        resolved(Mode::Contrastive, settings)
    }

    #[test]
    fn layers_have_the_places_of_the_public_implementation() {
        let mut generator = Recipe::defaults(Mode::Contrastive).generator;
        let channels = generator.encoder_channels(3);
        assert_eq!(channels.len(), 21);
        let compared = [0, 4, 8, 12, 16].map(|layer| channels[layer]);
        assert_eq!(compared, [3, 128, 256, 256, 256]);
        generator.downsample = Downsample::Strided;
        let channels = generator.encoder_channels(3);
        assert_eq!(channels.len(), 19);
        let compared = [0, 4, 8, 12, 16].map(|layer| channels[layer]);
        assert_eq!(compared, [3, 128, 256, 256, 256]);
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_a_remedy() {
        for (settings, part) in [
            (vec!["generator.arch=unet_256"], "mode contrastive takes"),
            (vec!["data.output_channels=1"], "must equal"),
            (vec!["loss.nce_layers=0,21"], "from 0 to 20 and ascending"),
            (vec!["loss.nce_layers=4,4"], "from 0 to 20 and ascending"),
            (vec!["loss.nce_layers=[]"], "one or more layers"),
            (vec!["loss.nce_temperature=0"], "must be above 0"),
            (vec!["loss.nce_patches=0"], "must be from 1"),
            (
                vec!["discriminator.arch=pixel"],
                "is for the discriminator \"patch\"",
            ),
            (vec!["loss.cycle_a=1"], "has no effect in mode contrastive"),
        ] {
            let message = resolve(&settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        let mut overlay = Overlay::default();
        overlay.set("generator.upsample=blur").unwrap();
        let error = overlay.resolve(Mode::Pix2pix).unwrap_err();
        assert!(error.to_string().contains("resnet_6blocks"), "{error}");
    }
}
