//! From a picture to the bytes of a file, with all that the format can hold.

use std::io::Cursor;

use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageResult};

use super::levels::{eight_bits, is_deep, is_opaque, with_levels, without_alpha};
use super::steps::Finished;
use super::tiff::encode_tiff;
use crate::data::{Level, Metadata, ProfileSpace, renewed_exif};

/// How files are written, where their formats leave a choice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoding {
    /// Quality of JPEG files, 1 to 100.
    quality: u8,
}

impl Encoding {
    /// Below about 95 blocks and rings can be seen that the network did not draw; above it, files only grow.
    const QUALITY: u8 = 95;

    pub(super) fn of_quality(quality: Option<u8>) -> Self {
        Self {
            quality: quality.unwrap_or(Self::QUALITY),
        }
    }
}

/// The most bytes of an EXIF block, and of a colour profile, in the segments of a JPEG file.
const JPEG_MOST: [usize; 2] = [65_533 - 6, 255 * (65_533 - 14)];

/// Writes a picture to the bytes of a file. What the format cannot hold is added to the `notes`.
pub(super) fn encode(
    picture: DynamicImage,
    metadata: &Metadata,
    format: ImageFormat,
    encoding: Encoding,
    mut notes: Vec<String>,
) -> Result<Finished, String> {
    let picture = fitted(picture, format, &mut notes);
    let metadata = of_picture(metadata, &picture, format, &mut notes);
    let bytes = match format {
        ImageFormat::Tiff => encode_tiff(&picture, &metadata).map_err(|error| error.to_string()),
        ImageFormat::Pnm => Ok(encode_pnm(&picture)),
        _ => encode_with_image(&picture, metadata, format, encoding)
            .map_err(|error| error.to_string()),
    };
    let bytes = bytes.map_err(|error| format!("cannot encode it: {error}"))?;
    Ok(Finished::new(bytes, &picture, &notes))
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Tiff => "TIFF",
        _ => "PNG",
    }
}

/// The picture as far as the format can hold it.
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
    let holds_8_bits = matches!(
        format,
        ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Bmp
    );
    if holds_8_bits && is_deep(&picture) {
        notes.push(format!(
            "its 16 bits were rounded to 8: {} holds no more, --format png or tiff does",
            name(format)
        ));
        picture = eight_bits(picture);
    }
    if format == ImageFormat::Bmp && matches!(picture, DynamicImage::ImageLumaA8(_)) {
        picture = picture.into_rgba8().into();
    }
    picture
}

/// The metadata that describe this picture and that the format can hold.
fn of_picture(
    metadata: &Metadata,
    picture: &DynamicImage,
    format: ImageFormat,
    notes: &mut Vec<String>,
) -> Metadata {
    let holds_metadata = !matches!(format, ImageFormat::Bmp | ImageFormat::Pnm);
    // WebP files have no grey.
    let is_colour = picture.color().has_color() || format == ImageFormat::WebP;
    let mut left_out = |what: &str| notes.push(format!("its {what}, and was left out"));
    let profile = metadata.profile.clone().filter(|profile| {
        let fitting = if is_colour {
            ProfileSpace::Rgb
        } else {
            ProfileSpace::Grey
        };
        match ProfileSpace::of(profile) {
            _ if !holds_metadata => left_out("colour profile has no place in such a file"),
            Some(space) if space != fitting => left_out(&format!(
                "{} colour profile does not fit {} pixels",
                space.name(),
                fitting.name()
            )),
            _ if format == ImageFormat::Jpeg && profile.len() > JPEG_MOST[1] => {
                left_out("colour profile is too long for JPEG");
            }
            space => return space.is_some(),
        }
        false
    });
    let exif = metadata.exif.as_ref();
    let exif = exif.map(|block| renewed_exif(block, picture.width(), picture.height()));
    let exif = exif.filter(|block| {
        if !holds_metadata {
            left_out("EXIF block has no place in such a file");
        } else if format == ImageFormat::Jpeg && block.len() > JPEG_MOST[0] {
            left_out("EXIF block is too long for JPEG");
        } else {
            return true;
        }
        false
    });
    Metadata { profile, exif }
}

fn encode_with_image(
    picture: &DynamicImage,
    metadata: Metadata,
    format: ImageFormat,
    encoding: Encoding,
) -> ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, encoding.quality);
            write(encoder, picture, metadata)?;
        }
        ImageFormat::WebP => write(WebPEncoder::new_lossless(&mut bytes), picture, metadata)?,
        ImageFormat::Bmp => write(BmpEncoder::new(&mut bytes), picture, metadata)?,
        _ => write(PngEncoder::new(&mut bytes), picture, metadata)?,
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

/// PGM for grey, PPM for RGB; PAM, which few programs read, where there is alpha.
fn encode_pnm(picture: &DynamicImage) -> Vec<u8> {
    fn samples<T: Level>(levels: &[T]) -> Vec<u8> {
        let deep = size_of::<T>() == 2;
        let bytes = levels.iter().map(|level| level.number().to_be_bytes());
        bytes
            .flat_map(|[high, low]| deep.then_some(high).into_iter().chain([low]))
            .collect()
    }
    let (width, height) = (picture.width(), picture.height());
    let most = if is_deep(picture) { 65_535 } else { 255 };
    let channels = picture.color().channel_count();
    let header = match channels {
        1 => format!("P5\n{width} {height}\n{most}\n"),
        3 => format!("P6\n{width} {height}\n{most}\n"),
        _ => format!(
            "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {most}\nTUPLTYPE {}\nENDHDR\n",
            if channels == 2 {
                "GRAYSCALE_ALPHA"
            } else {
                "RGB_ALPHA"
            }
        ),
    };
    let mut bytes = header.into_bytes();
    bytes.extend(with_levels!(
        picture,
        levels,
        _channels,
        samples(levels.as_raw()),
        Vec::new()
    ));
    bytes
}
