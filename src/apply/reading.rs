//! From a picture file to what a network sees, and what goes past the network.

use std::path::Path;
use std::sync::Arc;

use image::DynamicImage;

use super::hidden_colours::{MAX_PIXELS, TransparentPixels, fill_hidden};
use super::options::{ApplyOptions, Depth, OutputSize, PairHalf};
use super::padding::Padding;
use super::passthrough::Passthrough;
use super::tiles::InputPlanes;
use super::translator::InputSpec;
use crate::picture::{
    Amount, Metadata, Picture, PictureError, PictureLimits, Raster, SpooledPicture, Subpixel,
    Transparency, alpha, denormalize, has_integer_samples, is_16_bit, normalized_values,
    read_picture, resize_plane, spool_picture,
};

/// How pictures are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions<'a> {
    pub(super) size: OutputSize,
    pub(super) half: Option<PairHalf>,
    pub(super) restore: bool,
    pub(super) depth: Depth,
    pub(super) transparent: TransparentPixels,
    pub(super) limits: PictureLimits,
    /// Where large pictures are kept while they are translated.
    pub(super) folder: &'a Path,
}

impl<'a> ReadOptions<'a> {
    pub(super) fn new(options: &ApplyOptions, folder: &'a Path) -> Self {
        Self {
            size: options.size,
            half: options.half,
            restore: options.restore,
            depth: options.depth,
            transparent: options.transparent,
            limits: options.limits,
            folder,
        }
    }
}

/// A picture as its file holds it.
pub(super) enum LoadedInput {
    Spooled(Picture<SpooledPicture>),
    /// One that will have another size, which takes all of it.
    Whole(Picture),
}

/// Reads a picture that a network can take.
pub(super) fn read(path: &Path, reading: ReadOptions<'_>) -> Result<LoadedInput, String> {
    let (picture, colour) = if let Some(half) = reading.half {
        let mut original = read_picture(path, reading.limits).map_err(unreadable)?;
        original.pixels = half_of(&original.pixels, half, path)?;
        let colour = original.pixels.color();
        let picture = if reading.size == OutputSize::Keep {
            LoadedInput::Spooled(spooled(original, reading.folder)?)
        } else {
            LoadedInput::Whole(original)
        };
        (picture, colour)
    } else if reading.size == OutputSize::Keep {
        let original = spool_picture(path, reading.limits, reading.folder);
        let original = original.map_err(unreadable)?;
        let colour = original.pixels.colour();
        (LoadedInput::Spooled(original), colour)
    } else {
        let original = read_picture(path, reading.limits).map_err(unreadable)?;
        let colour = original.pixels.color();
        (LoadedInput::Whole(original), colour)
    };
    if has_integer_samples(colour) {
        Ok(picture)
    } else {
        Err(unsupported(path))
    }
}

/// One half of a picture, as in training: of an odd width the last column is left out.
fn half_of(picture: &DynamicImage, half: PairHalf, path: &Path) -> Result<DynamicImage, String> {
    let (width, height) = (picture.width() / 2, picture.height());
    if width == 0 {
        return Err(format!("`{}` is too narrow to have halves", path.display()));
    }
    let left = match half {
        PairHalf::Left => 0,
        PairHalf::Right => width,
    };
    Ok(picture.crop_imm(left, 0, width, height))
}

/// The same picture, kept in a file if it is large.
fn spooled(picture: Picture, folder: &Path) -> Result<Picture<SpooledPicture>, String> {
    let pixels = SpooledPicture::of(&picture.pixels, folder).map_err(|error| error.to_string())?;
    Ok(Picture {
        pixels,
        format: picture.format,
        metadata: picture.metadata,
        notes: picture.notes,
    })
}

