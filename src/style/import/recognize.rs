//! Recognizing a network by the names and shapes of its tensors.

use super::architecture::{Architecture, Hints};
use super::coarse_to_fine;
use super::shapes::{Shapes, Unrecognized, last_index};
use super::srresnet::srresnet;
use crate::config::{
    DiscriminatorArch, DiscriminatorRecipe, Downsample, GeneratorArch, GeneratorRecipe,
    LatentPlace, Mode, NormKind, Recipe, Upsample,
};

impl Architecture {
    /// Recognizes a network by the names and shapes of its tensors.
    pub(super) fn recognize(shapes: &Shapes<'_>, hints: Hints) -> Result<Self, Unrecognized> {
        Ok(Self::from_names(shapes, hints)?.with_hint(hints))
    }

    fn from_names(shapes: &Shapes<'_>, hints: Hints) -> Result<Self, Unrecognized> {
        // Chosen by names of later layers, so that a missing first layer is reported as missing.
        let any = |part: &str| shapes.0.keys().any(|name| name.starts_with(part));
        if any("model.model.1.model.") {
            return unet(shapes, hints);
        }
        if any("model.submodule.") {
            return unet_with_code(shapes, hints);
        }
        if any("residual_blocks.") || any("subpixel_convolutional_blocks.") {
            return srresnet(shapes, hints);
        }
        if any("model1_1.") {
            return coarse_to_fine::local(shapes).ok_or(Unrecognized::Unknown);
        }
        if let Some(found) = coarse_to_fine::multiscale(shapes) {
            return Ok(found);
        }
        if any("layer0.0.") {
            return unsupported(
                "it is a multi-scale discriminator of pix2pixHD without intermediate features (`--no_ganFeat_loss`)",
            );
        }
        let has_blocks = |name: &str| name.starts_with("model.") && name.contains(".conv_block.");
        if shapes.0.keys().any(|name| has_blocks(name)) {
            return resnet(shapes, hints);
        }
        if let Some(found) = coarse_to_fine::encoder(shapes) {
            return Ok(found);
        }
        let has = |layer: &str, width: usize| {
            let kernel = shapes.kernel(layer);
            kernel.is_some_and(|[.., found]| found == width)
        };
        if has("model.2", 4) && has("model.5", 4) {
            return patch(shapes, hints);
        }
        if shapes.has("model.2.filt") && has("model.3", 4) {
            return blurred_patch(shapes, hints);
        }
        // Its activations, at 1 and 4, have no weights: other rows of such layers have, as those that make the codes of StyleGAN.
        let has_weights = |layer: &str| shapes.kernel(layer).is_some();
        if has("net.2", 1) && !has_weights("net.1") && !has_weights("net.4") {
            return pixel(shapes, hints);
        }
        Err(Unrecognized::Unknown)
    }
}

