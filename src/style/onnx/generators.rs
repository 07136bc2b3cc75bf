//! The generators of `nn`, layer by layer, without dropout.

use super::layers::{Features, Layers};
use super::srresnet::srresnet;
use super::unet::{SkipOrder, unet, unet_with_code};
use crate::config::{Downsample, GeneratorArch, GeneratorRecipe, LatentPlace, Upsample};
use crate::nn::{Padding, TensorError};

/// What the fully convolutional generator of `recipe` makes of `input`, with the planes of a latent code where it takes one.
pub(super) fn generator(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    input: Features,
    code: Option<Features>,
) -> Result<Features, TensorError> {
    let downsamplings = recipe.size_multiple().ilog2() as usize;
    if let (Some(planes), LatentPlace::All) = (&code, recipe.latent_at) {
        let features = unet_with_code(layers, downsamplings, &input, planes)?;
        return Ok(layers.tanh(features));
    }
    let (input, skip) = match code {
        Some(planes) => (layers.concat(&input, &planes), SkipOrder::Last),
        None => (input, SkipOrder::First),
    };
    let features = match recipe.arch {
        GeneratorArch::Unet64
        | GeneratorArch::Unet128
        | GeneratorArch::Unet256
        | GeneratorArch::Unet512 => unet(layers, downsamplings, &input, skip)?,
        GeneratorArch::Resnet6Blocks => resnet(layers, recipe, [2, 6], &input)?,
        GeneratorArch::Resnet9Blocks => resnet(layers, recipe, [2, 9], &input)?,
        GeneratorArch::Global => {
            let sizes = [recipe.downsamplings, recipe.blocks];
            resnet(layers, recipe, sizes, &input)?
        }
        GeneratorArch::Local => local(layers, recipe, input)?,
        GeneratorArch::Srresnet => return srresnet(layers, recipe, &input),
        other => unreachable!("\"{}\" is not fully convolutional", other.name()),
    };
    Ok(layers.tanh(features))
}

/// [`ResnetGenerator`](crate::nn::ResnetGenerator).
fn resnet(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    [downsamplings, blocks]: [usize; 2],
    input: &Features,
) -> Result<Features, TensorError> {
    let (features, place) = resnet_features(layers, recipe, [downsamplings, blocks], input)?;
    // Two layers after the last upsampling: its ReLU and the padding.
    let head = format!("model.{}", place + 1);
    layers.convolution(&features, &head, 1, Padding::Reflect(3))
}

/// A ResNet generator without its last convolution, and the place after it in PyTorch's sequence.
fn resnet_features(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    [downsamplings, blocks]: [usize; 2],
    input: &Features,
) -> Result<(Features, usize), TensorError> {
    // Places in PyTorch's sequence, where paddings and activations count too.
    let at = |place: usize| format!("model.{place}");
    let mut features = stem(layers, "model", input, recipe.latent == 0)?;
    let mut place = 4;
    // With filters the convolutions keep the size; a filter takes a place, before or after the other layers.
    let blurs_down = recipe.downsample == Downsample::Blur;
    for _ in 0..downsamplings {
        let stride = if blurs_down { 1 } else { 2 };
        features = down(layers, "model", place, stride, &features)?;
        place += 3;
        if blurs_down {
            features = layers.blur_downsample(&features);
            place += 1;
        }
    }
    for _ in 0..blocks {
        let block = format!("{}.conv_block", at(place));
        features = residual_block(layers, &block, recipe.dropout, &features)?;
        place += 1;
    }
    for _ in 0..downsamplings {
        place += usize::from(recipe.upsample == Upsample::Blur);
        features = up(layers, "model", place, &features)?;
        place += 3;
    }
    Ok((features, place))
}

fn stem(
    layers: &mut Layers,
    sequence: &str,
    input: &Features,
    has_norm: bool,
) -> Result<Features, TensorError> {
    let mut features =
        layers.convolution(input, &format!("{sequence}.1"), 1, Padding::Reflect(3))?;
    if has_norm {
        features = layers.norm(features, &format!("{sequence}.2"))?;
    }
    Ok(layers.relu(features))
}

fn down(
    layers: &mut Layers,
    sequence: &str,
    place: usize,
    stride: usize,
    input: &Features,
) -> Result<Features, TensorError> {
    let layer = format!("{sequence}.{place}");
    let features = layers.convolution(input, &layer, stride, Padding::Zero(1))?;
    let features = layers.norm(features, &format!("{sequence}.{}", place + 1))?;
    Ok(layers.relu(features))
}

fn up(
    layers: &mut Layers,
    sequence: &str,
    place: usize,
    input: &Features,
) -> Result<Features, TensorError> {
    let features = layers.upsampling(input, &format!("{sequence}.{place}"), 1)?;
    let features = layers.norm(features, &format!("{sequence}.{}", place + 1))?;
    Ok(layers.relu(features))
}

/// [`LocalEnhancer`](crate::nn::LocalEnhancer).
fn local(
    layers: &mut Layers,
    recipe: &GeneratorRecipe,
    input: Features,
) -> Result<Features, TensorError> {
    let mut inputs = vec![input];
    for _ in 0..recipe.enhancers {
        inputs.push(layers.downsample(&inputs[inputs.len() - 1]));
    }
    let sizes = [recipe.downsamplings, recipe.blocks];
    let coarsest = &inputs[recipe.enhancers];
    let (mut features, _) = resnet_features(layers, recipe, sizes, coarsest)?;
    for number in 1..=recipe.enhancers {
        let (below, above) = (format!("model{number}_1"), format!("model{number}_2"));
        let own = stem(layers, &below, &inputs[recipe.enhancers - number], true)?;
        let own = down(layers, &below, 4, 2, &own)?;
        features = layers.add(&own, &features);
        for block in 0..recipe.enhancer_blocks {
            let block = format!("{above}.{block}.conv_block");
            features = residual_block(layers, &block, recipe.dropout, &features)?;
        }
        features = up(layers, &above, recipe.enhancer_blocks, &features)?;
    }
    // After the upsampling, its norm and ReLU, and the padding.
    let head = format!("model{}_2.{}", recipe.enhancers, recipe.enhancer_blocks + 4);
    layers.convolution(&features, &head, 1, Padding::Reflect(3))
}

fn residual_block(
    layers: &mut Layers,
    block: &str,
    dropout: bool,
    input: &Features,
) -> Result<Features, TensorError> {
    // Dropout, which does nothing here, takes a place between the two convolutions.
    let second = if dropout { 6 } else { 5 };
    let at = |index: usize| format!("{block}.{index}");
    let mut features = layers.convolution(input, &at(1), 1, Padding::Reflect(1))?;
    features = layers.norm(features, &at(2))?;
    features = layers.relu(features);
    features = layers.convolution(&features, &at(second), 1, Padding::Reflect(1))?;
    features = layers.norm(features, &at(second + 1))?;
    Ok(layers.add(input, &features))
}
