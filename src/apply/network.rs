//! A trained generator as a translator of pictures.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};

use super::bands::{DeviceRows, bytes_per_pixel, failed, in_bands, most_whole};
use super::looks::Looks;
use super::row_access::RowAccess;
use super::row_buffer::RowBuffer;
use super::translator::Translator;
use crate::config::{Colours, Direction, NormKind};
use crate::kernels::{DeviceFailure, DeviceMemory, Precision, computes_on_own_threads};
use crate::nn::{BandLimits, ForwardMode, Generator, NormStats, code_tensor, with_code};
use crate::picture::KeptShares;
use crate::style::{Manifest, StyleError, StyleFolder, load_generator};

/// A generator in use.
#[derive(Debug)]
pub struct NetworkTranslator {
    /// Without automatic differentiation.
    generator: Generator,
    /// Channels of its input, without those of a code, and of its output.
    channels: [usize; 2],
    /// Numbers of the code that it takes; 0 for none.
    code_length: usize,
    looks: Looks,
    /// How many times larger than its input the output is.
    scale: usize,
    colours: Colours,
    kept: KeptShares,
    /// Height and width that it takes are multiples of this.
    multiple: usize,
    /// Height and width that it takes are at least this.
    smallest: usize,
    norm: NormKind,
    mode: ForwardMode<'static>,
    precision: Precision,
    /// Added to a picture's place for what is drawn at random.
    seed: u64,
    device: Device,
}

impl NetworkTranslator {
    /// The generator of the style in `folder`, for `direction` or the style's own, on `device`, calculating with `precision`.
    ///
    /// # Errors
    /// The style is damaged, or has no generator for this direction.
    pub fn load(
        folder: &StyleFolder,
        direction: Option<Direction>,
        mode: ForwardMode<'static>,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let mut manifest = Manifest::read(folder)?;
        manifest.recipe.train.precision = precision;
        let (generator, channels) = load_generator(folder, &manifest, direction, device)?;
        Ok(Self {
            generator: generator.prepack_weights(&manifest.recipe.generator, precision),
            channels,
            code_length: manifest.recipe.generator.latent,
            looks: Looks::Mean,
            scale: manifest.recipe.generator.scale,
            colours: manifest.recipe.data.colours,
            kept: KeptShares {
                brightness: manifest.recipe.generator.keep_brightness,
                contrast: manifest.recipe.generator.keep_contrast,
            },
            multiple: manifest.recipe.generator.size_multiple(),
            smallest: manifest.recipe.generator.min_size(),
            norm: manifest.recipe.generator.norm,
            mode,
            precision,
            seed: 0,
            device: device.clone(),
        })
    }

    /// The same with another seed for what dropout drops.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Changes which looks pictures get, where the generator takes a code; at first that of the mean code.
    pub fn set_looks(&mut self, looks: Looks) {
        self.looks = looks;
    }

    /// What the generator takes of pictures, `[batch, channels, height, width]`: with a code where it takes one.
    fn told(&self, pictures: Tensor<4>, index: u64) -> Tensor<4> {
        if self.code_length == 0 {
            return pictures;
        }
        let code = self.looks.code(self.code_length, index);
        let code = code_tensor(code, self.code_length, &self.device);
        with_code(pictures, code)
    }

    /// Changes the seed of what dropout drops.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }
}

/// Pixels of all pictures that go through a network at once on the threads of this program: four of 256 x 256, so that weights are prepared, and
/// come from memory, once for all of them.
const JOINT_PIXELS: usize = 1 << 18;

/// Pixels of all tiles that go through a network at once.
const MAX_BATCH_PIXELS: usize = 1 << 16;

/// Tiles of so many pixels that go through a generator at once without an effect on each other.
pub(super) fn tile_batch_size(pixels: usize, norm: NormKind, mode: ForwardMode) -> usize {
    // Statistics would be those of all tiles, and what is dropped in one depend on how many go before it.
    let is_mixed = norm == NormKind::Batch && mode.norm_stats == NormStats::Batch;
    if is_mixed || mode.dropout {
        return 1;
    }
    (MAX_BATCH_PIXELS / pixels).max(1)
}

