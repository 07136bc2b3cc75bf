//! Reading a picture file with nothing lost: channels, depth, transparency, colour profile, EXIF block.

use std::io::Cursor;
use std::path::Path;

use image::codecs::bmp::BmpDecoder;
use image::codecs::pnm::PnmDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat, ImageReader, RgbImage};

use super::bands::Bands;
use super::byte_source::{ByteSource, FileBytes};
use super::decode::{DecodeError, RowDecoder};
use super::error::PictureError;
use super::format::{format_of_bytes, guess_format};
use super::formats::{bmp, jpeg, png, tiff};
use super::integrity::find_damage;
use super::limits::PictureLimits;
use super::metadata::{ColourChunks, Density, ExifFields, IccColourSpace, Metadata};
use super::spooled::SpooledPicture;
use crate::panics;

/// A picture as its file holds it.
#[derive(Debug, Clone)]
pub struct Picture<P = DynamicImage> {
    /// The pixels, upright (EXIF orientation applied), with the channels and the depth of the file. Palettes are looked up, CMYK
    /// is converted to RGB. JPEG and WebP files are decoded to the bit as Pillow does.
    pub pixels: P,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
    /// What else the file says.
    pub metadata: Metadata,
    /// What is not as it was in the file: the first of several frames or pages, converted colours, damaged metadata.
    pub notes: Vec<String>,
}

/// A decoded picture.
#[derive(Debug, Clone)]
pub struct RgbPicture {
    /// The pixels, upright (EXIF orientation applied), 8-bit RGB. Alpha is dropped, palettes are looked up, grey is repeated.
    /// JPEG and WebP files are decoded to the bit as Pillow does.
    pub pixels: RgbImage,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
    /// As [`Picture::notes`].
    pub notes: Vec<String>,
    /// Whether the file has more than 8 bits for each channel.
    pub is_reduced: bool,
}

/// Reads the picture at `path` as it is.
///
/// # Errors
/// The file cannot be read, is no picture, is larger than the limits, or is damaged; each error names it.
pub fn read_picture(path: &Path, limits: PictureLimits) -> Result<Picture, PictureError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method belongs to one lifetime"
    )]
    read(path, limits, None, |decoded| decoded.into_image())
}

/// Reads one of the pages of the picture at `path`, counted from 0, as it is. Only TIFF files have more than one.
///
/// # Errors
/// As [`read_picture`]; there is no such page.
pub fn read_page(path: &Path, page: usize, limits: PictureLimits) -> Result<Picture, PictureError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method belongs to one lifetime"
    )]
    read(path, limits, Some(page), |decoded| decoded.into_image())
}

/// Reads all bands of the picture at `path` as they are, whatever numbers they hold; of TIFF files the given page, counted from 0, or
/// the first one.
///
/// # Errors
/// As [`read_picture`]; there is no such page.
pub fn read_bands(
    path: &Path,
    page: Option<usize>,
    limits: PictureLimits,
) -> Result<Picture<Bands>, PictureError> {
    if format_of_bytes(path) != Some(ImageFormat::Tiff) {
        let picture = read(path, limits, page, |decoded| {
            let picture = decoded.into_image()?;
            Bands::of(&picture).ok_or_else(|| {
                DecodeError::Unsupported("it holds floating-point numbers".to_owned())
            })
        })?;
        return Ok(picture);
    }
    let bytes = FileBytes::open(path, limits.bytes)?;
    let decoded = panics::catch(|| {
        let (bands, decoded) = tiff::decode_bands(bytes.bytes(), limits, page)?;
        let turned = bands.turned(decoded.orientation);
        let colour = ColourChunks::default();
        described(decoded, ImageFormat::Tiff, colour, |_| Ok(turned))
    });
    let decoded = decoded.unwrap_or_else(|message| {
        Err(DecodeError::Damaged(format!(
            "the decoder failed: {message}"
        )))
    });
    decoded.map_err(|failure| failure.into_picture_error(path, limits))
}

