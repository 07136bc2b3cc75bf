//! Recognising a network by the names and shapes of its tensors.

use std::collections::BTreeMap;

use super::architecture::{Architecture, Hints};
use super::coarse_to_fine;
use crate::config::{
    DiscriminatorArch, DiscriminatorRecipe, GeneratorArch, GeneratorRecipe, Mode, NormKind, Recipe,
    Upsample,
};

/// Why tensors are not recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unrecognised {
    /// They have nothing of a network that is known.
    Foreign,
    /// A network that is known by name only.
    Unsupported(String),
    /// The question that must be answered, with the flag that does.
    Ambiguous(String),
}

/// Shapes by name.
pub(super) struct Shapes<'a>(pub(super) BTreeMap<&'a str, &'a [usize]>);

impl Shapes<'_> {
    /// Numbers in all tensors.
    pub(super) fn count(&self) -> usize {
        let counts = self.0.values().map(|shape| {
            let sizes = shape.iter();
            sizes.fold(1usize, |count, size| count.saturating_mul(*size))
        });
        counts.fold(0, usize::saturating_add)
    }

    /// Whether this is a running statistic of a norm, which follows right after a convolution.
    pub(super) fn is_statistic(&self, name: &str) -> bool {
        let leaf = [".running_mean", ".running_var"];
        let Some(layer) = leaf.iter().find_map(|leaf| name.strip_suffix(leaf)) else {
            return false;
        };
        let Some((group, index)) = layer.rsplit_once('.') else {
            return false;
        };
        let before = index
            .parse::<usize>()
            .ok()
            .and_then(|index| index.checked_sub(1));
        before.is_some_and(|before| self.kernel(&format!("{group}.{before}")).is_some())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Shape of the weight of the convolution `layer`.
    pub(super) fn kernel(&self, layer: &str) -> Option<[usize; 4]> {
        let shape = self.0.get(format!("{layer}.weight").as_str())?;
        (*shape).try_into().ok()
    }

    /// Normalisation of a network, from one of its norms and the convolution before it.
    fn norm(&self, norm: &str, convolution: &str, hints: Hints) -> Result<NormKind, Unrecognised> {
        let has = |layer: &str, leaf: &str| self.has(&format!("{layer}.{leaf}"));
        let bias = has(convolution, "bias");
        let scale = has(norm, "weight");
        let running = has(norm, "running_mean");
        Ok(match (scale, bias, running) {
            (false, true, _) => NormKind::Instance,
            (false, false, _) => NormKind::None,
            (true, false, true) => NormKind::Batch,
            (true, false, false) if self.0.keys().any(|name| name.ends_with(".running_mean")) => {
                NormKind::Batch
            }
            (true, false, false) => {
                return Err(Unrecognised::Unsupported(
                    "its norms have scale and shift but no running statistics, and its convolutions no biases: batch normalisation is \
                     supported with its running statistics, instance normalisation with biases in the convolutions"
                        .to_owned(),
                ));
            }
            (true, true, false) => NormKind::InstanceAffine,
            (true, true, true) => match hints.norm {
                Some(NormKind::InstanceAffine) => NormKind::InstanceAffine,
                Some(NormKind::Batch) => {
                    return Err(Unrecognised::Unsupported(
                        "its convolutions have biases before batch normalisation, which no network here has".to_owned(),
                    ));
                }
                _ => {
                    return Err(Unrecognised::Ambiguous(
                        "its norms have scale, shift and running statistics, and its convolutions biases: if it was trained with instance \
                         normalisation, say `--norm instance_affine`, and the running statistics are left out"
                            .to_owned(),
                    ));
                }
            },
        })
    }
}