fn unsupported<T>(what: &str) -> Result<T, Unrecognized> {
    Err(Unrecognized::Unsupported(what.to_owned()))
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
const COLOR_CHANNELS: usize = 3;
/// The level below the outermost one of a U-Net.
const UNET_INNER: &str = "model.model.1";

fn unet(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    // Counted by the deepest name, so that a missing layer is reported as missing and not taken for the end.
    let depth = |name: &str| {
        let inner = name.strip_prefix(UNET_INNER)?;
        Some(inner.matches(".model.3").count() + 2)
    };
    let is_convolution = |name: &&str| name.ends_with(".model.1.weight");
    let names = shapes.0.keys().map(AsRef::as_ref);
    let levels = names.filter(is_convolution).filter_map(depth).max();
    let arch = unet_arch(levels.unwrap_or(1))?;
    if shapes.kernel("model.model.3").is_none() && shapes.kernel("model.model.5").is_some() {
        return unsupported(BILINEAR);
    }
    let inner = shapes.kernel(&format!("{UNET_INNER}.model.1"));
    let [channels, input, ..] = match (shapes.kernel("model.model.0"), inner) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOR_CHANNELS, 4, 4],
        (None, None) => return Err(Unrecognized::Unknown),
    };
    // A transposed convolution has its input first, and a kernel of 4; the one after resizing a kernel of 3.
    let (upsample, output) = match shapes.kernel("model.model.3") {
        Some([output, _, 3, _]) => (Upsample::Resize, output),
        Some([_, output, ..]) => (Upsample::Deconv, output),
        None => (Upsample::Deconv, COLOR_CHANNELS),
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

/// What is said of a generator of BicycleGAN with `--upsample bilinear`.
const BILINEAR: &str = "it is a U-Net of BicycleGAN that doubles sizes bilinearly and mirrors the border, where the U-Nets here have \
                        transposed convolutions (`--upsample basic`)";

/// The U-Net with so many downsamplings.
fn unet_arch(downsamplings: usize) -> Result<GeneratorArch, Unrecognized> {
    Ok(match downsamplings {
        6 => GeneratorArch::Unet64,
        7 => GeneratorArch::Unet128,
        8 => GeneratorArch::Unet256,
        9 => GeneratorArch::Unet512,
        other => {
            return Err(Unrecognized::Unsupported(format!(
                "it is a U-Net with {other} downsamplings, and 6 (unet_64) to 9 (unet_512) are supported"
            )));
        }
    })
}

/// A U-Net of BicycleGAN that takes a latent code at every level (`--where_add all`): each level has one channel more for each of
/// its numbers.
fn unet_with_code(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    const INNER: &str = "model.submodule";
    const MAX_LATENT: usize = 512;
    let is_convolution = |name: &&str| name.ends_with(".down.1.weight");
    let names = shapes.0.keys().map(AsRef::as_ref);
    let depth = |name: &str| name.matches("submodule.").count() + 1;
    let levels = names.filter(is_convolution).map(depth).max();
    let arch = unet_arch(levels.unwrap_or(1))?;
    if shapes.kernel("model.up.1").is_none() && shapes.kernel("model.up.3").is_some() {
        return unsupported(BILINEAR);
    }
    let inner = shapes.kernel(&format!("{INNER}.down.1"));
    let (Some([channels, told, ..]), Some([_, above, ..])) = (shapes.kernel("model.down.0"), inner)
    else {
        return Err(Unrecognized::Unknown);
    };
    let latent = above.saturating_sub(channels);
    if latent == 0 || told <= latent {
        return unsupported("it is a U-Net of BicycleGAN without a latent code (`--nz 0`)");
    }
    if latent > MAX_LATENT {
        return unsupported("the code of its U-Net has more than 512 numbers");
    }
    let (upsample, output) = match shapes.kernel("model.up.1") {
        Some([output, _, 3, _]) => (Upsample::Resize, output),
        Some([_, output, ..]) => (Upsample::Deconv, output),
        None => (Upsample::Deconv, COLOR_CHANNELS),
    };
    let norm = shapes.norm(
        &format!("{INNER}.down.2"),
        &format!("{INNER}.down.1"),
        hints,
    )?;
    let recipe = GeneratorRecipe {
        latent,
        latent_at: LatentPlace::All,
        ..generator(arch, channels, norm, upsample)
    };
    Ok(Architecture::Generator {
        recipe,
        input: told - latent,
        output,
    })
}

fn resnet(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    let (downsample, first_block) = downsampling(shapes)?;
    // With more or fewer downsamplings than CycleGAN's generator has, the first block stands elsewhere; and CycleGAN's
    // takes pictures.
    let is_block = |index: usize| {
        let layer = format!("model.{index}.conv_block.1");
        shapes.kernel(&layer).is_some()
    };
    let is_usual = is_block(first_block) && !is_block(first_block - 3);
    let takes_more = shapes
        .kernel("model.1")
        .is_some_and(|[_, input, ..]| input > COLOR_CHANNELS + 1 + hints.latent.unwrap_or(0));
    if downsample == Downsample::Strided
        && (!is_usual || takes_more || hints.is_coarse_to_fine)
        && let Some(found) = coarse_to_fine::global(shapes)
    {
        return Ok(found);
    }
    if shapes
        .kernel(&format!("model.{first_block}.conv_block.0"))
        .is_some()
    {
        return unsupported(
            "it is a ResNet whose blocks are padded with zeros, and reflection is supported",
        );
    }
    let has = |layer: String| shapes.kernel(&layer).is_some();
    let last = last_index(shapes, "model.", "conv_block.");
    let blocks = last.map_or(0, |last| (last + 1).saturating_sub(first_block));
    let arch = match blocks {
        6 => GeneratorArch::Resnet6Blocks,
        9 => GeneratorArch::Resnet9Blocks,
        other => {
            return Err(Unrecognized::Unsupported(format!(
                "it is a ResNet with {other} residual blocks at the usual place, and 6 or 9 are supported; if it is pix2pixHD's, say `--arch global`"
            )));
        }
    };
    let [channels, input, ..] = match (shapes.kernel("model.1"), shapes.kernel("model.4")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOR_CHANNELS, 7, 7],
        (None, None) => return Err(Unrecognized::Unknown),
    };
    let up = first_block + blocks;
    let upsample = upsampling(shapes, up)?;
    // After two upsamplings of three layers, and their filters, comes a border.
    let head = if upsample == Upsample::Blur { 9 } else { 7 };
    let output = shapes
        .kernel(&format!("model.{}", up + head))
        .map_or(COLOR_CHANNELS, |[output, ..]| output);
    // With a code no norm follows the first convolution.
    let [norm, convolution] = match hints.latent {
        Some(_) => ["model.5", "model.4"],
        None => ["model.2", "model.1"],
    };
    let norm = shapes.norm(norm, convolution, hints)?;
    let mut recipe = generator(arch, channels, norm, upsample);
    recipe.downsample = downsample;
    // Dropout takes an index between the two convolutions of a block.
    recipe.dropout = has(format!("model.{first_block}.conv_block.6"));
    Ok(Architecture::Generator {
        recipe,
        input,
        output,
    })
}

