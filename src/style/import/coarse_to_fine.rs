//! The networks of pix2pixHD, by the names and shapes of their tensors.

use super::architecture::Architecture;
use super::shapes::{Shapes, Unrecognized, last_index};
use crate::config::{
    DiscriminatorArch, DiscriminatorRecipe, EncoderRecipe, GeneratorArch, GeneratorRecipe, Mode,
    NormKind, Recipe, Upsample,
};

/// Index of the first downsampling in a global generator; each takes three indices.
const FIRST_DOWN: usize = 4;
/// Layers, scales and enhancers are counted up to here: far beyond what recipes allow.
const MAX_COUNTED: usize = 64;

/// Number of downsamplings and of residual blocks in a global generator, alone or under enhancers.
fn base(shapes: &Shapes<'_>) -> Option<[usize; 2]> {
    let is_block = |index: usize| {
        shapes
            .kernel(&format!("model.{index}.conv_block.1"))
            .is_some()
    };
    let mut downsamplings = 0;
    while !is_block(FIRST_DOWN + 3 * downsamplings) {
        shapes.kernel(&format!("model.{}", FIRST_DOWN + 3 * downsamplings))?;
        downsamplings += 1;
    }
    let first = FIRST_DOWN + 3 * downsamplings;
    Some([downsamplings, blocks_from(shapes, "model.", first)?])
}

/// Number of residual blocks of a sequence from the index `first`; `None` for more than any recipe allows.
fn blocks_from(shapes: &Shapes<'_>, sequence: &str, first: usize) -> Option<usize> {
    let Some(last) = last_index(shapes, sequence, "conv_block.") else {
        return Some(0);
    };
    let blocks = last.checked_sub(first)?.checked_add(1)?;
    (blocks <= 4 * MAX_COUNTED).then_some(blocks)
}

/// Before an upsampling there are twice as many channels as after it; a transposed convolution has them first.
fn upsample(shapes: &Shapes<'_>, index: usize) -> Upsample {
    match shapes.kernel(&format!("model.{index}")) {
        Some([first, second, ..]) if first < second => Upsample::Resize,
        _ => Upsample::Deconv,
    }
}

/// Normalisation of a network whose convolutions always have biases. Without any it looks like instance normalisation,
/// which is the default.
fn norm(shapes: &Shapes<'_>, layer: &str) -> NormKind {
    match (
        shapes.has(&format!("{layer}.weight")),
        shapes.has(&format!("{layer}.running_mean")),
    ) {
        (true, true) => NormKind::Batch,
        (true, false) => NormKind::InstanceAffine,
        (false, _) => NormKind::Instance,
    }
}

fn generator_recipe(
    shapes: &Shapes<'_>,
    [downsamplings, blocks]: [usize; 2],
    arch: GeneratorArch,
    channels: usize,
) -> GeneratorRecipe {
    let up = FIRST_DOWN + 3 * downsamplings + blocks;
    GeneratorRecipe {
        arch,
        channels,
        norm: norm(shapes, "model.2"),
        upsample: upsample(shapes, up),
        downsamplings,
        blocks,
        ..Recipe::defaults(Mode::Pix2pixhd).generator
    }
}

/// Recognizes a global generator.
pub(super) fn global(shapes: &Shapes<'_>) -> Option<Architecture> {
    let sizes = base(shapes)?;
    let [channels, input, ..] = shapes.kernel("model.1")?;
    let head = FIRST_DOWN + 6 * sizes[0] + sizes[1] + 1;
    let [output, ..] = shapes.kernel(&format!("model.{head}"))?;
    Some(Architecture::Generator {
        recipe: generator_recipe(shapes, sizes, GeneratorArch::Global, channels),
        input,
        output,
    })
}

/// Recognizes a local enhancer.
pub(super) fn local(shapes: &Shapes<'_>) -> Option<Architecture> {
    let sizes = base(shapes)?;
    let stem = |number: usize| shapes.kernel(&format!("model{number}_1.1"));
    let enhancers = (1..=MAX_COUNTED)
        .take_while(|&number| stem(number).is_some())
        .count();
    let [channels, input, ..] = stem(enhancers)?;
    let last = format!("model{enhancers}_2.");
    let enhancer_blocks = blocks_from(shapes, &last, 0)?;
    let [output, ..] = shapes.kernel(&format!("{last}{}", enhancer_blocks + 4))?;
    Some(Architecture::Generator {
        recipe: GeneratorRecipe {
            enhancers,
            enhancer_blocks,
            ..generator_recipe(shapes, sizes, GeneratorArch::Local, channels)
        },
        input,
        output,
    })
}

