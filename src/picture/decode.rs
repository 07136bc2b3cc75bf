//! What decoders make of files: blocks of rows, from the top to the bottom.

use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageError};

use super::error::PictureError;
use super::limits::PictureLimits;
use super::metadata::{Density, Exclusion, Georeference, exif};
use super::spooled::{SpoolError, SpooledPicture};

/// About the bytes of a block, where rows are decoded one by one.
const BLOCK: usize = 1 << 20;

/// The rows of a block of rows of so many bytes.
pub(crate) fn block_rows(row_bytes: usize) -> usize {
    (BLOCK / row_bytes.max(1)).max(1)
}

/// A picture as it is stored in its file: not upright.
pub(crate) struct RowDecoder<'a> {
    /// Width and height of all blocks together.
    pub(crate) size: (u32, u32),
    /// All of the picture's width and of one kind.
    pub(crate) blocks: Box<dyn Iterator<Item = Result<DynamicImage, DecodeError>> + 'a>,
    pub(crate) orientation: Option<Orientation>,
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) exif: Option<Vec<u8>>,
    pub(crate) xmp: Option<Vec<u8>>,
    pub(crate) notes: Vec<String>,
    pub(crate) density: Option<Density>,
    pub(crate) georeference: Georeference,
    /// How the file says which pixels, which are transparent, have no data.
    pub(crate) exclusion: Option<Exclusion>,
}

/// Why a decoder makes nothing of a file.
pub(crate) enum DecodeError {
    NotAPicture,
    Unsupported(String),
    TooLarge {
        width: u32,
        height: u32,
    },
    Damaged(String),
    /// Bands that are neither grey nor colours.
    Bands(usize),
    Spool(SpoolError),
}

impl DecodeError {
    /// As the error of the file at `path`.
    pub(crate) fn into_picture_error(self, path: &Path, limits: PictureLimits) -> PictureError {
        let path = path.to_owned();
        match self {
            Self::NotAPicture => PictureError::NotAPicture(path),
            Self::Unsupported(message) => PictureError::Unsupported { path, message },
            Self::TooLarge { width, height } => PictureError::TooLarge {
                path,
                width,
                height,
                limit: limits.pixels,
            },
            Self::Damaged(message) => PictureError::Damaged { path, message },
            Self::Bands(bands) => PictureError::Bands { path, bands },
            Self::Spool(error) => PictureError::Spool(error),
        }
    }

    fn incomplete() -> Self {
        Self::Damaged("it holds fewer rows than it promises".to_owned())
    }
}

impl From<ImageError> for DecodeError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

impl From<SpoolError> for DecodeError {
    fn from(error: SpoolError) -> Self {
        Self::Spool(error)
    }
}

/// Checks the size that a header promises.
pub(crate) fn check_size(
    (width, height): (u32, u32),
    limits: PictureLimits,
) -> Result<(), DecodeError> {
    if !limits.allow(width, height) {
        return Err(DecodeError::TooLarge { width, height });
    }
    if width == 0 || height == 0 {
        return Err(DecodeError::NotAPicture);
    }
    Ok(())
}

impl<'a> RowDecoder<'a> {
    /// What a decoder of `image` gives, in one block.
    pub(crate) fn from_image_decoder(
        mut decoder: impl ImageDecoder + 'a,
        limits: PictureLimits,
        note: Option<String>,
    ) -> Result<Self, DecodeError> {
        let size = decoder.dimensions();
        check_size(size, limits)?;
        // What cannot be read of either is damaged.
        let profile = decoder.icc_profile().unwrap_or_else(|_| Some(Vec::new()));
        let exif = decoder.exif_metadata().unwrap_or_else(|_| Some(Vec::new()));
        let xmp = decoder.xmp_metadata().unwrap_or(None);
        let whole = move || DynamicImage::from_decoder(decoder).map_err(DecodeError::from);
        Ok(Self {
            size,
            blocks: Box::new(std::iter::once_with(whole)),
            orientation: orientation(exif.as_deref()),
            profile,
            exif,
            xmp,
            notes: note.into_iter().collect(),
            density: None,
            georeference: Georeference::default(),
            exclusion: None,
        })
    }

    /// All of the picture, upright.
    pub(crate) fn into_image(self) -> Result<DynamicImage, DecodeError> {
        let Self {
            size: (width, height),
            mut blocks,
            orientation,
            ..
        } = self;
        let first = blocks.next().ok_or_else(DecodeError::incomplete)??;
        let mut whole = if (first.width(), first.height()) == (width, height) {
            // The decoder looks at what comes after its last row.
            if blocks.next().transpose()?.is_some() {
                return Err(DecodeError::incomplete());
            }
            first
        } else {
            stacked(first, blocks, height)?
        };
        // A damaged EXIF block does not make the picture unreadable: it then has no orientation.
        if let Some(orientation) = orientation {
            whole.apply_orientation(orientation);
        }
        Ok(whole)
    }

    /// All of the picture, upright, of which no more than a block is in memory unless it has to be turned.
    pub(crate) fn into_spooled(mut self, folder: &Path) -> Result<SpooledPicture, DecodeError> {
        if self
            .orientation
            .is_some_and(|orientation| orientation != Orientation::NoTransforms)
        {
            return Ok(SpooledPicture::of(&self.into_image()?, folder)?);
        }
        let first = self.blocks.next().ok_or_else(DecodeError::incomplete)??;
        let mut spooled = SpooledPicture::new(self.size, first.color(), folder)?;
        spooled.push(&first)?;
        drop(first);
        for block in self.blocks {
            spooled.push(&block?)?;
        }
        if spooled.is_complete() {
            Ok(spooled)
        } else {
            Err(DecodeError::incomplete())
        }
    }
}

/// The orientation in an EXIF block.
pub(crate) fn orientation(block: Option<&[u8]>) -> Option<Orientation> {
    exif::orientation(&*exif::validated(block?)?)
}

/// The picture of a first block and all others.
fn stacked(
    first: DynamicImage,
    others: impl Iterator<Item = Result<DynamicImage, DecodeError>>,
    height: u32,
) -> Result<DynamicImage, DecodeError> {
    macro_rules! stacked {
        ($($kind:ident)*) => {
            match first {
                $(DynamicImage::$kind(first) => {
                    let (width, rows) = first.dimensions();
                    let mut levels = first.into_raw();
                    let row = levels.len() / rows.max(1) as usize;
                    let missing = height.saturating_sub(rows) as usize;
                    levels
                        .try_reserve_exact(row * missing)
                        .map_err(|error| DecodeError::Damaged(error.to_string()))?;
                    for block in others {
                        match block? {
                            DynamicImage::$kind(block) => levels.extend_from_slice(block.as_raw()),
                            _ => return Err(DecodeError::incomplete()),
                        }
                    }
                    ImageBuffer::from_raw(width, height, levels).map(DynamicImage::$kind)
                })*
                _ => None,
            }
        };
    }
    let picture = stacked!(
        ImageLuma8 ImageLumaA8 ImageRgb8 ImageRgba8 ImageLuma16 ImageLumaA16 ImageRgb16 ImageRgba16 ImageRgb32F ImageRgba32F
    );
    picture.ok_or_else(DecodeError::incomplete)
}