/// How a ResNet halves the size twice, and the index of its first residual block: in CUT's a filter, `filt`, takes a place
/// after each downsampling.
fn downsampling(shapes: &Shapes<'_>) -> Result<(Downsample, usize), Unrecognized> {
    let has = |layer: &str| shapes.kernel(layer).is_some();
    if shapes.has("model.7.filt") || shapes.has("model.11.filt") {
        return Ok((Downsample::Blur, 12));
    }
    let has_blocks_behind = has("model.12.conv_block.1") && !has("model.10.conv_block.1");
    if has_blocks_behind && !has("model.7") && has("model.8") {
        return Err(without_filter("halves", 7));
    }
    Ok((Downsample::Strided, 10))
}

fn without_filter(what: &str, index: usize) -> Unrecognized {
    Unrecognized::Unsupported(format!(
        "it is a ResNet that {what} the size by a layer without weights, `model.{index}`, where CUT's have a filter, `model.{index}.filt`, \
         and others a convolution; `translate export` writes the filters of a style of this program"
    ))
}

/// How a ResNet doubles the size, from the index `up` on.
fn upsampling(shapes: &Shapes<'_>, up: usize) -> Result<Upsample, Unrecognized> {
    let has_filter = |index: usize| shapes.has(&format!("model.{index}.filt"));
    match shapes.kernel(&format!("model.{up}")) {
        _ if has_filter(up) || has_filter(up + 4) => Ok(Upsample::Blur),
        // Before an upsampling there are twice as many channels as after it; a transposed convolution has them first.
        Some([first, second, ..]) if first < second => Ok(Upsample::Resize),
        None if shapes.kernel(&format!("model.{}", up + 1)).is_some() => {
            Err(without_filter("doubles", up))
        }
        _ => Ok(Upsample::Deconv),
    }
}

fn patch(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    // With n strided layers the last convolution is at 3 n + 2.
    let layers = last_index(shapes, "model.", "").map_or(0, |last| last / 3);
    let [channels, input, ..] = match (shapes.kernel("model.0"), shapes.kernel("model.2")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOR_CHANNELS, 4, 4],
        (None, None) => return Err(Unrecognized::Unknown),
    };
    if shapes.kernel("model.8").is_some()
        && shapes.kernel("model.11").is_none()
        && shapes
            .kernel("model.12")
            .is_some_and(|[output, ..]| output == 1)
    {
        return unsupported(
            "it is the discriminator of PyTorch-GAN, whose last convolution comes after a row and a column of zeros, where PatchGAN has one \
             of stride 1 before it",
        );
    }
    if shapes
        .kernel(&format!("model.{}", 3 * layers + 2))
        .is_none()
    {
        return Err(Unrecognized::Unknown);
    }
    let norm = shapes.norm("model.3", "model.2", hints)?;
    Ok(patch_gan(
        Downsample::Strided,
        layers,
        [channels, input],
        norm,
    ))
}

/// CUT's PatchGAN, which has a filter after each of its layers but the last two.
fn blurred_patch(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    // With n filters the last convolution is at 4 n + 2.
    let layers = last_index(shapes, "model.", "").map_or(0, |last| last / 4);
    let [channels, input, ..] = match (shapes.kernel("model.0"), shapes.kernel("model.3")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOR_CHANNELS, 4, 4],
        (None, None) => return Err(Unrecognized::Unknown),
    };
    let norm = shapes.norm("model.4", "model.3", hints)?;
    Ok(patch_gan(Downsample::Blur, layers, [channels, input], norm))
}

fn patch_gan(
    downsample: Downsample,
    layers: usize,
    [channels, input]: [usize; 2],
    norm: NormKind,
) -> Architecture {
    Architecture::Discriminator {
        recipe: DiscriminatorRecipe {
            arch: DiscriminatorArch::Patch,
            layers,
            channels,
            norm,
            downsample,
            ..Recipe::defaults(Mode::Pix2pix).discriminator
        },
        input,
    }
}

fn pixel(shapes: &Shapes<'_>, hints: Hints) -> Result<Architecture, Unrecognized> {
    let [channels, input, ..] = match (shapes.kernel("net.0"), shapes.kernel("net.2")) {
        (Some(first), _) => first,
        (None, Some([_, channels, ..])) => [channels, COLOR_CHANNELS, 1, 1],
        (None, None) => return Err(Unrecognized::Unknown),
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
