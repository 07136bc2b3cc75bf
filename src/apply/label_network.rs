//! A trained generator of pix2pixHD as a translator of label maps.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::bands::{DeviceRows, bytes_per_pixel, failed, in_bands, most_whole};
use super::looks::SampleOptions;
use super::network::tile_batch_size;
use super::row_access::RowAccess;
use super::row_buffer::RowBuffer;
use super::translator::{MapSpec, Translator};
use crate::coarse_to_fine::{FeatureClusters, Instances, build_condition};
use crate::config::{Direction, Recipe};
use crate::data::LabelCoding;
use crate::kernels::{DeviceFailure, DeviceMemory, Precision};
use crate::nn::{BandLimits, ForwardMode, Generator};
use crate::style::{Manifest, StyleError, StyleFolder, load_clusters, load_generator};

/// A generator of pix2pixHD in use.
#[derive(Debug)]
pub struct LabelTranslator {
    /// Without automatic differentiation.
    generator: Generator,
    /// Where the generator takes instance features: what these can be.
    clusters: Option<FeatureClusters>,
    /// Where it takes label maps: what their ids are.
    labels: Option<Arc<LabelCoding>>,
    recipe: Recipe,
    sampling: SampleOptions,
    mode: ForwardMode<'static>,
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
        sampling: SampleOptions,
        mode: ForwardMode<'static>,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let mut manifest = Manifest::read(folder)?;
        manifest.recipe.train.precision = precision;
        let labels = LabelCoding::new(&manifest.recipe.data, folder.path());
        let labels = labels.map_err(|error| StyleError::BadPalette {
            style: folder.name(),
            message: error.to_string(),
        })?;
        let (generator, _) = load_generator(folder, &manifest, direction, device)?;
        Ok(Self {
            generator: generator.prepack_weights(&manifest.recipe.generator, precision),
            clusters: load_clusters(folder, &manifest)?,
            labels: labels.map(Arc::new),
            recipe: manifest.recipe,
            sampling,
            mode,
            device: device.clone(),
        })
    }

    /// Changes which looks are sampled.
    pub fn set_sampling(&mut self, sampling: SampleOptions) {
        self.sampling = sampling;
    }

    /// What the generator takes, `[1, channels, height, width]`; `values` are the planes that [`Translator::maps`] asks for.
    fn told(&self, values: &[f32], height: usize, width: usize, seed: u64) -> Tensor<4> {
        let data = &self.recipe.data;
        let plane = height * width;
        let shown = self.shown();
        let map =
            |planes: &[f32], count| TensorData::new(planes.to_vec(), [1, count, height, width]);
        let input = map(&values[..shown * plane], shown);
        let instances = data.instances.then(|| map(&values[shown * plane..], 1));
        let features = self.clusters.as_ref().map(|clusters| {
            // Without instance maps each class is one instance, as in training.
            let instances = match &instances {
                Some(maps) => Instances::new(maps),
                None => Instances::from_classes(&input),
            };
            let channels = self.recipe.encoder.features;
            clusters.sample(&instances, channels, [height, width], seed, &self.device)
        });
        let mut told = build_condition(input, instances, data.label_channels(), &self.device);
        if let Some(features) = features {
            told = Tensor::cat(vec![told, features], 1);
        }
        told
    }

    /// The same for some rows of a picture.
    fn told_of(
        &self,
        rows: &dyn RowAccess,
        range: Range<usize>,
        seed: u64,
    ) -> Result<Tensor<4>, String> {
        // Whether a row lies on the edge of an instance is told by its neighbours.
        let around = range.start.saturating_sub(1)..(range.end + 1).min(rows.padded_height());
        let values = rows.read(around.clone())?;
        let told = self.told(&values, around.len(), rows.padded_width(), seed);
        Ok(told.narrow(2, range.start - around.start, range.len()))
    }

    /// Channels that the generator takes.
    fn told_channels(&self) -> usize {
        let side = 2;
        let values = vec![0.0; self.planes() * side * side];
        self.told(&values, side, side, 0).dims()[1]
    }

    /// Planes of the input.
    fn planes(&self) -> usize {
        self.shown() + usize::from(self.recipe.data.instances)
    }

    /// Planes of the input without instances.
    fn shown(&self) -> usize {
        let data = &self.recipe.data;
        if data.classes > 0 {
            1
        } else {
            data.input_channels
        }
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
        self.recipe.generator.min_size()
    }

    fn maps(&self) -> Option<MapSpec> {
        Some(MapSpec {
            labels: self.labels.clone(),
            instances: self.recipe.data.instances,
        })
    }

    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        let output = DeviceFailure::catch(|| {
            let tiles = values.chunks(self.planes() * height * width);
            let told =
                tiles.map(|tile| self.told(tile, height, width, self.sampling.seed_of(index)));
            let told = Tensor::cat(told.collect(), 0);
            self.generator.forward(told, self.mode).into_data()
        });
        let output = match output {
            Ok(output) => output,
            // Smaller parts of the picture may fit.
            Err(failure)
                if failure.is_of_memory()
                    && values.len() == self.planes() * height * width
                    && self.bytes_per_pixel().is_some() =>
            {
                tracing::info!("{failure}: the picture goes in bands");
                let mut rows = RowBuffer::new(values, [self.planes(), height, width], 1);
                self.translate_in_bands(&mut rows, &RowBuffer::limits(), index)?;
                return Ok(rows.into_made());
            }
            Err(failure) => return Err(failed(&failure)),
        };
        output.try_into_vec().map_err(|error| error.to_string())
    }

    fn tile_batch_size(&self, pixels: usize) -> usize {
        tile_batch_size(pixels, self.recipe.generator.norm, self.mode)
    }

    fn bytes_per_pixel(&self) -> Option<f64> {
        // Bands keep features in 32 bits.
        if !self.recipe.train.precision.has_full_features(&self.device) {
            return None;
        }
        bytes_per_pixel(
            &self.generator,
            self.told_channels(),
            self.multiple(),
            self.mode,
        )
    }

    fn most_whole(&self) -> u64 {
        most_whole(&self.device)
    }

    fn device_memory(&self) -> Option<DeviceMemory> {
        DeviceMemory::of(&self.device)
    }

    fn translate_in_bands(
        &mut self,
        rows: &mut dyn RowAccess,
        limits: &BandLimits,
        index: u64,
    ) -> Result<(), String> {
        let seed = self.sampling.seed_of(index);
        let read = |rows: &dyn RowAccess, range| self.told_of(rows, range, seed);
        let picture = DeviceRows::new(rows, &self.device, &read);
        in_bands(
            &self.generator,
            self.told_channels(),
            self.mode,
            limits,
            picture,
        )
    }
}
