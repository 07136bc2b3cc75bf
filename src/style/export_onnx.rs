//! A style's generator as an ONNX model.

use burn::tensor::Device;

use super::error::StyleError;
use super::export::generator_weights;
use super::folder::StyleFolder;
use super::manifest::Manifest;
use super::onnx::{
    Holes, OnnxError, OnnxInput, OnnxNetwork, OnnxOptions, PictureSizes, onnx_file, onnx_model,
};
use crate::config::{Colours, Direction, GeneratorArch, NormKind, Recipe, Samples};
use crate::data::hole_values;
use crate::nn::{NamedTensors, NormStats};

/// An ONNX model.
#[derive(Debug, Clone, PartialEq)]
pub struct OnnxFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// The sizes of pictures that the generator takes.
    pub sizes: PictureSizes,
    /// Whether all weights are finite. Not all programs for ONNX models hand on what is not a number.
    pub finite: bool,
}

impl OnnxFile {
    /// The model of a `network` of the style in `folder` with its `weights`; `properties` says more of it than its manifest does.
    pub(crate) fn new(
        folder: &StyleFolder,
        manifest: &Manifest,
        network: &OnnxNetwork<'_>,
        weights: NamedTensors,
        options: &OnnxOptions,
        properties: &[(&'static str, &str)],
    ) -> Result<Self, StyleError> {
        let own = |&(key, value): &(&'static str, &str)| (key, value.to_owned());
        let mut all = vec![
            ("style", folder.name()),
            ("mode", manifest.recipe.mode.name().to_owned()),
        ];
        all.extend(properties.iter().map(own));
        for (key, value) in [("author", &manifest.author), ("licence", &manifest.licence)] {
            all.extend(value.clone().map(|value| (key, value)));
        }
        let finite = weights.are_finite();
        let model = onnx_model(network, weights, options, all);
        let model = model.map_err(|error| match error {
            OnnxError::Weights(source) => StyleError::BadWeights {
                path: folder.path().to_owned(),
                source,
            },
            error => error.into(),
        })?;
        Ok(Self {
            bytes: onnx_file(&model)?,
            sizes: network.sizes(),
            finite,
        })
    }
}

/// An ONNX model of the generator for `direction`, or for the style's own.
///
/// # Errors
/// The style has no generator for this direction, its weights are missing, damaged or of another network, the options
/// ask for what the network does not have, or the model is too large for a file.
pub fn generator_onnx(
    folder: &StyleFolder,
    manifest: &Manifest,
    direction: Option<Direction>,
    options: &OnnxOptions,
    device: &Device,
) -> Result<OnnxFile, StyleError> {
    let recipe = &manifest.recipe;
    if recipe.generator.arch == GeneratorArch::ContextBottleneck
        && recipe.generator.norm == NormKind::Batch
        && options.norm_stats == NormStats::Batch
    {
        return Err(StyleError::NoOwnStatistics(folder.name()));
    }
    if recipe.generator.norm == NormKind::VirtualBatch {
        return Err(StyleError::VirtualNorm(folder.name()));
    }
    let (weights, channels) = generator_weights(folder, manifest, direction, device)?;
    let direction = direction.unwrap_or(recipe.data.direction);
    let stage = reached_stage(recipe, &weights);
    let network = OnnxNetwork {
        recipe: &stage.generator,
        channels,
        input: match recipe.mode.samples() {
            Samples::Pairs if recipe.data.colours == Colours::Lab => OnnxInput::Lightness,
            Samples::Pairs | Samples::Sets => OnnxInput::Pictures,
            Samples::Pictures => {
                unreachable!("a network that translates none is not loaded for it")
            }
            Samples::Maps => OnnxInput::Maps(map_text(recipe)),
            Samples::Holes => OnnxInput::Holes(Holes {
                side: recipe.data.crop_size,
                middle: recipe.hole_side(),
                output_side: recipe.discriminator_side(),
                fill: hole_values(recipe.data.input_channels),
            }),
        },
    };
    let properties = [("direction", direction.name())];
    OnnxFile::new(folder, manifest, &network, weights, options, &properties)
}

/// The recipe of the stage that these weights are of: that with as many enhancers.
fn reached_stage(recipe: &Recipe, weights: &NamedTensors) -> Recipe {
    if !recipe.is_staged() {
        return recipe.clone();
    }
    let has = |enhancer: &usize| {
        let start = format!("model{enhancer}_1.");
        weights.0.keys().any(|name| name.starts_with(&start))
    };
    let enhancers = (1..=recipe.generator.enhancers).take_while(has).count();
    // The first stage has none of them, and each one more.
    recipe.stages().swap_remove(enhancers)
}

/// What the channels of the input of a generator of pix2pixHD are.
fn map_text(recipe: &Recipe) -> String {
    let (data, features) = (&recipe.data, recipe.encoder.features);
    let mut parts = Vec::new();
    parts.push(match data.label_channels() {
        0 => format!("{} channels of a picture", data.input_channels),
        channels => {
            let classes = data.classes;
            let further = if channels > classes {
                " and one for unlabelled pixels"
            } else {
                ""
            };
            format!(
                "one channel for each of {classes} classes{further}, 1 in its pixels and 0 elsewhere"
            )
        }
    });
    if data.instances {
        parts.push("edges of instances, 1 on both sides and 0 elsewhere".to_owned());
    }
    if features > 0 {
        parts.push(format!("{features} features of the instance of each pixel"));
    }
    parts.join("; ")
}