impl Architecture {
    /// Recognises a network by the names and shapes of its tensors.
    pub(super) fn recognise(shapes: &Shapes<'_>, hints: Hints) -> Result<Self, Unrecognised> {
        // By names that are there even where the first layer is missing, so that it is found missing.
        let any = |part: &str| shapes.0.keys().any(|name| name.starts_with(part));
        if any("model.model.1.model.") {
            return unet(shapes, hints);
        }
        if any("model1_1.") {
            return coarse_to_fine::local(shapes).ok_or(Unrecognised::Foreign);
        }
        if let Some(found) = coarse_to_fine::multiscale(shapes) {
            return Ok(found);
        }
        if any("layer0.0.") {
            return unsupported(
                "it is a multi-scale discriminator of pix2pixHD without intermediate features (`--no_ganFeat_loss`)",
            );
        }
        let has_blocks = |name: &&str| name.starts_with("model.") && name.contains(".conv_block.");
        if shapes.0.keys().any(has_blocks) {
            return resnet(shapes, hints);
        }
        if let Some(found) = coarse_to_fine::encoder(shapes) {
            return Ok(found);
        }
        if shapes.kernel("model.2").is_some() && shapes.kernel("model.5").is_some() {
            return patch(shapes, hints);
        }
        if shapes.kernel("net.2").is_some() {
            return pixel(shapes, hints);
        }
        Err(Unrecognised::Foreign)
    }
}

fn unsupported<T>(what: &str) -> Result<T, Unrecognised> {
    Err(Unrecognised::Unsupported(what.to_owned()))
}

/// The largest number in the names that begin with `before` and the number, and go on with `after`.
pub(super) fn last_index(shapes: &Shapes<'_>, before: &str, after: &str) -> Option<usize> {
    let numbers = shapes.0.keys().filter_map(|name| {
        let (number, rest) = name.strip_prefix(before)?.split_once('.')?;
        let goes_on = rest.starts_with(after);
        goes_on.then(|| number.parse().ok()).flatten()
    });
    numbers.max()
}

fn generator(
    arch: GeneratorArch,
    channels: usize,
    norm: NormKind,
    upsample: Upsample,
) -> GeneratorRecipe {
    GeneratorRecipe {
        arch,
        channels,
        norm,
        upsample,
        ..Recipe::defaults(Mode::Pix2pix).generator
    }
}

/// Channels of pictures whose layer is missing.
const COLOURS: usize = 3;
/// The level below the outermost one of a U-Net.
const UNET_INNER: &str = "model.model.1";

fn unet(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognised> {
    // Counted by the deepest name, so that a layer that is missing is found missing, not taken for the end.
    let depth = |name: &str| {
        let inner = name.strip_prefix(UNET_INNER)?;
        Some(inner.matches(".model.3").count() + 2)
    };
    let is_convolution = |name: &&str| name.ends_with(".model.1.weight");
    let names = shapes.0.keys().copied();
    let levels = names.filter(is_convolution).filter_map(depth).max();
    let levels = levels.unwrap_or(1);
    let arch = match levels {
        6 => GeneratorArch::Unet64,
        7 => GeneratorArch::Unet128,
        8 => GeneratorArch::Unet256,
        9 => GeneratorArch::Unet512,
        other => {
            return Err(Unrecognised::Unsupported(format!(
                "it is a U-Net with {other} downsamplings, and 6 (unet_64) to 9 (unet_512) are supported"
            )));
        }
    };
    let inner = shapes.kernel(&format!("{UNET_INNER}.model.1"));
    let [channels, input, ..] = match (shapes.kernel("model.model.0"), inner) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOURS, 4, 4],
        (None, None) => return Err(Unrecognised::Foreign),
    };
    // A transposed convolution has its input first, and a kernel of 4; the one after resizing a kernel of 3.
    let (upsample, output) = match shapes.kernel("model.model.3") {
        Some([output, _, 3, _]) => (Upsample::Resize, output),
        Some([_, output, ..]) => (Upsample::Deconv, output),
        None => (Upsample::Deconv, COLOURS),
    };
    let norm = shapes.norm(
        &format!("{UNET_INNER}.model.2"),
        &format!("{UNET_INNER}.model.1"),
        hints,
    )?;
    Ok(Architecture::Generator {
        recipe: generator(arch, channels, norm, upsample),
        input,
        output,
    })
}

