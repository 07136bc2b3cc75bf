//! From a picture file to what a network sees, and what goes past the network.

use std::path::Path;
use std::sync::Arc;

use image::DynamicImage;

use super::options::{ApplyOptions, Depth, Size};
use super::padding::Padding;
use super::passthrough::Kept;
use super::tiles::Layer;
use super::translator::Needs;
use crate::picture::{
    Amount, Level, Metadata, Original, PictureError, PictureLimits, Raster, SpooledPicture, alpha,
    is_deep, is_supported, levels_from_values, read_original, resize_plane, spool_original, values,
};

/// How pictures are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) size: Size,
    pub(super) depth: Depth,
    pub(super) limits: PictureLimits,
    /// Where large pictures are kept while they are translated.
    pub(super) folder: &'a Path,
}

impl<'a> Reading<'a> {
    pub(super) fn new(options: &ApplyOptions, folder: &'a Path) -> Self {
        Self {
            size: options.size,
            depth: options.depth,
            limits: options.limits,
            folder,
        }
    }
}

/// A picture as its file holds it.
pub(super) enum ReadPicture {
    Spooled(Original<SpooledPicture>),
    /// One that will have another size, which takes all of it.
    Whole(Original),
}

/// Reads a picture that a network can take.
pub(super) fn read(path: &Path, reading: Reading<'_>) -> Result<ReadPicture, String> {
    let (picture, colour) = match reading.size {
        Size::Keep => {
            let original = spool_original(path, reading.limits, reading.folder);
            let original = original.map_err(unreadable)?;
            let colour = original.pixels.colour();
            (ReadPicture::Spooled(original), colour)
        }
        Size::Exactly { .. } => {
            let original = read_original(path, reading.limits).map_err(unreadable)?;
            let colour = original.pixels.color();
            (ReadPicture::Whole(original), colour)
        }
    };
    if is_supported(colour) {
        Ok(picture)
    } else {
        Err(unsupported(path))
    }
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
    let padding = Padding::new(height, width, needs.multiple, needs.smallest);
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

impl ReadPicture {
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
    pub(super) fn taken_apart(
        self,
        padding: &Padding,
        reading: Reading<'_>,
        channels: usize,
    ) -> Result<(Layer, Kept), String> {
        match self {
            Self::Spooled(original) => {
                let pixels = Arc::new(original.pixels);
                let colour = pixels.colour();
                let alpha = colour.has_alpha().then(|| Arc::clone(&pixels));
                let layer = Layer::Picture { pixels, channels };
                let (metadata, notes) = (original.metadata, original.notes);
                let is_deep = is_deep(colour);
                Ok((layer, kept(alpha, is_deep, metadata, notes, reading)))
            }
            Self::Whole(original) => {
                let pixels = original.pixels;
                let alpha = alpha(&pixels).map(|alpha| {
                    let resized = resized_alpha(alpha, padding);
                    SpooledPicture::of(&resized, reading.folder).map(Arc::new)
                });
                let alpha = alpha.transpose().map_err(|error| error.to_string())?;
                let is_deep = is_deep(pixels.color());
                let size = (padding.width, padding.height);
                let layer = if is_deep {
                    let own = (pixels.width() as usize, pixels.height() as usize);
                    Layer::Planes(resized_planes(values(&pixels, channels), own, size))
                } else {
                    Layer::Raster(Raster::new(pixels.into_rgb8(), channels).resized(size))
                };
                let (metadata, notes) = (original.metadata, original.notes);
                Ok((layer, kept(alpha, is_deep, metadata, notes, reading)))
            }
        }
    }
}

fn kept(
    alpha: Option<Arc<SpooledPicture>>,
    is_deep: bool,
    metadata: Metadata,
    notes: Vec<String>,
    reading: Reading<'_>,
) -> Kept {
    Kept {
        alpha,
        is_deep: is_deep && reading.depth == Depth::Keep,
        metadata,
        notes,
    }
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
    let picture = if is_deep(alpha.color()) {
        u16::picture(levels_from_values(&resized, 1), 1, size)
    } else {
        u8::picture(levels_from_values(&resized, 1), 1, size)
    };
    picture.expect("each value has given one level")
}
