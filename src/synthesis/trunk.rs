//! Discriminators of pictures from noise without their last layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::growth::Growth;
use super::halvings::{Halvings, INNERMOST, levels, width};
use super::progressive_trunk::ProgressiveTrunk;
use super::residual_trunk::ResidualTrunk;
use super::style_trunk::StyleTrunk;
use crate::config::{DiscriminatorArch, Recipe};
use crate::nn::{ForwardMode, Trace, WeightInit};

/// From a picture to the features that are judged.
#[derive(Module, Debug)]
pub(super) enum Trunk {
    /// Strided convolutions.
    Dcgan(Halvings),
    /// Residual blocks.
    Resnet(ResidualTrunk),
    /// Grown from small pictures.
    Progressive(ProgressiveTrunk),
    /// That of StyleGAN2.
    Style(StyleTrunk),
}

/// The last features of a trunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastFeatures {
    pub(super) channels: usize,
    pub(super) side: usize,
    /// Whether the trunk has looked at the batch as a whole, so that nothing after it needs to.
    pub(super) sees_batch: bool,
    /// Whether the layers after it learn at an equalised pace, too.
    pub(super) is_equalised: bool,
}

impl Trunk {
    /// That of `recipe` for pictures with `input` channels.
    pub(super) fn new(
        init: &mut WeightInit,
        recipe: &Recipe,
        input: usize,
    ) -> (Self, LastFeatures) {
        let discriminator = &recipe.discriminator;
        let plain = |channels, side| LastFeatures {
            channels,
            side,
            sees_batch: false,
            is_equalised: false,
        };
        let equalised = |channels| LastFeatures {
            sees_batch: true,
            is_equalised: true,
            ..plain(channels, 1)
        };
        match discriminator.arch {
            DiscriminatorArch::Resnet => {
                let (trunk, channels) = ResidualTrunk::new(init, recipe, input);
                (Self::Resnet(trunk), plain(channels, 1))
            }
            DiscriminatorArch::Progressive => {
                let (trunk, channels) = ProgressiveTrunk::new(init, recipe, input);
                (Self::Progressive(trunk), equalised(channels))
            }
            DiscriminatorArch::Style => {
                let (trunk, channels) = StyleTrunk::new(init, recipe, input);
                (Self::Style(trunk), equalised(channels))
            }
            // Validated recipes of mode generate have no others.
            _ => {
                let side = recipe.data.crop_size;
                let channels = [input, discriminator.channels];
                let trunk = Halvings::new(init, discriminator.norm, channels, side);
                let last = width(discriminator.channels, levels(side) - 1);
                (Self::Dcgan(trunk), plain(last, INNERMOST))
            }
        }
    }

    /// What comes out of its activations or blocks, and at the end the last features.
    pub(super) fn features(&self, input: Tensor<4>, mode: ForwardMode) -> Vec<Tensor<4>> {
        match self {
            Self::Dcgan(trunk) => {
                let mut features = trunk.features(input, mode);
                // The last ones stand there twice: as those of the last activation, and as the end.
                features.pop();
                features
            }
            Self::Resnet(trunk) => trunk.features(input, mode),
            Self::Progressive(trunk) => trunk.features(input, mode),
            Self::Style(trunk) => trunk.features(input, mode),
        }
    }

    /// The last features, and the way back to the input.
    pub(super) fn traced(&self, input: Tensor<4>, mode: ForwardMode) -> Trace<'_> {
        match self {
            Self::Dcgan(trunk) => Trace::new(input).through(&trunk.layers(), mode),
            Self::Resnet(trunk) => trunk.traced(input, mode),
            Self::Progressive(trunk) => trunk.traced(input, mode),
            Self::Style(trunk) => trunk.traced(input, mode),
        }
    }

    /// Sets how far it has grown, where it grows.
    pub(super) fn set_growth(&mut self, growth: Growth) {
        if let Self::Progressive(trunk) = self {
            trunk.set_growth(growth);
        }
    }

    /// The public name of the layer at `path`, which begins after the field of the trunk.
    pub(super) fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or("", |(_, rest)| rest);
        match self {
            Self::Dcgan(_) => format!("main.{}", Halvings::index(path)),
            Self::Resnet(_) => path.to_owned(),
            Self::Progressive(trunk) => trunk.layer_name(path),
            Self::Style(trunk) => trunk.layer_name(path),
        }
    }

    /// The public name of the layer that gives the logit.
    pub(super) fn logit_name(&self) -> String {
        match self {
            Self::Dcgan(trunk) => format!("main.{}", trunk.next_index()),
            Self::Resnet(_) | Self::Progressive(_) | Self::Style(_) => "logit".to_owned(),
        }
    }
}
