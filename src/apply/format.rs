//! File formats of outputs: their extensions, and encoding.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::pnm::{PnmEncoder, PnmSubtype, SampleEncoding};
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageResult};

use super::options::OutputFormat;

/// Quality of JPEG outputs. Below about 95 blocks and rings can be seen that the network did not draw; above it, files only grow.
const JPEG_QUALITY: u8 = 95;

impl OutputFormat {
    /// The format that the extension of an output file asks for; that of the input where no other can be chosen.
    pub fn of_extension(path: &Path) -> Self {
        match ImageFormat::from_path(path) {
            Ok(ImageFormat::Png) => Self::Png,
            Ok(ImageFormat::Jpeg) => Self::Jpg,
            Ok(ImageFormat::WebP) => Self::Webp,
            Ok(ImageFormat::Tiff) => Self::Tiff,
            _ => Self::Same,
        }
    }

    /// The format of the picture at `input`'s translation; nothing if it is no picture that can be read.
    pub(super) fn of(self, input: &Path) -> Option<ImageFormat> {
        match self {
            Self::Same => format_of_bytes(input),
            Self::Lossless => match format_of_bytes(input)? {
                ImageFormat::Jpeg => Some(ImageFormat::Png),
                format => Some(format),
            },
            Self::Png => Some(ImageFormat::Png),
            Self::Jpg => Some(ImageFormat::Jpeg),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Tiff => Some(ImageFormat::Tiff),
        }
    }
}

/// What the first bytes of a file say that it is.
fn format_of_bytes(path: &Path) -> Option<ImageFormat> {
    let mut first_bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(32).read_to_end(&mut first_bytes).ok()?;
    let format = image::guess_format(&first_bytes).ok()?;
    (!extensions(format).is_empty()).then_some(format)
}

/// Extensions of the formats that are written, the usual one first. All of PNM's go together: readers look at its first two bytes.
fn extensions(format: ImageFormat) -> &'static [&'static str] {
    match format {
        ImageFormat::Png => &["png"],
        ImageFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        ImageFormat::WebP => &["webp"],
        ImageFormat::Tiff => &["tif", "tiff"],
        ImageFormat::Bmp => &["bmp"],
        ImageFormat::Pnm => &["ppm", "pgm", "pnm"],
        _ => &[],
    }
}

/// `path` with an extension that fits `format`: its own where that one does.
pub(super) fn with_extension(path: &Path, format: ImageFormat) -> PathBuf {
    let known = extensions(format);
    let own = path.extension().and_then(|extension| extension.to_str());
    if own.is_some_and(|own| known.iter().any(|known| known.eq_ignore_ascii_case(own))) {
        return path.to_owned();
    }
    path.with_extension(known.first().copied().unwrap_or_default())
}

/// Writes a picture with the channels and the depth that it has; an error where the format has no such.
pub(super) fn encode_as_is(
    picture: &DynamicImage,
    format: ImageFormat,
    file: &mut Cursor<Vec<u8>>,
) -> ImageResult<()> {
    let (pixels, width, height) = (picture.as_bytes(), picture.width(), picture.height());
    let colour = ExtendedColorType::from(picture.color());
    match (format, colour) {
        (ImageFormat::Jpeg, _) => JpegEncoder::new_with_quality(file, JPEG_QUALITY)
            .write_image(pixels, width, height, colour),
        (ImageFormat::Pnm, ExtendedColorType::L8 | ExtendedColorType::Rgb8) => {
            let bytes = encode(
                pixels,
                usize::from(picture.color().channel_count()),
                width,
                height,
                format,
            )?;
            *file = Cursor::new(bytes);
            Ok(())
        }
        _ => image::write_buffer_with_format(file, pixels, width, height, colour, format),
    }
}

/// The bytes of a file in `format` that holds `pixels`: rows of 1 (grey) or 3 (RGB) interleaved channels.
pub(super) fn encode(
    pixels: &[u8],
    channels: usize,
    width: u32,
    height: u32,
    format: ImageFormat,
) -> ImageResult<Vec<u8>> {
    let (colour, subtype) = if channels == 1 {
        (
            ExtendedColorType::L8,
            PnmSubtype::Graymap(SampleEncoding::Binary),
        )
    } else {
        (
            ExtendedColorType::Rgb8,
            PnmSubtype::Pixmap(SampleEncoding::Binary),
        )
    };
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
            .write_image(pixels, width, height, colour)?,
        // Without a subtype it would be PAM, which few programs read.
        ImageFormat::Pnm => PnmEncoder::new(&mut bytes)
            .with_subtype(subtype)
            .write_image(pixels, width, height, colour)?,
        _ => image::write_buffer_with_format(&mut bytes, pixels, width, height, colour, format)?,
    }
    Ok(bytes.into_inner())
}
