//! What network a set of tensors belongs to.

use burn::tensor::Device;

use super::coarse_to_fine;
use super::recognise::Unrecognised;
use crate::coarse_to_fine::MultiscaleDiscriminator;
use crate::config::{
    DiscriminatorArch, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, Mode, NormKind, Recipe,
    Upsample,
};
use crate::nn::{Discriminator, Generator, NamedTensors, TensorError, WeightInit};

/// What the user knows and the file may not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Normalisation of the network.
    pub norm: Option<NormKind>,
    /// Classes of the label maps that a generator of pix2pixHD takes.
    pub classes: Option<usize>,
    /// Whether it is of pix2pixHD, whose global generator can look like CycleGAN's.
    pub is_coarse_to_fine: bool,
}

/// A network that was recognised.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// A generator.
    Generator {
        /// Network, widths and norm; the rest are defaults.
        recipe: GeneratorRecipe,
        /// Channels of its input.
        input: usize,
        /// Channels of its output.
        output: usize,
    },
    /// A discriminator.
    Discriminator {
        /// Network, widths and norm.
        recipe: DiscriminatorRecipe,
        /// Channels of its input.
        input: usize,
    },
    /// An encoder of instance features (pix2pixHD).
    Encoder {
        /// Widths and features; the rest are defaults.
        recipe: EncoderRecipe,
        /// Its norm.
        norm: NormKind,
        /// How it doubles the size.
        upsample: Upsample,
        /// Channels of its input.
        input: usize,
    },
}

impl Architecture {
    /// Whether it is a generator.
    pub fn is_generator(&self) -> bool {
        matches!(self, Self::Generator { .. })
    }

    /// What it is, for people: "resnet_9blocks, 64 channels, instance norm, 3 to 3 channels".
    pub fn description(&self) -> String {
        match self {
            Self::Generator {
                recipe,
                input,
                output,
            } => format!(
                "{}, {} channels, {}, {input} to {output} colour channels",
                recipe.arch.name(),
                recipe.channels,
                norm_text(recipe.norm)
            ),
            Self::Discriminator { recipe, input } => {
                let arch = match recipe.arch {
                    DiscriminatorArch::Patch => format!("PatchGAN of {} layers", recipe.layers),
                    DiscriminatorArch::Pixel => "PixelGAN".to_owned(),
                    DiscriminatorArch::Multiscale => format!(
                        "multi-scale discriminator of {} scales with {} layers",
                        recipe.scales, recipe.layers
                    ),
                    DiscriminatorArch::Context => "context discriminator".to_owned(),
                };
                format!(
                    "{arch}, {} channels, {}, {input} colour channels",
                    recipe.channels,
                    norm_text(recipe.norm)
                )
            }
            Self::Encoder {
                recipe,
                norm,
                input,
                ..
            } => format!(
                "encoder of {} instance features, {} channels, {}, {input} colour channels",
                recipe.features,
                recipe.channels,
                norm_text(*norm)
            ),
        }
    }

    /// Whether running statistics under its norms are leftovers that it has no use for: versions of PyTorch before 0.4
    /// wrote them for instance normalisation too.
    pub(super) fn drops_running_statistics(&self) -> bool {
        let norm = match self {
            Self::Generator { recipe, .. } => recipe.norm,
            Self::Discriminator { recipe, .. } => recipe.norm,
            Self::Encoder { norm, .. } => *norm,
        };
        norm.uses_bias()
    }

