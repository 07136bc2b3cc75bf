//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::{DynamicImage, ImageFormat};

use super::encode::{Encoding, encode};
use super::levels::{Levels, alpha, eight_bits, is_deep, is_supported, values};
use super::maps::{MapNeeds, prepare_maps};
use super::options::{ApplyOptions, Depth, Size};
use super::padding::Padding;
use super::steps::Finished;
use super::tiles::{Layer, PictureRows, Source, Way, Ways};
use crate::data::{
    Amount, Level, Metadata, Original, PictureError, PictureLimits, Raster, levels_from_values,
    read_original, resize_plane,
};
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

/// How pictures are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) size: Size,
    pub(super) depth: Depth,
    pub(super) limits: PictureLimits,
}

impl Reading {
    pub(super) fn new(options: &ApplyOptions) -> Self {
        Self {
            size: options.size,
            depth: options.depth,
            limits: options.limits,
        }
    }
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
    /// Grey, of the translation's size and depth.
    pub(super) alpha: Option<DynamicImage>,
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
    pub(super) fn new(layers: Vec<Layer>, padding: Padding, kept: Kept, ways: &Ways) -> Self {
        let input = if let Some(way) = ways.of(&padding) {
            Input::Rows(Source { layers, padding }, way)
        } else {
            let values = layers.into_iter().flat_map(Layer::into_values).collect();
            Input::Values(padding.pad(values))
        };
        Self {
            input,
            padding,
            kept,
        }
    }
}

/// What a network made of a picture.
pub(super) enum Output {
    /// `[channels, padded_height, padded_width]`, flattened.
    Values(Vec<f32>),
    /// Those of the picture itself.
    Levels(Levels),
}

/// Reads, resizes and pads a picture.
pub(super) fn prepare(
    path: &Path,
    reading: Reading,
    needs: Needs,
    ways: &Ways,
) -> Result<Prepared, String> {
    if let Some(maps) = needs.maps {
        return prepare_maps(path, reading, needs, maps, ways);
    }
    let original = read(path, reading)?;
    let size = (original.pixels.width(), original.pixels.height());
    let padding = padding_for((size.0 as usize, size.1 as usize), reading, needs)?;
    let (layer, kept) = taken_apart(original, &padding, reading, needs.channels);
    Ok(Prepared::new(vec![layer], padding, kept, ways))
}

/// Reads a picture that a network can take.
pub(super) fn read(path: &Path, reading: Reading) -> Result<Original, String> {
    let original = read_original(path, reading.limits).map_err(unreadable)?;
    if is_supported(&original.pixels) {
        Ok(original)
    } else {
        Err(unsupported(path))
    }
}

/// Why a picture cannot be read, with the flag that lets it be read.
pub(super) fn unreadable(error: PictureError) -> String {
    let flag = match error {
        PictureError::TooLarge { .. } => "--max-pixels",
        PictureError::TooLong { .. } => "--max-bytes",
        _ => return error.to_string(),
    };
    format!("{error}; {flag} raises the limit")
}

/// Floating-point numbers have no range that could be that of a network.
pub(super) fn unsupported(path: &Path) -> String {
    format!(
        "`{}` holds floating-point numbers, whose range only its maker knows: convert it to 16 bits",
        path.display()
    )
}

/// What the network sees of a picture, resized as the padding says, and what goes past the network.
///
/// Eight bits are resized and made grey as Pillow does it, which is what networks have been trained with. Sixteen bits keep
/// their precision.
pub(super) fn taken_apart(
    original: Original,
    padding: &Padding,
    reading: Reading,
    channels: usize,
) -> (Layer, Kept) {
    let Original {
        pixels,
        metadata,
        notes,
        ..
    } = original;
    let is_deep = is_deep(&pixels);
    let alpha = alpha(&pixels).map(|alpha| {
        let resized = resized_alpha(alpha, padding);
        match reading.depth {
            Depth::Keep => resized,
            Depth::Eight => eight_bits(resized),
        }
    });
    let size = (padding.width, padding.height);
    let layer = if is_deep {
        let own = (pixels.width() as usize, pixels.height() as usize);
        Layer::Planes(resized_planes(values(&pixels, channels), own, size))
    } else {
        Layer::Raster(Raster::new(pixels.into_rgb8(), channels).resized(size))
    };
    let kept = Kept {
        alpha,
        is_deep: is_deep && reading.depth == Depth::Keep,
        metadata,
        notes,
    };
    (layer, kept)
}

/// Planes in [-1, 1] at another (width, height).
fn resized_planes(values: Vec<f32>, own: (usize, usize), size: (usize, usize)) -> Vec<f32> {
    if own == size {
        return values;
    }
    let planes = values.chunks_exact(own.0 * own.1);
    // The filter overshoots at edges.
    planes
        .flat_map(|plane| resize_plane(plane, own, size))
        .map(|value| value.clamp(-1.0, 1.0))
        .collect()
}

fn resized_alpha(alpha: DynamicImage, padding: &Padding) -> DynamicImage {
    let own = (alpha.width() as usize, alpha.height() as usize);
    let size = (padding.width, padding.height);
    if own == size {
        return alpha;
    }
    let resized = resized_planes(values(&alpha, 1), own, size);
    let size = (size.0 as u32, size.1 as u32);
    let picture = if is_deep(&alpha) {
        u16::picture(levels_from_values(&resized, 1), 1, size)
    } else {
        u8::picture(levels_from_values(&resized, 1), 1, size)
    };
    picture.expect("each value has given one level")
}

/// The border that a picture of the (width, height) `own` gets, once it has been resized as `reading` asks.
pub(super) fn padding_for(
    own: (usize, usize),
    reading: Reading,
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
    let levels = match output {
        Output::Values(values) => {
            Levels::of(&cropped(values, padding, channels)?, channels, is_deep)
        }
        Output::Levels(levels) => levels,
    };
    let size = (padding.width as u32, padding.height as u32);
    let picture = levels.picture(channels, alpha, size);
    let picture = picture.ok_or("the transparency is of another size")?;
    encode(picture, &metadata, format, encoding, notes)
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
