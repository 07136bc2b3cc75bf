//! A generator of pictures from noise as an ONNX model.

use burn::tensor::Device;

use super::classes::Classes;
use super::generator::SynthesisGenerator;
use super::growth::Growth;
use super::sampler::Sampler;
use crate::config::NormKind;
use crate::nn::{NamedTensors, NormStats};
use crate::style::onnx::{
    Noise, NoiseNetwork, OnnxError, OnnxInput, OnnxNetwork, OnnxOptions, onnx_file, onnx_model,
};
use crate::style::{Manifest, OnnxFile, StyleError, StyleFolder};

/// An ONNX model of the generator of a style. It computes what `translate sample` does.
///
/// # Errors
/// The style makes no pictures, or has a network that is not written as ONNX, its weights are missing, damaged or of another network, or the options ask for what the network does not
/// have.
pub fn generator_onnx(
    folder: &StyleFolder,
    manifest: &Manifest,
    options: &OnnxOptions,
    device: &Device,
) -> Result<OnnxFile, StyleError> {
    let recipe = &manifest.recipe;
    if options.norm_stats == NormStats::Batch && recipe.generator.norm == NormKind::Batch {
        return Err(StyleError::FixedStatistics(folder.name()));
    }
    let sampler = Sampler::load(folder, manifest, device)?;
    let weights = NamedTensors::from_network(sampler.network());
    let layers = match sampler.network() {
        SynthesisGenerator::Dcgan(_) => NoiseNetwork::Dcgan,
        SynthesisGenerator::Resnet(_) => NoiseNetwork::Resnet(recipe.synthesis.class_norm),
        SynthesisGenerator::Progressive(network) => {
            let Growth { side, from, share } = network.growth();
            NoiseNetwork::Progressive { side, from, share }
        }
        SynthesisGenerator::Style(_) => NoiseNetwork::Style(recipe.synthesis.mapping),
        SynthesisGenerator::Laplacian(_)
        | SynthesisGenerator::Level(_)
        | SynthesisGenerator::Stack(_) => {
            return Err(StyleError::NoModel {
                style: folder.name(),
                arch: recipe.generator.arch.name(),
            });
        }
    };
    let mut properties = vec![
        ("style", folder.name()),
        ("mode", recipe.mode.name().to_owned()),
    ];
    for (key, value) in [("author", &manifest.author), ("licence", &manifest.licence)] {
        properties.extend(value.clone().map(|value| (key, value)));
    }
    let network = OnnxNetwork {
        recipe: &recipe.generator,
        channels: [recipe.generator.latent, recipe.data.output_channels],
        input: OnnxInput::Noise(Noise {
            classes: Classes::new(recipe).names().to_vec(),
            vector: if recipe.tells_vectors() {
                recipe.class_count()
            } else {
                0
            },
            codes: (
                recipe.synthesis.categories.clone(),
                recipe.synthesis.continuous,
            ),
            side: recipe.data.crop_size,
            network: layers,
        }),
    };
    let model = onnx_model(&network, weights, options, properties);
    let model = model.map_err(|error| match error {
        OnnxError::Weights(source) => StyleError::BadWeights {
            path: folder.path().to_owned(),
            source,
        },
        error => error.into(),
    })?;
    Ok(OnnxFile {
        bytes: onnx_file(&model)?,
        sizes: network.sizes(),
    })
}