/// Recognizes an encoder of instance features: a global generator without residual blocks.
pub(super) fn encoder(shapes: &Shapes<'_>) -> Option<Architecture> {
    let [channels, input, ..] = shapes.kernel("model.1")?;
    let strided = (0..MAX_COUNTED).take_while(|index| {
        let layer = format!("model.{}", FIRST_DOWN + 3 * index);
        shapes.kernel(&layer).is_some()
    });
    let downsamplings = strided.count() / 2;
    if downsamplings == 0 {
        return None;
    }
    let up = FIRST_DOWN + 3 * downsamplings;
    let [features, ..] = shapes.kernel(&format!("model.{}", up + 3 * downsamplings + 1))?;
    Some(Architecture::Encoder {
        recipe: EncoderRecipe {
            features,
            channels,
            downsamplings,
            ..Recipe::defaults(Mode::Pix2pixhd).encoder
        },
        norm: norm(shapes, "model.2"),
        upsample: upsample(shapes, up),
        input,
    })
}

/// Recognizes a multi-scale discriminator with intermediate features.
pub(super) fn multiscale(shapes: &Shapes<'_>) -> Option<Architecture> {
    let layer = |scale: usize, layer: usize| shapes.kernel(&format!("scale{scale}_layer{layer}.0"));
    let scales = (0..MAX_COUNTED)
        .take_while(|&scale| layer(scale, 0).is_some())
        .count();
    let layers = (0..MAX_COUNTED)
        .take_while(|&index| layer(0, index).is_some())
        .count();
    let [channels, input, ..] = layer(0, 0)?;
    Some(Architecture::Discriminator {
        recipe: DiscriminatorRecipe {
            arch: DiscriminatorArch::Multiscale,
            // The last two layers are not strided.
            layers: layers.saturating_sub(2),
            channels,
            norm: norm(shapes, "scale0_layer1.1"),
            scales,
            ..Recipe::defaults(Mode::Pix2pixhd).discriminator
        },
        input,
    })
}

/// Checks that a generator has no more parts than recipes allow, before memory is taken for them.
pub(super) fn check_parts(recipe: &GeneratorRecipe) -> Result<(), Unrecognized> {
    for (what, number, most) in [
        ("downsamplings", recipe.downsamplings, 8),
        ("residual blocks", recipe.blocks, 64),
        ("enhancers", recipe.enhancers, 4),
        ("residual blocks in an enhancer", recipe.enhancer_blocks, 64),
    ] {
        if number > most {
            return Err(Unrecognized::Unsupported(format!(
                "it has {number} {what}, and up to {most} are supported"
            )));
        }
    }
    Ok(())
}

/// Number of weights in the residual blocks of a global generator, in units of the generator's channels squared.
pub(super) fn base_weights(recipe: &GeneratorRecipe) -> usize {
    let enhancers = if recipe.arch == GeneratorArch::Local {
        recipe.enhancers
    } else {
        0
    };
    (recipe.blocks * 2 * 9) << (2 * (recipe.downsamplings + enhancers))
}

/// Splits the channels of a generator's input into classes, edges of instances (or none), and features.
///
/// If the number of classes is not given, labels are assumed to come with edges, as in the reference implementation, and
/// with 3 features if that leaves Cityscapes' 35 classes; 3 channels are a picture, and 4 a picture with edges.
pub(super) fn input_parts(input: usize, classes: Option<usize>) -> (usize, bool, usize) {
    let classes = classes.unwrap_or(match input {
        0..=4 => 0,
        36 | 39 => 35,
        other => other - 1,
    });
    let described = if classes == 0 { 3.min(input) } else { classes };
    match input.saturating_sub(described) {
        0 => (classes, false, 0),
        1 => (classes, true, 0),
        // The usual number of features.
        3 => (classes, false, 3),
        more => (classes, true, more - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_classes_edges_and_features() {
        assert_eq!(input_parts(36, None), (35, true, 0));
        assert_eq!(input_parts(39, None), (35, true, 3));
        assert_eq!(input_parts(3, None), (0, false, 0));
        assert_eq!(input_parts(4, None), (0, true, 0));
        assert_eq!(input_parts(21, None), (20, true, 0));
        assert_eq!(input_parts(21, Some(21)), (21, false, 0));
        assert_eq!(input_parts(25, Some(21)), (21, true, 3));
        assert_eq!(input_parts(24, Some(21)), (21, false, 3));
        assert_eq!(input_parts(1, Some(0)), (0, false, 0));
    }
}
