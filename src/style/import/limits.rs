//! Bounds on the sizes that a file declares.

use super::architecture::Architecture;
use super::coarse_to_fine;
use super::shapes::Unrecognized;
use crate::config::{DiscriminatorArch, GeneratorArch};

impl Architecture {
    /// Whether its input can have a channel for each class of label maps.
    fn takes_classes(&self) -> bool {
        match self {
            Self::Generator { recipe, .. } => recipe.arch.is_coarse_to_fine(),
            Self::Discriminator { recipe, .. } => recipe.arch == DiscriminatorArch::Multiscale,
            Self::Encoder { .. } => false,
        }
    }

    /// Checks sizes before memory is allocated for the network: widths must be those that recipes allow, and the file must
    /// have at least as many numbers, `count`, as the widest layers.
    pub(super) fn check_size(&self, count: usize) -> Result<(), Unrecognized> {
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
                    // Two convolutions of 3 x 3 in each block, one after them, and four times as much in each doubling.
                    _ if recipe.arch == GeneratorArch::Srresnet => {
                        9 * (1 + 2 * recipe.blocks + 4 * recipe.scale.ilog2() as usize)
                    }
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
                    // Convolutions of 4 x 4 that double the channels up to eight times, and then keep them.
                    DiscriminatorArch::Patch => {
                        let doubled = 16 << (2 * recipe.layers.min(3)).saturating_sub(1);
                        doubled + recipe.layers.saturating_sub(3).min(10) * 1024
                    }
                    // Never recognised: networks of other modes are not imported.
                    _ => 0,
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
                return Err(Unrecognized::Unsupported(format!(
                    "it has {number} {what}, and 1 to {most} are supported"
                )));
            }
        }
        if count < least {
            return Err(Unrecognized::Unsupported(format!(
                "it looks like {}, but has only {count} numbers, fewer than that network",
                self.description()
            )));
        }
        Ok(())
    }
}
