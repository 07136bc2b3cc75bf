//! A generator of pictures from noise as an ONNX model.

use burn::tensor::Device;

use super::noise::{FirstStage, Noise, NoiseNetwork};
use crate::config::NormKind;
use crate::nn::{NamedTensors, NormStats};
use crate::style::onnx::{OnnxNetwork, OnnxOptions};
use crate::style::{Manifest, OnnxFile, StyleError, StyleFolder};
use crate::synthesis::classes::Classes;
use crate::synthesis::generator::SynthesisGenerator;
use crate::synthesis::growth::Growth;
use crate::synthesis::sampler::Sampler;
use crate::synthesis::staged_generator::StagedGenerator;

/// An ONNX model of the generator of a style. It computes what `translate sample` does.
///
/// # Errors
/// The style makes no pictures, its weights are missing, damaged or of another network, or the options ask for what the network does not
/// have.
pub fn generator_onnx(
    folder: &StyleFolder,
    manifest: &Manifest,
    options: &OnnxOptions,
    device: &Device,
) -> Result<OnnxFile, StyleError> {
    let recipe = &manifest.recipe;
    let sampler = Sampler::load(folder, manifest, device)?;
    let mut stages = std::iter::successors(Some(sampler.stages()), |stage| stage.first());
    let has_fixed = stages.any(|stage| stage.recipe().generator.norm == NormKind::Batch);
    if options.norm_stats == NormStats::Batch && has_fixed {
        return Err(StyleError::FixedStatistics(folder.name()));
    }
    let weights = NamedTensors::from_network(sampler.network());
    let network = OnnxNetwork {
        recipe: &recipe.generator,
        channels: [recipe.generator.latent, recipe.data.output_channels],
        input: noise(sampler.stages()).into_input(),
    };
    OnnxFile::new(folder, manifest, &network, weights, options, &[])
}

/// What the last network of some stages makes its pictures of, and how.
fn noise(stages: &StagedGenerator) -> Noise {
    let recipe = stages.recipe();
    let network = match (stages.network(), stages.first()) {
        (SynthesisGenerator::Resnet(_), _) => NoiseNetwork::Resnet(recipe.synthesis.class_norm),
        (SynthesisGenerator::Progressive(network), _) => {
            let Growth { side, from, share } = network.growth();
            NoiseNetwork::Progressive { side, from, share }
        }
        (SynthesisGenerator::Style(_), _) => NoiseNetwork::Style(recipe.synthesis.mapping),
        (SynthesisGenerator::Laplacian(_), _) => NoiseNetwork::Laplacian(recipe.synthesis.coarsest),
        (SynthesisGenerator::Stack(_), Some(first)) => NoiseNetwork::Stack(Box::new(FirstStage {
            recipe: first.recipe().generator.clone(),
            latent: first.recipe().generator.latent,
            noise: noise(first),
            weights: NamedTensors::from_network(first.network()),
        })),
        // A stack has a first stage, and styles hold no single levels.
        (
            SynthesisGenerator::Dcgan(_)
            | SynthesisGenerator::Level(_)
            | SynthesisGenerator::Stack(_),
            _,
        ) => NoiseNetwork::Dcgan,
    };
    let vector = if recipe.tells_vectors() {
        recipe.class_count()
    } else {
        0
    };
    Noise {
        classes: Classes::new(recipe).names().to_vec(),
        vector,
        codes: (
            recipe.synthesis.categories.clone(),
            recipe.synthesis.continuous,
        ),
        side: recipe.data.crop_size,
        network,
    }
}