    /// Checks that `tensors` are all that the network has, and nothing else; returns them as the network holds them.
    ///
    /// # Errors
    /// A tensor is missing, left over or of another shape; all such are listed.
    pub(super) fn accept(
        &self,
        tensors: NamedTensors,
        device: &Device,
    ) -> Result<NamedTensors, TensorError> {
        let mut init = WeightInit::zeros(device);
        match self {
            Self::Generator {
                recipe,
                input,
                output,
            } => {
                let network = Generator::new(&mut init, recipe, *input, *output);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Discriminator { recipe, input }
                if recipe.arch == DiscriminatorArch::Multiscale =>
            {
                let network = MultiscaleDiscriminator::new(&mut init, recipe, *input);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Encoder {
                recipe,
                norm,
                upsample,
                input,
            } => {
                let mut whole = Recipe::defaults(Mode::Pix2pixhd);
                whole.encoder = recipe.clone();
                whole.generator.norm = *norm;
                whole.generator.upsample = *upsample;
                whole.data.output_channels = *input;
                let network = crate::coarse_to_fine::encoder(&mut init, &whole);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Discriminator { recipe, input } => {
                let network = Discriminator::new(&mut init, recipe, *input);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
        }
    }
}

pub(super) fn norm_text(norm: NormKind) -> &'static str {
    match norm {
        NormKind::Batch => "batch norm",
        NormKind::Instance => "instance norm",
        NormKind::InstanceAffine => "instance norm with scale and shift",
        NormKind::None => "no norm",
    }
}

impl Architecture {
    /// Whether its input can have a channel for each class of label maps.
    fn takes_classes(&self) -> bool {
        match self {
            Self::Generator { recipe, .. } => recipe.arch.is_coarse_to_fine(),
            Self::Discriminator { recipe, .. } => recipe.arch == DiscriminatorArch::Multiscale,
            Self::Encoder { .. } => false,
        }
    }

    /// Checks that the network can exist before memory is taken for it: widths within what recipes allow, and about as
    /// many numbers in the file, `count`, as its widest layers have.
    pub(super) fn check_size(&self, count: usize) -> Result<(), Unrecognised> {
        let (channels, colours, least) = match self {
            Self::Generator {
                recipe,
                input,
                output,
            } => {
                if recipe.arch.is_coarse_to_fine() {
                    coarse_to_fine::check_parts(recipe)?;
                }
                let widest = match recipe.size_multiple() {
                    _ if recipe.arch.is_coarse_to_fine() => coarse_to_fine::base_weights(recipe),
                    // Six convolutions of 3 x 3 and more, four times as wide as the first.
                    4 => 12 * 9 * 4 * 4,
                    // Two convolutions of 4 x 4 and more, eight times as wide as the first.
                    _ => 2 * 16 * 8 * 8,
                };
                let square = recipe.channels.saturating_mul(recipe.channels);
                let stem = recipe
                    .channels
                    .saturating_mul(input.saturating_add(*output));
                (
                    recipe.channels,
                    *input.max(output),
                    square.saturating_mul(widest).saturating_add(stem),
                )
            }
            Self::Discriminator { recipe, input } => {
                let widest = match recipe.arch {
                    DiscriminatorArch::Pixel => 2,
                    // At each scale a convolution that doubles the channels.
                    DiscriminatorArch::Multiscale => 2 * 16 * recipe.scales,
                    // Never recognised: networks of mode inpaint are not imported.
                    DiscriminatorArch::Context => 0,
                    // Convolutions of 4 x 4 that double the channels, up to eight times, and go on so.
                    DiscriminatorArch::Patch => {
                        let doubled = 16 << (2 * recipe.layers.min(3)).saturating_sub(1);
                        doubled + recipe.layers.saturating_sub(3).min(10) * 1024
                    }
                };
                let square = recipe.channels.saturating_mul(recipe.channels);
                let stem = recipe.channels.saturating_mul(*input);
                let least = square.saturating_mul(widest).saturating_add(stem);
                (recipe.channels, *input, least)
            }
            Self::Encoder { recipe, input, .. } => {
                // The innermost of the convolutions that double the channels, of 3 x 3.
                let inner = 18usize << (2 * recipe.downsamplings.clamp(1, 10) - 2);
                let square = recipe.channels.saturating_mul(recipe.channels);
                let colours = *input.max(&recipe.features);
                (recipe.channels, colours, square.saturating_mul(inner))
            }
        };
        let layers = match self {
            Self::Discriminator { recipe, .. } => recipe.layers,
            Self::Encoder { recipe, .. } => recipe.downsamplings,
            Self::Generator { .. } => 1,
        };
        let most_colours = if self.takes_classes() { 4_200 } else { 64 };
        for (what, number, most) in [
            ("channels in its first layer", channels, 1024),
            ("channels in its pictures", colours, most_colours),
            ("strided layers", layers, 10),
        ] {
            if !(1..=most).contains(&number) {
                return Err(Unrecognised::Unsupported(format!(
                    "it has {number} {what}, and 1 to {most} are supported"
                )));
            }
        }
        if count < least {
            return Err(Unrecognised::Unsupported(format!(
                "it looks like {}, but has only {count} numbers, fewer than that network",
                self.description()
            )));
        }
        Ok(())
    }
}
