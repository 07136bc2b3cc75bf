//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::ImageFormat;

use super::format::encode;
use super::maps::{MapNeeds, prepare_maps};
use super::options::Size;
use super::padding::Padding;
use crate::data::{MAX_PIXELS, Raster, pixels_from_values, read_picture};

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
    /// `[channels, padded_height, padded_width]`, flattened, in [-1, 1].
    pub(super) values: Vec<f32>,
    pub(super) padding: Padding,
}

/// Reads, resizes and pads a picture.
pub(super) fn prepare(path: &Path, size: Size, needs: Needs) -> Result<Prepared, String> {
    if let Some(maps) = needs.maps {
        return prepare_maps(path, size, needs, maps);
    }
    let picture = read_picture(path)
        .map_err(|error| error.to_string())?
        .pixels;
    let raster = Raster::new(picture, needs.channels);
    let padding = padding_for(raster.size(), size, needs)?;
    let values = raster.resized((padding.width, padding.height)).values();
    Ok(Prepared {
        values: padding.pad(values),
        padding,
    })
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
    values: Vec<f32>,
    padding: &Padding,
    channels: usize,
    format: ImageFormat,
) -> Result<Vec<u8>, String> {
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
    let pixels = pixels_from_values(&values, channels);
    encode(
        &pixels,
        channels,
        padding.width as u32,
        padding.height as u32,
        format,
    )
    .map_err(|error| format!("cannot encode it: {error}"))
}
