//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;
use std::sync::Arc;

use image::ImageFormat;

use super::maps::{MapNeeds, prepare_maps};
use super::options::Size;
use super::padding::Padding;
use super::reading::{Reading, read};
use super::steps::Finished;
use super::tiles::{Layer, PictureRows, Source, Way, Ways};
use crate::nn::BandLimits;
use crate::picture::{
    Amount, Encoding, Metadata, Pixels, SpooledPicture, encode, picture_of, transparency,
    with_alpha,
};

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

    /// Translates one picture: `[channels, height, width]`, flattened, values in [-1, 1], to the same. Or several tiles of one,
    /// which follow each other, not more than [`tiles_at_once`](Self::tiles_at_once).
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

    /// How many tiles of one picture, of so many pixels each, [`translate`](Self::translate) takes at once. Each is translated as
    /// it would be alone, up to rounding.
    fn tiles_at_once(&self, pixels: usize) -> usize {
        let _ = pixels;
        1
    }

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
        let values = self.translate(rows.read(0..height)?, height, width, index)?;
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
    pub(super) kept: Kept,
}

/// What goes past the network, from a picture to its translation.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// A picture of the translation's size whose last channel is its transparency.
    pub(super) alpha: Option<Arc<SpooledPicture>>,
    /// Whether the translation has 16 bits.
    pub(super) is_deep: bool,
    pub(super) metadata: Metadata,
    /// What should be known about the translation.
    pub(super) notes: Vec<String>,
}

/// The values of a picture.
pub(super) enum Input {
    /// `[channels, padded_height, padded_width]`, flattened, in [-1, 1].
    Values(Vec<f32>),
    /// The same of some rows at a time.
    Rows(Source, Way),
}

impl Prepared {
    /// The layers, each of the padding's width and height, for the way that fits.
    pub(super) fn new(
        layers: Vec<Layer>,
        padding: Padding,
        kept: Kept,
        ways: &Ways,
    ) -> Result<Self, String> {
        let input = if let Some(way) = ways.of(&padding) {
            Input::Rows(Source { layers, padding }, way)
        } else {
            let mut values = Vec::new();
            for layer in layers {
                values.extend(layer.into_values()?);
            }
            Input::Values(padding.pad(values))
        };
        Ok(Self {
            input,
            padding,
            kept,
        })
    }
}

/// What a network made of a picture.
pub(super) enum Output {
    /// `[channels, padded_height, padded_width]`, flattened.
    Values(Vec<f32>),
    /// The picture itself, without its transparency.
    Spooled(SpooledPicture),
}

/// Reads, resizes and pads a picture.
pub(super) fn prepare(
    path: &Path,
    reading: Reading<'_>,
    needs: Needs,
    ways: &Ways,
) -> Result<Prepared, String> {
    if let Some(maps) = needs.maps {
        return prepare_maps(path, reading, needs, maps, ways);
    }
    let picture = read(path, reading)?;
    let padding = padding_for(picture.size(), reading, needs)?;
    let (layer, kept) = picture.taken_apart(&padding, reading, needs.channels)?;
    Prepared::new(vec![layer], padding, kept, ways)
}

/// The border that a picture of the (width, height) `own` gets, once it has been resized as `reading` asks.
pub(super) fn padding_for(
    own: (usize, usize),
    reading: Reading<'_>,
    needs: Needs,
) -> Result<Padding, String> {
    let (width, height) = match reading.size {
        Size::Keep => own,
        Size::Exactly { width, height } => (width as usize, height as usize),
    };
    let padding = Padding::around((width, height), needs);
    let padded = padding.padded_height as u64 * padding.padded_width as u64;
    let most = reading.limits.pixels;
    if padded > most {
        return Err(format!(
            "{width}x{height} becomes {}x{} for this network: more than {} pixels; --max-pixels raises the limit",
            padding.padded_width,
            padding.padded_height,
            Amount(most)
        ));
    }
    Ok(padding)
}

/// Crops and encodes what a network made of a picture.
pub(super) fn finish(
    output: Output,
    padding: &Padding,
    kept: Kept,
    channels: usize,
    format: ImageFormat,
    encoding: Encoding,
) -> Result<Finished, String> {
    let Kept {
        alpha,
        is_deep,
        metadata,
        notes,
    } = kept;
    let pixels = match output {
        Output::Values(values) => {
            let size = (padding.width as u32, padding.height as u32);
            let picture = picture_of(
                &cropped(values, padding, channels)?,
                channels,
                is_deep,
                size,
            );
            let picture = picture.ok_or("the network gave too few values")?;
            Pixels::Whole(match alpha {
                None => picture,
                Some(alpha) => with_alpha(picture, transparency(&alpha, 0..padding.height)?)?,
            })
        }
        Output::Spooled(colours) => Pixels::Spooled { colours, alpha },
    };
    encode(pixels, &metadata, format, encoding, notes).map(Finished::from)
}

/// The values of a whole picture, without its border.
fn cropped(values: Vec<f32>, padding: &Padding, channels: usize) -> Result<Vec<f32>, String> {
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
    Ok(values)
}