/// Pages of the picture at `path`: more than one only for TIFF files. What cannot be read counts as one.
pub fn page_count(path: &Path) -> usize {
    if format_of_bytes(path) != Some(ImageFormat::Tiff) {
        return 1;
    }
    let Ok(bytes) = FileBytes::open(path, u64::MAX) else {
        return 1;
    };
    panics::catch(|| tiff::page_count(bytes.bytes())).map_or(1, |count| count.max(1))
}

/// As [`read_picture`], with the pixels where a large picture takes no memory: perhaps in a file without a name in `folder`.
///
/// They come there row by row from PNG files without interlacing, from TIFF and from JPEG files, if they need not be turned;
/// any others are in memory for a moment.
///
/// # Errors
/// As [`read_picture`]; there is no room in `folder`.
pub fn spool_picture(
    path: &Path,
    limits: PictureLimits,
    folder: &Path,
) -> Result<Picture<SpooledPicture>, PictureError> {
    read(path, limits, None, |decoded| decoded.into_spooled(folder))
}

/// Reads the picture at `path`.
///
/// # Errors
/// The file cannot be read, is no picture, is too large, or is damaged; each error names it.
pub fn read_rgb(path: &Path) -> Result<RgbPicture, PictureError> {
    let original = read_picture(path, PictureLimits::default())?;
    let color = original.pixels.color();
    Ok(RgbPicture {
        is_reduced: color.bytes_per_pixel() > color.channel_count(),
        pixels: rgb(original.pixels, original.format),
        format: original.format,
        notes: original.notes,
    })
}

/// Width and height in the header of the picture at `path`; nothing where they cannot be told.
pub fn picture_size(path: &Path) -> Option<(u32, u32)> {
    if format_of_bytes(path) == Some(ImageFormat::Tiff) {
        let bytes = FileBytes::open(path, u64::MAX).ok()?;
        return panics::catch(|| tiff::size(bytes.bytes())).ok()?;
    }
    let reader = ImageReader::open(path).ok()?.with_guessed_format().ok()?;
    panics::catch(|| reader.into_dimensions().ok()).ok()?
}

/// Width and height of the picture at `path` once it is upright (EXIF orientation applied), without decoding its pixels where
/// the format allows it.
///
/// # Errors
/// As [`read_picture`], but for damage that only decoding shows.
pub fn upright_size(path: &Path, limits: PictureLimits) -> Result<(u32, u32), PictureError> {
    let picture = read(path, limits, None, |decoded| {
        let (width, height) = decoded.size;
        let is_turned = matches!(
            decoded.orientation,
            Some(
                Orientation::Rotate90
                    | Orientation::Rotate270
                    | Orientation::Rotate90FlipH
                    | Orientation::Rotate270FlipH
            )
        );
        Ok(if is_turned {
            (height, width)
        } else {
            (width, height)
        })
    })?;
    Ok(picture.pixels)
}

/// Pixels of any kind as 8-bit RGB. Samples of 16 bits lose their lower byte, as in Pillow; only those of PNM are rounded.
pub(crate) fn rgb(image: DynamicImage, format: ImageFormat) -> RgbImage {
    let deep = image.color().bytes_per_pixel() == 2 * image.color().channel_count();
    if !deep || format == ImageFormat::Pnm {
        return image.into_rgb8();
    }
    let deep = image.into_rgb16();
    let (width, height) = deep.dimensions();
    let bytes = deep
        .into_raw()
        .into_iter()
        .map(|sample| (sample >> 8) as u8);
    RgbImage::from_raw(width, height, bytes.collect()).expect("each sample has given one byte")
}

