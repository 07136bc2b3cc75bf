//! Recognizing the generator of super-resolution.

use super::architecture::{Architecture, Hints};
use super::shapes::{Shapes, Unrecognized, last_index};
use crate::config::{GeneratorArch, GeneratorRecipe, Mode, NormKind, Recipe};

/// Doublings of the size that recipes have at most.
const MAX_DOUBLINGS: usize = 3;
/// Residual blocks that recipes have at most.
const MAX_BLOCKS: usize = 64;

/// The generator by the shapes of its tensors, of which some have such names.
pub(super) fn srresnet(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    let stem = shapes.kernel("conv_block1.conv_block.0");
    let plain = shapes.kernel("conv_block3");
    let head = plain.or_else(|| shapes.kernel("conv_block3.conv_block.0"));
    let (Some([channels, input, ..]), Some([output, ..])) = (stem, head) else {
        return Err(Unrecognized::Unknown);
    };
    let count =
        |before: &str, after: &str| last_index(shapes, before, after).map_or(0, |last| last + 1);
    let blocks = count("residual_blocks.", "conv_block1.");
    let doublings = count("subpixel_convolutional_blocks.", "conv.");
    if blocks > MAX_BLOCKS || doublings > MAX_DOUBLINGS {
        return Err(Unrecognized::Unsupported(format!(
            "it is an SRResNet with {blocks} residual blocks and {doublings} doublings of the size, and up to {MAX_BLOCKS} and {MAX_DOUBLINGS} are supported"
        )));
    }
    let norm = "conv_block2.conv_block.1";
    // With a norm the activation of a block has the place after it.
    let is_shifted = shapes.has("residual_blocks.0.conv_block1.conv_block.2.weight");
    let norm = if shapes.has(&format!("{norm}.running_mean")) {
        NormKind::Batch
    } else if shapes.has(&format!("{norm}.weight")) {
        NormKind::InstanceAffine
    } else if is_shifted {
        NormKind::Instance
    } else if hints.norm == Some(NormKind::Spectral) {
        NormKind::Spectral
    } else {
        NormKind::None
    };
    Ok(Architecture::Generator {
        recipe: GeneratorRecipe {
            arch: GeneratorArch::Srresnet,
            channels,
            norm,
            dropout: false,
            blocks,
            scale: 1 << doublings,
            // A last convolution without an activation is added to the input.
            residual: plain.is_some(),
            ..Recipe::defaults(Mode::Pix2pix).generator
        },
        input,
        output,
    })
}
