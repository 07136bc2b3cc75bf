//! The metadata that describe an output and that its format can hold; what it cannot hold is said.

use image::{ColorType, ImageFormat};

use super::formats::jpeg_encoder;
use super::metadata::xmp::lost_pictures;
use super::metadata::{
    ColourChunks, Exclusion, ExifField, ExifFields, FileShape, Georeference, IccColourSpace,
    Metadata, Rewritten, rewritten_description, updated_exif, updated_xmp,
};

const IMAGE_DESCRIPTION: u16 = 270;

/// What metadata are for.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) shape: FileShape,
    pub(super) is_colour: bool,
    /// The highest level.
    pub(super) most: u16,
    /// What a pixel consists of; none for bands.
    pub(super) colour: Option<ColorType>,
    pub(super) format: ImageFormat,
}

/// The metadata that describe this picture and that the format can hold.
pub(super) fn of_picture(metadata: &Metadata, target: Target, notes: &mut Vec<String>) -> Metadata {
    let Target { shape, format, .. } = target;
    let (width, height) = shape.size;
    let holds_metadata = !matches!(format, ImageFormat::Bmp | ImageFormat::Pnm);
    // WebP files have no grey.
    let is_colour = target.is_colour || format == ImageFormat::WebP;
    let (georeference, exclusion) = place_of(metadata, target, notes);
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
            _ if format == ImageFormat::Jpeg && profile.len() > jpeg_encoder::MOST[1] => {
                left_out("colour profile is too long for JPEG");
            }
            space => return space.is_some(),
        }
        false
    });
    let exif = metadata.exif.as_ref();
    let exif = exif.map(|block| updated_exif(block, width, height));
    let exif = exif.and_then(|block| with_description(block, shape, &mut left_out));
    let exif = exif.filter(|block| {
        if !holds_metadata {
            left_out("EXIF block has no place in such a file");
        } else if format == ImageFormat::Jpeg && block.len() > jpeg_encoder::MOST[0] {
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
        if let Some(what) = lost_pictures(block) {
            left_out(what);
            return None;
        }
        let renewed = updated_xmp(block, width, height);
        if renewed.is_none() {
            left_out("XMP block shows the old picture");
        }
        renewed.filter(|block| {
            let fits = format != ImageFormat::Jpeg || block.len() <= jpeg_encoder::MOST[2];
            if !fits {
                left_out("XMP block is too long for JPEG");
            }
            fits
        })
    });
    match (metadata.density, format) {
        (Some(_), ImageFormat::Pnm) => left_out("resolution has no place in such a file"),
        (Some(density), ImageFormat::Jpeg) if density.rounded_per_inch().is_none() => {
            left_out("resolution is none that JPEG has a number for");
        }
        _ => {}
    }
    // WebP has no other place for it.
    let exif = exif.or_else(|| {
        let density = metadata.density.filter(|_| format == ImageFormat::WebP)?;
        let image = density.fields().into();
        let fields = ExifFields {
            image,
            ..ExifFields::default()
        };
        Some(fields.block())
    });
    let colour = if let (ImageFormat::Png, Some(colour)) = (format, target.colour) {
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
        density: metadata.density,
        georeference,
        exclusion,
    }
}

/// The picture's place on Earth, and how its file says which pixels have no data.
fn place_of(
    metadata: &Metadata,
    target: Target,
    notes: &mut Vec<String>,
) -> (Georeference, Option<Exclusion>) {
    let georeference = metadata.georeference.clone();
    if target.format != ImageFormat::Tiff {
        if georeference.is_place() {
            notes.push(
                "its georeference has no place in such a file, and was left out: --format tiff keeps it"
                    .to_owned(),
            );
        }
        return (Georeference::default(), None);
    }
    match metadata.exclusion {
        Some(Exclusion::NoData(number)) if number > f64::from(target.most) => {
            notes.push(format!(
                "its value for no data, {number}, does not fit 8 bits, and became a mask"
            ));
            let georeference = georeference.without_no_data();
            (georeference, Some(Exclusion::MaskPage))
        }
        exclusion => (georeference, exclusion),
    }
}

/// An EXIF block whose description tells the shape of the output, if it tells one at all.
fn with_description(
    block: Vec<u8>,
    shape: FileShape,
    left_out: &mut impl FnMut(&str),
) -> Option<Vec<u8>> {
    let description = |fields: &ExifFields| fields.text(IMAGE_DESCRIPTION);
    let Some((mut fields, text)) =
        ExifFields::read(&block).and_then(|fields| Some((fields.clone(), description(&fields)?)))
    else {
        return Some(block);
    };
    let place = |field: &ExifField| field.tag == IMAGE_DESCRIPTION;
    match rewritten_description(&text, shape) {
        Rewritten::Same => return Some(block),
        Rewritten::Other(text) => {
            for field in fields.image.iter_mut().filter(|field| place(field)) {
                field.bytes = [text.as_bytes(), b"\0"].concat();
            }
        }
        Rewritten::Nothing => {
            left_out("OME description tells of pictures that are not in this file");
            fields.image.retain(|field| !place(field));
        }
    }
    (fields != ExifFields::default()).then(|| fields.block())
}
