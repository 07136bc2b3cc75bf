//! A trained generator of pix2pixHD as a translator of label maps.

use burn::tensor::{Device, Tensor, TensorData};

use super::maps::MapNeeds;
use super::picture::Translator;
use crate::coarse_to_fine::{FeatureClusters, Instances, condition};
use crate::config::{Direction, Recipe};
use crate::kernels::Precision;
use crate::nn::{Behaviour, Generator};
use crate::panics;
use crate::style::{Manifest, StyleError, StyleFolder, load_clusters, load_generator};

/// Several looks of one input, as features are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// Pictures for each input.
    pub samples: usize,
    /// Decides which; each picture of an input has the next seed.
    pub seed: u64,
}

/// A generator of pix2pixHD in use.
#[derive(Debug)]
pub struct LabelTranslator {
    /// Without automatic differentiation.
    generator: Generator,
    /// Where the generator takes instance features: what these can be.
    clusters: Option<FeatureClusters>,
    recipe: Recipe,
    sampling: Sampling,
    behaviour: Behaviour,
    device: Device,
}

impl LabelTranslator {
    /// The generator of the style in `folder` on `device`, calculating with `precision`.
    ///
    /// # Errors
    /// The style is damaged, has no generator for this direction, or no clusters of the features that it needs.
    pub fn load(
        folder: &StyleFolder,
        direction: Option<Direction>,
        sampling: Sampling,
        behaviour: Behaviour,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let mut manifest = Manifest::read(folder)?;
        manifest.recipe.train.precision = precision;
        let (generator, _) = load_generator(folder, &manifest, direction, device)?;
        Ok(Self {
            generator,
            clusters: load_clusters(folder, &manifest)?,
            recipe: manifest.recipe,
            sampling,
            behaviour,
            device: device.clone(),
        })
    }

    /// `values` are the planes that [`Translator::maps`] asks for.
    fn generate(&self, values: &[f32], height: usize, width: usize, seed: u64) -> TensorData {
        let data = &self.recipe.data;
        let plane = height * width;
        let shown = if data.classes > 0 {
            1
        } else {
            data.input_channels
        };
        let map =
            |planes: &[f32], count| TensorData::new(planes.to_vec(), [1, count, height, width]);
        let input = map(&values[..shown * plane], shown);
        let instances = data.instances.then(|| map(&values[shown * plane..], 1));
        let features = self.clusters.as_ref().map(|clusters| {
            // Without instance maps each class is one instance, as in training.
            let instances = match &instances {
                Some(maps) => Instances::new(maps),
                None => Instances::of_classes(&input),
            };
            let channels = self.recipe.encoder.features;
            clusters.sample(&instances, channels, [height, width], seed, &self.device)
        });
        let mut told = condition(input, instances, data.classes, &self.device);
        if let Some(features) = features {
            told = Tensor::cat(vec![told, features], 1);
        }
        self.generator.forward(told, self.behaviour).into_data()
    }
}

impl Translator for LabelTranslator {
    fn input_channels(&self) -> usize {
        self.recipe.data.input_channels
    }

    fn output_channels(&self) -> usize {
        self.recipe.data.output_channels
    }

    fn multiple(&self) -> usize {
        self.recipe.generator.size_multiple()
    }

    fn smallest(&self) -> usize {
        self.recipe.generator.smallest_size()
    }

    fn maps(&self) -> Option<MapNeeds> {
        Some(MapNeeds {
            classes: self.recipe.data.classes,
            instances: self.recipe.data.instances,
        })
    }

    /// `index` counts the samples of an input one after the other, so that its remainder is the place of the sample.
    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        let seed = self.sampling.seed + index % self.sampling.samples.max(1) as u64;
        // A device that runs out of memory panics; the other pictures may be smaller.
        let output = panics::caught(|| self.generate(&values, height, width, seed));
        let output = output.map_err(|message| format!("the network failed: {message}"))?;
        output.try_into_vec().map_err(|error| error.to_string())
    }
}
