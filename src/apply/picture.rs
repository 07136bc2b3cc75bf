//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::ImageFormat;

use super::format::encode;
use super::maps::{MapNeeds, prepare_maps};
use super::options::Size;
use super::padding::Padding;
use super::tiles::{PictureRows, Source, Way, Ways};
use crate::data::{MAX_PIXELS, Raster, pixels_from_values, read_picture};
use crate::nn::BandLimits;

/// A network that turns pictures into pictures of the same size.
pub trait Translator {
    /// Channels that it takes: 3 (RGB) or 1 (grey).
    fn input_channels(&self) -> usize;

    /// Channels that it gives: 3 (RGB) or 1 (grey).
    fn output_channels(&self) -> usize;

    /// Height and width of what it takes are multiples of this.
    fn multiple(&self) -> usize;

    /// Height and width of what it takes are at least this.
    fn smallest(&self) -> usize;

    /// Where it takes maps: the planes of its input are then a label map of class ids (or the picture), and a map of
    /// instance ids if there is one.
    fn maps(&self) -> Option<MapNeeds> {
        None
    }

    /// Translates one picture: `[channels, height, width]`, flattened, values in [-1, 1], to the same.
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

    /// Bytes of memory that [`translate`](Self::translate) takes for each pixel; none where
    /// [`translate_in_bands`](Self::translate_in_bands) does not help to take less.
    fn bytes_per_pixel(&self) -> Option<f64> {
        None
    }

    /// Translates one picture by rows, so that no more of it than `limits` allows is in memory. The translation is that of
    /// [`translate`](Self::translate) up to rounding, which is also what happens unless a network can do better.
    ///
    /// # Errors
    /// A message for the person whose picture it is.
    fn translate_in_bands(
        &mut self,
        rows: &mut dyn PictureRows,
        limits: &BandLimits,
        index: u64,
    ) -> Result<(), String> {
        let _ = limits;
        let (height, width) = (rows.padded_height(), rows.padded_width());
        let values = self.translate(rows.read(0..height), height, width, index)?;
        rows.write(0..height, values)
    }
}

/// What a network needs of its inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub(super) channels: usize,
    pub(super) multiple: usize,
    pub(super) smallest: usize,
    pub(super) maps: Option<MapNeeds>,
}

/// A picture as a network takes it.
pub(super) struct Prepared {
    pub(super) input: Input,
    pub(super) padding: Padding,
}

/// The values of a picture.
pub(super) enum Input {
    /// `[channels, padded_height, padded_width]`, flattened, in [-1, 1].
    Values(Vec<f32>),
    /// The same of some rows at a time.
    Rows(Source, Way),
}

impl Prepared {
    /// The rasters, each of the padding's width and height, for the way that fits.
    pub(super) fn new(rasters: Vec<Raster>, padding: Padding, ways: &Ways) -> Self {
        let input = if let Some(way) = ways.of(&padding) {
            Input::Rows(Source { rasters, padding }, way)
        } else {
            let values = rasters.iter().flat_map(Raster::values).collect();
            Input::Values(padding.pad(values))
        };
        Self { input, padding }
    }
}

/// What a network made of a picture.
pub(super) enum Output {
    /// `[channels, padded_height, padded_width]`, flattened.
    Values(Vec<f32>),
    /// `[height, width, channels]`, flattened.
    Pixels(Vec<u8>),
}

/// Reads, resizes and pads a picture.
pub(super) fn prepare(
    path: &Path,
    size: Size,
    needs: Needs,
    ways: &Ways,
) -> Result<Prepared, String> {
    if let Some(maps) = needs.maps {
        return prepare_maps(path, size, needs, maps, ways);
    }
    let picture = read_picture(path)
        .map_err(|error| error.to_string())?
        .pixels;
    let raster = Raster::new(picture, needs.channels);
    let padding = padding_for(raster.size(), size, needs)?;
    let raster = raster.resized((padding.width, padding.height));
    Ok(Prepared::new(vec![raster], padding, ways))
}

/// The border that a picture of the (width, height) `own` gets, once it has been resized as `size` asks.
pub(super) fn padding_for(
    own: (usize, usize),
    size: Size,
    needs: Needs,
) -> Result<Padding, String> {
    let (width, height) = match size {
        Size::Keep => own,
        Size::Exactly { width, height } => (width as usize, height as usize),
    };
    let padding = Padding::around((width, height), needs);
    let padded = padding.padded_height as u64 * padding.padded_width as u64;
    if padded > MAX_PIXELS {
        return Err(format!(
            "{width}x{height} becomes {}x{} for this network: more than {MAX_PIXELS} pixels",
            padding.padded_width, padding.padded_height
        ));
    }
    Ok(padding)
}

/// Crops and encodes what a network made of a picture: the bytes of a file.
pub(super) fn finish(
    output: Output,
    padding: &Padding,
    channels: usize,
    format: ImageFormat,
) -> Result<Vec<u8>, String> {
    let pixels = match output {
        Output::Values(values) => cropped(values, padding, channels)?,
        Output::Pixels(pixels) => pixels,
    };
    encode(
        &pixels,
        channels,
        padding.width as u32,
        padding.height as u32,
        format,
    )
    .map_err(|error| format!("cannot encode it: {error}"))
}

/// The pixels of a whole picture, without its border.
fn cropped(values: Vec<f32>, padding: &Padding, channels: usize) -> Result<Vec<u8>, String> {
    let expected = channels * padding.padded_height * padding.padded_width;
    if values.len() != expected {
        return Err(format!(
            "the network gave {} values instead of {expected}",
            values.len()
        ));
    }
    let values = padding.crop(values);
    if values.iter().any(|value| !value.is_finite()) {
        return Err("the network gave values that are not finite numbers".to_owned());
    }
    Ok(pixels_from_values(&values, channels))
}