impl Translator for NetworkTranslator {
    fn input_channels(&self) -> usize {
        self.channels[0]
    }

    fn output_channels(&self) -> usize {
        self.channels[1]
    }

    fn scale(&self) -> usize {
        self.scale
    }

    fn colours(&self) -> Colours {
        self.colours
    }

    fn kept(&self) -> KeptShares {
        self.kept
    }

    fn multiple(&self) -> usize {
        self.multiple
    }

    fn smallest(&self) -> usize {
        self.smallest
    }

    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        let channels = self.channels[0];
        let count = values.len() / (channels * height * width);
        let input = TensorData::new(values.clone(), [count, channels, height, width]);
        let output = DeviceFailure::catch(|| {
            // Dropout draws from the device's generator: the same picture gets the same draws.
            self.device.seed(self.seed.wrapping_add(index));
            let input = Tensor::<4>::from_data(input, &self.device);
            let told = self.told(input, index);
            self.generator.forward(told, self.mode).into_data()
        });
        let output = match output {
            Ok(output) => output,
            // Smaller parts of the picture may fit.
            Err(failure)
                if failure.is_of_memory() && count == 1 && self.bytes_per_pixel().is_some() =>
            {
                tracing::info!("{failure}: the picture goes in bands");
                let mut rows = RowBuffer::new(values, [channels, height, width], self.scale);
                self.translate_in_bands(&mut rows, &RowBuffer::limits(), index)?;
                return Ok(rows.into_made());
            }
            Err(failure) => return Err(failed(&failure)),
        };
        output.try_into_vec().map_err(|error| error.to_string())
    }

    fn translate_together(
        &mut self,
        pictures: &[(u64, Vec<f32>)],
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, String> {
        let dims = [1, self.channels[0], height, width];
        let made = DeviceFailure::catch(|| {
            let told = pictures.iter().map(|(index, values)| {
                let values = TensorData::new(values.clone(), dims);
                self.told(Tensor::from_data(values, &self.device), *index)
            });
            let input = Tensor::cat(told.collect(), 0);
            let mode = self.mode.for_each_alone();
            self.generator.forward(input, mode).into_data()
        });
        let made = made.map_err(|failure| failed(&failure))?;
        let made: Vec<f32> = made.try_into_vec().map_err(|error| error.to_string())?;
        let each = made.len() / pictures.len();
        Ok(made.chunks_exact(each).map(<[f32]>::to_vec).collect())
    }

    fn joint_pixels(&self) -> usize {
        // What is dropped in one would depend on those before it. In half precision rows are scaled while they are packed, of one picture.
        let gains = computes_on_own_threads(&self.device)
            && self.precision == Precision::F32
            && !self.mode.dropout;
        if gains { JOINT_PIXELS } else { 0 }
    }

    fn tile_batch_size(&self, pixels: usize) -> usize {
        tile_batch_size(pixels, self.norm, self.mode)
    }

    fn bytes_per_pixel(&self) -> Option<f64> {
        // Bands keep features in 32 bits.
        if !self.precision.has_full_features(&self.device) {
            return None;
        }
        let channels = self.channels[0] + self.code_length;
        bytes_per_pixel(&self.generator, channels, self.multiple, self.mode)
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
        let channels = self.channels[0];
        let read = |rows: &dyn RowAccess, range: Range<usize>| {
            let dims = [1, channels, range.len(), rows.padded_width()];
            let values = TensorData::new(rows.read(range)?, dims);
            Ok(self.told(Tensor::from_data(values, &self.device), index))
        };
        let picture = DeviceRows::new(rows, &self.device, &read);
        let channels = channels + self.code_length;
        in_bands(&self.generator, channels, self.mode, limits, picture)
    }
}
