//! Reading a picture file with nothing lost: channels, depth, transparency, colour profile, EXIF block.

use std::io::Cursor;
use std::path::Path;

use image::codecs::bmp::BmpDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::pnm::PnmDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits};

use super::damage::damage;
use super::exif;
use super::jpeg::JpegDecoder;
use super::limits::PictureLimits;
use super::metadata::{Metadata, ProfileSpace};
use super::picture::{PictureError, read_bytes};
use super::tiff;
use crate::panics;

/// A picture as its file holds it.
#[derive(Debug, Clone)]
pub struct Original {
    /// The pixels, upright (EXIF orientation applied), with the channels and the depth of the file. Palettes are looked up, CMYK
    /// is converted to RGB. JPEG and WebP files are decoded to the bit as Pillow does.
    pub pixels: DynamicImage,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
    /// What else the file says.
    pub metadata: Metadata,
    /// What is not as it was in the file: the first of several frames or pages, converted colours, damaged metadata.
    pub notes: Vec<String>,
}

/// Reads the picture at `path` as it is.
///
/// # Errors
/// The file cannot be read, is no picture, is larger than the limits, or is damaged; each error names it.
pub fn read_original(path: &Path, limits: PictureLimits) -> Result<Original, PictureError> {
    let bytes = read_bytes(path, limits.bytes)?;
    // Decoders have had bugs that panic on damaged files; such a file is a damaged file like any other.
    let decoded = panics::caught(|| decode(&bytes, limits))
        .unwrap_or_else(|message| Err(Failure::Damaged(format!("the decoder failed: {message}"))));
    decoded.map_err(|failure| failure.of(path, limits))
}

/// What a decoder makes of a file.
pub(super) struct Decoded {
    /// As they are stored: not upright.
    pub(super) pixels: DynamicImage,
    pub(super) orientation: Option<Orientation>,
    pub(super) profile: Option<Vec<u8>>,
    pub(super) exif: Option<Vec<u8>>,
    pub(super) notes: Vec<String>,
}

/// Why a decoder makes nothing of a file.
pub(super) enum Failure {
    NotAPicture,
    Unsupported(String),
    TooLarge { width: u32, height: u32 },
    Damaged(String),
}

impl Failure {
    fn of(self, path: &Path, limits: PictureLimits) -> PictureError {
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
        }
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

fn decode(bytes: &[u8], limits: PictureLimits) -> Result<Original, Failure> {
    let format = image::guess_format(bytes).map_err(|_| Failure::NotAPicture)?;
    if let Some(message) = damage(bytes, format) {
        return Err(Failure::Damaged(message));
    }
    let Decoded {
        mut pixels,
        orientation,
        profile,
        exif,
        mut notes,
    } = decode_as(format, bytes, limits)?;
    // A damaged EXIF block does not make the picture unreadable: it then has no orientation.
    if let Some(orientation) = orientation {
        pixels.apply_orientation(orientation);
    }
    let mut metadata = Metadata::of(profile, exif.as_deref(), &mut notes);
    if let Some(space) = metadata.profile.as_deref().and_then(ProfileSpace::of)
        && matches!(space, ProfileSpace::Cmyk | ProfileSpace::Other)
    {
        metadata.profile = None;
        notes.push(format!(
            "its {} colour profile does not fit the converted colours and was left out",
            space.name()
        ));
    }
    Ok(Original {
        pixels,
        format,
        metadata,
        notes,
    })
}

fn decode_as(format: ImageFormat, bytes: &[u8], limits: PictureLimits) -> Result<Decoded, Failure> {
    let animated = |is_animated: bool| is_animated.then(|| "its first frame".to_owned());
    let source = Cursor::new(bytes);
    match format {
        ImageFormat::Jpeg => {
            let decoder = JpegDecoder::new(bytes)?;
            let (width, height) = decoder.dimensions();
            if limits.allow(width, height) && decoder.promises_too_much(bytes.len()) {
                let message = format!("it is too short for the {width}x{height} that it promises");
                return Err(Failure::Damaged(message));
            }
            let note = decoder
                .is_cmyk()
                .then(|| "converted from CMYK to RGB".to_owned());
            through(decoder, limits, note)
        }
        ImageFormat::Png => {
            // For what the decoder holds besides the pixels: a row of them at a time, and chunks such as a colour profile.
            let width = bytes.get(16..20).and_then(|width| width.try_into().ok());
            let width = width.map_or(0, u32::from_be_bytes);
            let mut own = Limits::no_limits();
            own.max_alloc = Some((1 << 26) + 16 * u64::from(width));
            let decoder = PngDecoder::with_limits(source, own)?;
            let note = animated(decoder.is_apng()?);
            through(decoder, limits, note)
        }
        ImageFormat::WebP => {
            let decoder = WebPDecoder::new(source)?;
            let note = animated(decoder.has_animation());
            through(decoder, limits, note)
        }
        ImageFormat::Bmp => through(BmpDecoder::new(source)?, limits, None),
        ImageFormat::Pnm => through(PnmDecoder::new(source)?, limits, None),
        ImageFormat::Tiff => tiff::decode(bytes, limits),
        _ => Err(Failure::NotAPicture),
    }
}

/// Decodes with a decoder of `image`.
fn through(
    mut decoder: impl ImageDecoder,
    limits: PictureLimits,
    note: Option<String>,
) -> Result<Decoded, Failure> {
    let (width, height) = decoder.dimensions();
    if !limits.allow(width, height) {
        return Err(Failure::TooLarge { width, height });
    }
    if width == 0 || height == 0 {
        return Err(Failure::NotAPicture);
    }
    // What cannot be read of either is damaged.
    let profile = decoder.icc_profile().unwrap_or_else(|_| Some(Vec::new()));
    let exif = decoder.exif_metadata().unwrap_or_else(|_| Some(Vec::new()));
    let checked = exif.as_deref().and_then(exif::checked);
    Ok(Decoded {
        pixels: DynamicImage::from_decoder(decoder)?,
        orientation: checked.as_deref().and_then(exif::orientation),
        profile,
        exif,
        notes: note.into_iter().collect(),
    })
}
