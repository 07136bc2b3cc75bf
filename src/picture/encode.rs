//! From a picture to the bytes of a file, with all that the format can hold.

use std::io::Cursor;

use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageResult};

use super::alpha::{is_opaque, without_alpha};
use super::contents::{FileContents, RowEncodedImage};
use super::metadata::{ColourChunks, IccColourSpace, Metadata, updated_exif, updated_xmp};
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

/// The most bytes of an EXIF block, of a colour profile and of an XMP block in the segments of a JPEG file.
const JPEG_MAX: [usize; 3] = [65_533 - 6, 255 * (65_533 - 14), 65_533 - JPEG_XMP.len()];

/// What an XMP block in a JPEG file begins with.
const JPEG_XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

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
    let metadata = of_picture(metadata, size, colour, format, &mut notes);
    let contents = match pixels {
        OutputPixels::Whole(picture) if !is_lossless => {
            encode_with_image(&picture, metadata, format, encoding)
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

/// The metadata that describe this picture and that the format can hold.
fn of_picture(
    metadata: &Metadata,
    (width, height): (u32, u32),
    colour: ColorType,
    format: ImageFormat,
    notes: &mut Vec<String>,
) -> Metadata {
    let holds_metadata = !matches!(format, ImageFormat::Bmp | ImageFormat::Pnm);
    // WebP files have no grey.
    let is_colour = colour.has_color() || format == ImageFormat::WebP;
    let mut left_out = |what: &str| notes.push(format!("its {what}, and was left out"));
    let profile = metadata.profile.clone().filter(|profile| {
        let fitting = if is_colour {
            IccColourSpace::Rgb
        } else {
            IccColourSpace::Grey
        };
        match IccColourSpace::of(profile) {
            _ if !holds_metadata => left_out("colour profile has no place in such a file"),
            Some(space) if space != fitting => left_out(&format!(
                "{} colour profile does not fit {} pixels",
                space.name(),
                fitting.name()
            )),
            _ if format == ImageFormat::Jpeg && profile.len() > JPEG_MAX[1] => {
                left_out("colour profile is too long for JPEG");
            }
            space => return space.is_some(),
        }
        false
    });
    let exif = metadata.exif.as_ref();
    let exif = exif.map(|block| updated_exif(block, width, height));
    let exif = exif.filter(|block| {
        if !holds_metadata {
            left_out("EXIF block has no place in such a file");
        } else if format == ImageFormat::Jpeg && block.len() > JPEG_MAX[0] {
            left_out("EXIF block is too long for JPEG");
        } else {
            return true;
        }
        false
    });
    let xmp = metadata.xmp.as_ref().and_then(|block| {
        if !holds_metadata || format == ImageFormat::WebP {
            left_out("XMP block has no place in such a file");
            return None;
        }
        let renewed = updated_xmp(block, width, height);
        if renewed.is_none() {
            left_out("XMP block shows the old picture");
        }
        renewed.filter(|block| {
            let fits = format != ImageFormat::Jpeg || block.len() <= JPEG_MAX[2];
            if !fits {
                left_out("XMP block is too long for JPEG");
            }
            fits
        })
    });
    let colour = if format == ImageFormat::Png {
        metadata.colour.fitting(colour)
    } else {
        let unusual = metadata.colour.unusual();
        if !unusual.is_empty() && profile.is_none() {
            left_out(&format!(
                "PNG colour description ({unusual}) has no place in such a file"
            ));
        }
        ColourChunks::default()
    };
    Metadata {
        profile,
        exif,
        xmp,
        colour,
    }
}

fn encode_with_image(
    picture: &DynamicImage,
    metadata: Metadata,
    format: ImageFormat,
    encoding: EncodeOptions,
) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, encoding.quality);
            let xmp = metadata.xmp.clone();
            write(encoder, picture, metadata)?;
            if let Some(xmp) = xmp {
                add_xmp(bytes.get_mut(), &xmp);
            }
        }
        ImageFormat::WebP => write(WebPEncoder::new_lossless(&mut bytes), picture, metadata)?,
        _ => write(BmpEncoder::new(&mut bytes), picture, metadata)?,
    }
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

/// Adds a segment with an XMP block to a JPEG file, behind those that stand first: JFIF and EXIF.
fn add_xmp(bytes: &mut Vec<u8>, xmp: &str) {
    let mut place = 2;
    while let Some(&[0xFF, 0xE0 | 0xE1, high, low]) =
        bytes.get(place..).and_then(<[u8]>::first_chunk)
    {
        place += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
    let length = (2 + JPEG_XMP.len() + xmp.len()) as u16;
    let segment = [
        &[0xFF, 0xE1],
        &length.to_be_bytes()[..],
        JPEG_XMP,
        xmp.as_bytes(),
    ]
    .concat();
    bytes.splice(place..place, segment);
}
