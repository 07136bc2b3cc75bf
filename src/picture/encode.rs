//! From a picture to the bytes of a file, with all that the format can hold.

use std::io::Cursor;

use image::codecs::bmp::BmpEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageResult};

use super::alpha::{is_opaque, without_alpha};
use super::bands::Bands;
use super::contents::{FileContents, RowEncodedImage};
use super::formats::tiff::{TiffPage, TiffPixels, write_tiff};
use super::formats::{bmp, jpeg_encoder};
use super::metadata::{FileShape, Metadata};
use super::output_metadata::{Target, of_picture};
use super::output_pixels::OutputPixels;
use super::samples::{is_16_bit, to_8_bit};

/// How files are written, where their formats leave a choice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EncodeOptions {
    /// Quality of JPEG files, 1 to 100.
    quality: u8,
}

impl EncodeOptions {
    /// Below about 95 blocks and rings can be seen that the network did not draw; above it, files only grow.
    const QUALITY: u8 = 95;

    pub(crate) fn of_quality(quality: Option<u8>) -> Self {
        Self {
            quality: quality.unwrap_or(Self::QUALITY),
        }
    }
}

/// A picture as a file will hold it.
pub(crate) struct Encoded {
    pub(crate) contents: FileContents,
    /// Width and height.
    pub(crate) size: (u32, u32),
    /// What the format could not hold.
    pub(crate) notes: Vec<String>,
}

/// Encodes a picture; a large one only when it is written, if the format can be written row by row. What the format cannot hold is
/// added to the `notes`.
pub(crate) fn encode(
    pixels: OutputPixels,
    metadata: &Metadata,
    format: ImageFormat,
    encoding: EncodeOptions,
    mut notes: Vec<String>,
) -> Result<Encoded, String> {
    let is_lossless = matches!(
        format,
        ImageFormat::Png | ImageFormat::Tiff | ImageFormat::Pnm
    );
    let pixels = if is_lossless {
        pixels
    } else {
        OutputPixels::Whole(fitted(pixels.into_whole()?, format, &mut notes))
    };
    let (size, colour) = (pixels.size(), pixels.colour());
    let target = Target {
        shape: FileShape {
            size,
            channels: colour.channel_count().into(),
            pages: 1,
        },
        is_colour: colour.has_color(),
        most: if is_16_bit(colour) { 65_535 } else { 255 },
        colour: Some(colour),
        format,
    };
    let metadata = of_picture(metadata, target, &mut notes);
    let contents = match pixels {
        OutputPixels::Whole(picture) if !is_lossless => {
            encode_whole(&picture, metadata, format, encoding)
                .map(FileContents::Bytes)
                .map_err(|error| format!("cannot encode it: {error}"))?
        }
        pixels => {
            let is_large = matches!(pixels, OutputPixels::Spooled { .. });
            let picture = RowEncodedImage {
                pixels,
                metadata,
                format,
            };
            if is_large {
                FileContents::Picture(picture)
            } else {
                let bytes = picture.bytes();
                FileContents::Bytes(bytes.map_err(|error| format!("cannot encode it: {error}"))?)
            }
        }
    };
    Ok(Encoded {
        contents,
        size,
        notes,
    })
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        _ => "BMP",
    }
}

/// The picture as far as a format that does not hold everything can hold it.
fn fitted(picture: DynamicImage, format: ImageFormat, notes: &mut Vec<String>) -> DynamicImage {
    let mut picture = picture;
    if format == ImageFormat::Jpeg && picture.color().has_alpha() {
        if !is_opaque(&picture) {
            notes.push(
                "its transparency was left out: JPEG has none, --format png keeps it".to_owned(),
            );
        }
        picture = without_alpha(picture);
    }
    if is_16_bit(picture.color()) {
        notes.push(format!(
            "its 16 bits were rounded to 8: {} holds no more, --format png or tiff does",
            name(format)
        ));
        picture = to_8_bit(picture);
    }
    if format == ImageFormat::Bmp && matches!(picture, DynamicImage::ImageLumaA8(_)) {
        picture = picture.into_rgba8().into();
    }
    picture
}

/// Encodes pages of any kind as a TIFF file. What it cannot hold is added to the `notes`.
pub(crate) fn encode_tiff(
    pages: Vec<(PagePixels, Metadata)>,
    mut notes: Vec<String>,
) -> Result<Encoded, String> {
    let count = pages.len();
    let mut of_file = Vec::new();
    for (pixels, metadata) in &pages {
        let (size, channels, is_colour, most) = match pixels {
            PagePixels::Picture(pixels) => {
                let colour = pixels.colour();
                let most = if is_16_bit(colour) { 65_535 } else { 255 };
                let channels = colour.channel_count().into();
                (pixels.size(), channels, colour.has_color(), most)
            }
            PagePixels::Bands(bands) => (bands.size, bands.count, bands.count == 3, u16::MAX),
        };
        let target = Target {
            shape: FileShape {
                size,
                channels,
                pages: count,
            },
            is_colour,
            most,
            colour: None,
            format: ImageFormat::Tiff,
        };
        let mut of_page = Vec::new();
        of_file.push(of_picture(metadata, target, &mut of_page));
        of_page.retain(|note| !notes.contains(note));
        notes.extend(of_page);
    }
    let written: Vec<TiffPage<'_>> = pages
        .iter()
        .zip(&of_file)
        .map(|((pixels, _), metadata)| TiffPage {
            pixels: match pixels {
                PagePixels::Picture(pixels) => TiffPixels::Picture(pixels),
                PagePixels::Bands(bands) => TiffPixels::Bands(bands),
            },
            metadata,
        })
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    write_tiff(&written, &mut bytes).map_err(|error| format!("cannot encode it: {error}"))?;
    let size = pages.first().map_or((0, 0), |(pixels, _)| pixels.size());
    Ok(Encoded {
        contents: FileContents::Bytes(bytes.into_inner()),
        size,
        notes,
    })
}

/// The pixels of a page of a TIFF file.
pub(crate) enum PagePixels {
    Picture(OutputPixels),
    Bands(Bands),
}

impl PagePixels {
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Picture(pixels) => pixels.size(),
            Self::Bands(bands) => bands.size,
        }
    }
}

fn encode_whole(
    picture: &DynamicImage,
    metadata: Metadata,
    format: ImageFormat,
    encoding: EncodeOptions,
) -> Result<Vec<u8>, String> {
    let mut bytes = Cursor::new(Vec::new());
    let written = match format {
        ImageFormat::Jpeg => return jpeg_encoder::encode(picture, &metadata, encoding.quality),
        ImageFormat::WebP => write(WebPEncoder::new_lossless(&mut bytes), picture, metadata),
        _ => {
            let density = metadata.density;
            let written = write(BmpEncoder::new(&mut bytes), picture, metadata);
            if let (Ok(()), Some(density)) = (&written, density) {
                bmp::set_density(bytes.get_mut(), density);
            }
            written
        }
    };
    written.map_err(|error| error.to_string())?;
    Ok(bytes.into_inner())
}

fn write(
    mut encoder: impl ImageEncoder,
    picture: &DynamicImage,
    metadata: Metadata,
) -> ImageResult<()> {
    // The encoders that do not take these are not given any.
    if let Some(profile) = metadata.profile {
        encoder.set_icc_profile(profile).ok();
    }
    if let Some(exif) = metadata.exif {
        encoder.set_exif_metadata(exif).ok();
    }
    let colour = ExtendedColorType::from(picture.color());
    encoder.write_image(
        picture.as_bytes(),
        picture.width(),
        picture.height(),
        colour,
    )
}
