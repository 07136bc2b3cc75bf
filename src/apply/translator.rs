//! Networks that translate pictures.

use std::sync::Arc;

use super::row_access::RowAccess;
use crate::config::Colours;
use crate::data::LabelCoding;
use crate::kernels::DeviceMemory;
use crate::nn::BandLimits;
use crate::picture::KeptShares;

/// A network that turns pictures into pictures, of the same size or of a multiple of it.
pub trait Translator {
    /// Channels that it takes: 3 (RGB) or 1 (grey).
    fn input_channels(&self) -> usize;

    /// Channels that it gives: 3 (RGB) or 1 (grey).
    fn output_channels(&self) -> usize;

    /// Height and width of what it takes are multiples of this.
    fn multiple(&self) -> usize;

    /// Height and width of what it takes are at least this.
    fn smallest(&self) -> usize;

    /// How many times larger than what it takes the height and width of what it gives are: 1 unless a network says otherwise.
    fn scale(&self) -> usize {
        1
    }

    /// What the channels are that it takes and gives; red, green and blue, or grey, unless a network says otherwise.
    fn colours(&self) -> Colours {
        Colours::Rgb
    }

    /// What its translations keep of the brightness and contrast of their pictures, of 1 or 3 channels as they are; both are
    /// measured over the whole picture, as the network takes and gives it. Nothing unless a network says otherwise.
    fn kept(&self) -> KeptShares {
        KeptShares::default()
    }

    /// Where it takes maps: the planes of its input are then a label map of class ids (or the picture), and a map of
    /// instance ids if there is one. None unless a network says otherwise.
    fn maps(&self) -> Option<MapSpec> {
        None
    }

    /// Translates one picture: `[channels, height, width]`, flattened, values in [-1, 1], to the same, with both sides
    /// [`scale`](Self::scale) times as long. Or several tiles of one,
    /// which follow each other, not more than [`tile_batch_size`](Self::tile_batch_size).
    ///
    /// `index` is the picture's place in the plan: whatever is drawn at random for it depends on this alone, not on the order of work.
    ///
    /// # Errors
    /// A message for the person whose picture it is.
    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String>;

    /// Translates pictures of one size, each with its place in the plan: each as [`translate`](Self::translate) would, in less time, and to the
    /// bit where [`joint_pixels`](Self::joint_pixels) is not 0, which is the most that they may have.
    ///
    /// # Errors
    /// A message about one of them.
    fn translate_together(
        &mut self,
        pictures: &[(u64, Vec<f32>)],
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, String> {
        let pictures = pictures.iter();
        pictures
            .map(|(index, values)| self.translate(values.clone(), height, width, *index))
            .collect()
    }

    /// Pixels of all pictures that [`translate_together`](Self::translate_together) takes; 0 where nothing is gained by it.
    fn joint_pixels(&self) -> usize {
        0
    }

    /// How many tiles of one picture, of so many pixels each, [`translate`](Self::translate) takes at once. Each is translated as
    /// it would be alone, up to rounding.
    fn tile_batch_size(&self, pixels: usize) -> usize {
        let _ = pixels;
        1
    }

    /// Bytes of memory that [`translate`](Self::translate) takes for each pixel; none where
    /// [`translate_in_bands`](Self::translate_in_bands) does not help to take less.
    fn bytes_per_pixel(&self) -> Option<f64> {
        None
    }

    /// Bytes that a whole pass may take where the memory is large: bands are as good, leave it to others, and may be faster.
    fn most_whole(&self) -> u64 {
        2 << 30
    }

    /// What fits on the device; none where it takes the memory of the program.
    fn device_memory(&self) -> Option<DeviceMemory> {
        None
    }

    /// Translates one picture by rows, so that no more of it than `limits` allows is in memory. The translation is that of
    /// [`translate`](Self::translate) up to rounding, which is also what happens unless a network can do better.
    ///
    /// # Errors
    /// A message for the person whose picture it is.
    fn translate_in_bands(
        &mut self,
        rows: &mut dyn RowAccess,
        limits: &BandLimits,
        index: u64,
    ) -> Result<(), String> {
        let _ = limits;
        let (height, width) = (rows.padded_height(), rows.padded_width());
        let values = self.translate(rows.read(0..height)?, height, width, index)?;
        rows.write(0..height * self.scale(), values)
    }
}

/// What a network needs of its inputs.
#[derive(Debug, Clone)]
pub(super) struct InputSpec {
    pub(super) channels: usize,
    pub(super) colours: Colours,
    pub(super) scale: usize,
    pub(super) multiple: usize,
    pub(super) smallest: usize,
    pub(super) maps: Option<MapSpec>,
    pub(super) kept: KeptShares,
}

/// What a network takes besides or instead of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapSpec {
    /// What the ids of label maps are; none where the network takes pictures.
    pub labels: Option<Arc<LabelCoding>>,
    /// Whether it takes instance maps.
    pub instances: bool,
}