/// The border that a picture of the (width, height) `own` gets, once it has been resized as `reading` asks.
pub(super) fn padding_for(
    own: (usize, usize),
    reading: ReadOptions<'_>,
    spec: InputSpec,
) -> Result<Padding, String> {
    let (width, height) = reading.size.for_input(own);
    let padding = Padding::new(height, width, spec.multiple, spec.smallest);
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

impl LoadedInput {
    /// Width and height.
    pub(super) fn size(&self) -> (usize, usize) {
        let (width, height) = match self {
            Self::Spooled(original) => original.pixels.size(),
            Self::Whole(original) => (original.pixels.width(), original.pixels.height()),
        };
        (width as usize, height as usize)
    }

    /// What the network sees of the picture, resized as the padding says, and what goes past the network.
    ///
    /// Eight bits are resized and made grey as Pillow does it, which is what networks have been trained with. Sixteen bits keep
    /// their precision.
    pub(super) fn into_network_input(
        self,
        padding: &Padding,
        reading: ReadOptions<'_>,
        channels: usize,
    ) -> Result<(InputPlanes, Passthrough), String> {
        match self {
            Self::Spooled(original) => {
                let mut pixels = Arc::new(original.pixels);
                let colour = pixels.colour();
                let (metadata, mut notes) = (original.metadata, original.notes);
                let alpha = colour.has_alpha().then(|| Arc::clone(&pixels));
                if alpha.is_some()
                    && reading.transparent == TransparentPixels::Fill
                    && let Some(filled) = fill_hidden_of(&pixels, reading.folder, &mut notes)?
                {
                    pixels = Arc::new(filled);
                }
                let layer = InputPlanes::Picture { pixels, channels };
                let is_16_bit = is_16_bit(colour);
                Ok((
                    layer,
                    passthrough(alpha, is_16_bit, metadata, notes, reading),
                ))
            }
            Self::Whole(original) => {
                let mut pixels = original.pixels;
                let own = (pixels.width() as usize, pixels.height() as usize);
                let restored = reading.restore.then_some(own);
                let unfilled = (restored.is_some() && pixels.color().has_alpha())
                    .then(|| SpooledPicture::of(&pixels, reading.folder));
                let unfilled = unfilled.transpose().map_err(|error| error.to_string())?;
                if reading.transparent == TransparentPixels::Fill {
                    pixels = fill_hidden(&pixels).unwrap_or(pixels);
                }
                let alpha = match (unfilled, alpha(&pixels)) {
                    (None, Some(alpha)) => {
                        let resized = resized_alpha(alpha, padding);
                        let spooled = SpooledPicture::of(&resized, reading.folder);
                        Some(spooled.map_err(|error| error.to_string())?)
                    }
                    (unfilled, _) => unfilled,
                };
                let alpha = alpha.map(Arc::new);
                let is_16_bit = is_16_bit(pixels.color());
                let size = (padding.width, padding.height);
                let layer = if is_16_bit {
                    InputPlanes::Planes(resized_planes(
                        normalized_values(&pixels, channels),
                        own,
                        size,
                    ))
                } else {
                    InputPlanes::Raster(Raster::new(pixels.into_rgb8(), channels).resized(size))
                };
                let (metadata, notes) = (original.metadata, original.notes);
                let passthrough = passthrough(alpha, is_16_bit, metadata, notes, reading);
                Ok((
                    layer,
                    Passthrough {
                        restored,
                        ..passthrough
                    },
                ))
            }
        }
    }
}

/// As [`fill_hidden`], for a picture that need not be in memory; `None` also if it is too large, which is noted.
fn fill_hidden_of(
    pixels: &SpooledPicture,
    folder: &Path,
    notes: &mut Vec<String>,
) -> Result<Option<SpooledPicture>, String> {
    let (width, height) = pixels.size();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        notes.push(format!(
            "its network saw the colours under transparent pixels: they are only replaced up to {} pixels",
            Amount(MAX_PIXELS)
        ));
        return Ok(None);
    }
    let whole = pixels.whole().map_err(|error| error.to_string())?;
    let filled = fill_hidden(&whole).map(|filled| SpooledPicture::of(&filled, folder));
    filled.transpose().map_err(|error| error.to_string())
}

fn passthrough(
    alpha: Option<Arc<SpooledPicture>>,
    is_16_bit: bool,
    metadata: Metadata,
    notes: Vec<String>,
    reading: ReadOptions<'_>,
) -> Passthrough {
    let alpha = alpha.map(|original| Transparency {
        original,
        restores_hidden: reading.transparent == TransparentPixels::Fill,
    });
    Passthrough {
        alpha,
        restored: None,
        is_16_bit: is_16_bit && reading.depth == Depth::Keep,
        metadata,
        notes,
    }
}

/// Planes in [-1, 1] at another (width, height).
pub(super) fn resized_planes(
    values: Vec<f32>,
    own: (usize, usize),
    size: (usize, usize),
) -> Vec<f32> {
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
    let resized = resized_planes(normalized_values(&alpha, 1), own, size);
    let size = (size.0 as u32, size.1 as u32);
    let picture = if is_16_bit(alpha.color()) {
        u16::into_image(denormalize(&resized, 1), 1, size)
    } else {
        u8::into_image(denormalize(&resized, 1), 1, size)
    };
    picture.expect("each value has given one level")
}