fn resnet(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognised> {
    /// Place of the first residual block, after two downsamplings.
    const FIRST: usize = 10;
    let is_filter = |name: &str| name.rsplit('.').next() == Some("filt");
    if shapes.0.keys().copied().any(is_filter) {
        return unsupported(
            "it is a ResNet with anti-aliased sampling, as CUT trains by default (`--no_antialias --no_antialias_up` trains one that is supported)",
        );
    }
    // With more or fewer downsamplings than CycleGAN's generator has, the first block stands elsewhere; and CycleGAN's
    // takes pictures.
    let is_block = |place: usize| {
        let layer = format!("model.{place}.conv_block.1");
        shapes.kernel(&layer).is_some()
    };
    let is_usual = is_block(FIRST) && !is_block(FIRST - 3);
    let takes_more = shapes
        .kernel("model.1")
        .is_some_and(|[_, input, ..]| input > COLOURS + 1);
    if (!is_usual || takes_more || hints.is_coarse_to_fine)
        && let Some(found) = coarse_to_fine::global(shapes)
    {
        return Ok(found);
    }
    if shapes
        .kernel(&format!("model.{FIRST}.conv_block.0"))
        .is_some()
    {
        return unsupported(
            "it is a ResNet whose blocks are padded with zeros, and reflection is supported",
        );
    }
    let has = |layer: String| shapes.kernel(&layer).is_some();
    let last = last_index(shapes, "model.", "conv_block.");
    let blocks = last.map_or(0, |last| (last + 1).saturating_sub(FIRST));
    let arch = match blocks {
        6 => GeneratorArch::Resnet6Blocks,
        9 => GeneratorArch::Resnet9Blocks,
        other => {
            return Err(Unrecognised::Unsupported(format!(
                "it is a ResNet with {other} residual blocks at the usual place, and 6 or 9 are supported; if it is pix2pixHD's, say `--arch global`"
            )));
        }
    };
    let [channels, input, ..] = match (shapes.kernel("model.1"), shapes.kernel("model.4")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOURS, 7, 7],
        (None, None) => return Err(Unrecognised::Foreign),
    };
    let up = FIRST + blocks;
    let output = shapes
        .kernel(&format!("model.{}", up + 7))
        .map_or(COLOURS, |[output, ..]| output);
    // Before an upsampling there are twice as many channels as after it; a transposed convolution has them first.
    let upsample = match shapes.kernel(&format!("model.{up}")) {
        Some([first, second, ..]) if first < second => Upsample::Resize,
        _ => Upsample::Deconv,
    };
    let norm = shapes.norm("model.2", "model.1", hints)?;
    let mut recipe = generator(arch, channels, norm, upsample);
    // Dropout takes a place between the two convolutions of a block.
    recipe.dropout = has(format!("model.{FIRST}.conv_block.6"));
    Ok(Architecture::Generator {
        recipe,
        input,
        output,
    })
}

fn patch(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognised> {
    // With n strided layers the last convolution is at 3 n + 2.
    let layers = last_index(shapes, "model.", "").map_or(0, |last| last / 3);
    let [channels, input, ..] = match (shapes.kernel("model.0"), shapes.kernel("model.2")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOURS, 4, 4],
        (None, None) => return Err(Unrecognised::Foreign),
    };
    if shapes
        .kernel(&format!("model.{}", 3 * layers + 2))
        .is_none()
    {
        return Err(Unrecognised::Foreign);
    }
    Ok(Architecture::Discriminator {
        recipe: DiscriminatorRecipe {
            arch: DiscriminatorArch::Patch,
            layers,
            channels,
            norm: shapes.norm("model.3", "model.2", hints)?,
            ..Recipe::defaults(Mode::Pix2pix).discriminator
        },
        input,
    })
}

fn pixel(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognised> {
    let [channels, input, ..] = match (shapes.kernel("net.0"), shapes.kernel("net.2")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOURS, 1, 1],
        (None, None) => return Err(Unrecognised::Foreign),
    };
    Ok(Architecture::Discriminator {
        recipe: DiscriminatorRecipe {
            arch: DiscriminatorArch::Pixel,
            layers: Recipe::defaults(Mode::Pix2pix).discriminator.layers,
            channels,
            norm: shapes.norm("net.3", "net.2", hints)?,
            ..Recipe::defaults(Mode::Pix2pix).discriminator
        },
        input,
    })
}