/// Reads a picture, of whose pixels `take` makes something.
fn read<P>(
    path: &Path,
    limits: PictureLimits,
    page: Option<usize>,
    take: impl FnOnce(RowDecoder<'_>) -> Result<P, DecodeError>,
) -> Result<Picture<P>, PictureError> {
    let bytes = FileBytes::open(path, limits.bytes)?;
    // Decoders have had bugs that panic on damaged files; such a file is a damaged file like any other.
    let decoded =
        panics::catch(|| decode(bytes.bytes(), limits, page, take)).unwrap_or_else(|message| {
            Err(DecodeError::Damaged(format!(
                "the decoder failed: {message}"
            )))
        });
    decoded.map_err(|failure| failure.into_picture_error(path, limits))
}

fn decode<P>(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
    page: Option<usize>,
    take: impl FnOnce(RowDecoder<'_>) -> Result<P, DecodeError>,
) -> Result<Picture<P>, DecodeError> {
    let head = bytes.at(0..bytes.len().min(64)).unwrap_or_default();
    let format = guess_format(&head).ok_or(DecodeError::NotAPicture)?;
    // Before the decoder has the file for itself.
    let colour = if format == ImageFormat::Png {
        ColourChunks::read(bytes)
    } else {
        ColourChunks::default()
    };
    let decoded = match (format, bytes) {
        (ImageFormat::Png, _) => png::decode(bytes, limits)?,
        (ImageFormat::Tiff, _) => tiff::decode(bytes, limits, page)?,
        (_, ByteSource::Memory(bytes)) => decode_in_memory(format, bytes, limits)?,
        _ => return Err(DecodeError::NotAPicture),
    };
    described(decoded, format, colour, take)
}

/// The pixels with what else the file says.
fn described<P>(
    mut decoded: RowDecoder<'_>,
    format: ImageFormat,
    colour: ColourChunks,
    take: impl FnOnce(RowDecoder<'_>) -> Result<P, DecodeError>,
) -> Result<Picture<P>, DecodeError> {
    let mut notes = std::mem::take(&mut decoded.notes);
    let mut metadata = Metadata::from_blocks(
        decoded.profile.take(),
        decoded.exif.take().as_deref(),
        decoded.xmp.take(),
        &mut notes,
    );
    let of_exif = || {
        let fields = ExifFields::read(metadata.exif.as_deref()?)?;
        Density::of_fields(&fields)
    };
    metadata.density = decoded.density.or_else(of_exif);
    metadata.georeference = std::mem::take(&mut decoded.georeference);
    metadata.exclusion = decoded.exclusion;
    metadata.colour = colour;
    if let Some(curve) = metadata.colour.high_dynamic_range() {
        notes.push(format!(
            "its samples are {curve} (high dynamic range) and are taken as they are"
        ));
    }
    if let Some(space) = metadata.profile.as_deref().and_then(IccColourSpace::of)
        && matches!(space, IccColourSpace::Cmyk | IccColourSpace::Other)
    {
        metadata.profile = None;
        notes.push(format!(
            "its {} colour profile does not fit the converted colours and was left out",
            space.name()
        ));
    }
    Ok(Picture {
        pixels: take(decoded)?,
        format,
        metadata,
        notes,
    })
}

/// Formats whose decoders need all bytes.
fn decode_in_memory(
    format: ImageFormat,
    bytes: &[u8],
    limits: PictureLimits,
) -> Result<RowDecoder<'_>, DecodeError> {
    if format == ImageFormat::Jpeg
        && let Some(kind) = jpeg::unsupported_kind(bytes)
    {
        return Err(DecodeError::Unsupported(kind.to_owned()));
    }
    if let Some(message) = find_damage(bytes, format) {
        return Err(DecodeError::Damaged(message));
    }
    let source = Cursor::new(bytes);
    match format {
        ImageFormat::Jpeg => jpeg::decode(bytes, limits),
        ImageFormat::WebP => {
            let decoder = WebPDecoder::new(source)?;
            let note = decoder
                .has_animation()
                .then(|| "its first frame".to_owned());
            RowDecoder::from_image_decoder(decoder, limits, note)
        }
        ImageFormat::Bmp => {
            let decoder = BmpDecoder::new(source)?;
            let decoded = RowDecoder::from_image_decoder(decoder, limits, None)?;
            Ok(RowDecoder {
                density: bmp::density(bytes),
                ..decoded
            })
        }
        ImageFormat::Pnm => RowDecoder::from_image_decoder(PnmDecoder::new(source)?, limits, None),
        _ => Err(DecodeError::NotAPicture),
    }
}
