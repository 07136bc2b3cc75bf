//! JPEG files written, in baseline coding and with chroma of full size.

use image::DynamicImage;
use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit, SamplingFactor};

use crate::picture::metadata::{Density, Metadata};

/// What an XMP block begins with.
pub(super) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// The most pixels of a side: the format has 65535, libjpeg and all that reads with it 65500.
pub(super) const LONGEST: u16 = 65_500;

/// The most bytes of an EXIF block, of a colour profile and of an XMP block in the segments of a file.
pub(in crate::picture) const MOST: [usize; 3] =
    [65_533 - 6, 254 * (65_533 - 14), 65_533 - XMP.len()];

/// Encodes a picture of 8 bits, grey or RGB, with metadata that [fit](MOST). `quality` is 1 to 100.
pub(in crate::picture) fn encode(
    picture: &DynamicImage,
    metadata: &Metadata,
    quality: u8,
) -> Result<Vec<u8>, String> {
    let failed = |error: jpeg_encoder::EncodingError| error.to_string();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    // Pictures have lines of colour, which smaller chroma would blur.
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    if let Some(density) = metadata.density.and_then(Density::rounded_per_inch) {
        let unit = PixelDensityUnit::Inches;
        encoder.set_density(PixelDensity { density, unit });
    }
    if let Some(exif) = &metadata.exif {
        encoder.add_exif_metadata(exif).map_err(failed)?;
    }
    if let Some(xmp) = &metadata.xmp {
        let segment = [XMP, xmp.as_bytes()].concat();
        encoder.add_app_segment(1, segment).map_err(failed)?;
    }
    if let Some(profile) = &metadata.profile {
        encoder.add_icc_profile(profile).map_err(failed)?;
    }
    let colour = match picture {
        DynamicImage::ImageLuma8(_) => ColorType::Luma,
        DynamicImage::ImageRgb8(_) => ColorType::Rgb,
        other => return Err(format!("JPEG has no pixels of {:?}", other.color())),
    };
    let [width, height] = [picture.width(), picture.height()].map(|side| {
        let side = u16::try_from(side).ok().filter(|&side| side <= LONGEST);
        side.ok_or_else(|| format!("JPEG has at most {LONGEST} pixels a side"))
    });
    let (width, height) = (width?, height?);
    let pixels = picture.as_bytes();
    encoder
        .encode(pixels, width, height, colour)
        .map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::ImageDecoder;
    use image::codecs::jpeg::JpegDecoder;

    use super::*;

    #[test]
    fn as_much_metadata_as_fits_comes_back() {
        let [exif, profile, xmp] = MOST;
        let metadata = Metadata {
            exif: Some(vec![7; exif]),
            profile: Some(vec![9; profile]),
            xmp: Some("x".repeat(xmp)),
            ..Metadata::default()
        };
        let picture = DynamicImage::new_luma8(3, 2);
        let bytes = encode(&picture, &metadata, 90).unwrap();
        // Another program's reader.
        let mut decoder = JpegDecoder::new(Cursor::new(bytes)).unwrap();
        assert_eq!(decoder.icc_profile().unwrap(), metadata.profile);
        assert_eq!(decoder.exif_metadata().unwrap(), metadata.exif);
        let read = decoder.xmp_metadata().unwrap();
        assert_eq!(read.as_deref(), metadata.xmp.as_ref().map(String::as_bytes));
        let longer = |more: fn(&mut Metadata)| {
            let mut metadata = metadata.clone();
            more(&mut metadata);
            encode(&picture, &metadata, 90)
        };
        assert!(longer(|metadata| metadata.exif = Some(vec![7; MOST[0] + 1])).is_err());
        assert!(longer(|metadata| metadata.profile = Some(vec![7; MOST[1] + 1])).is_err());
        assert!(longer(|metadata| metadata.xmp = Some("x".repeat(MOST[2] + 1))).is_err());
    }

    #[test]
    fn what_jpeg_cannot_hold_is_an_error() {
        let metadata = Metadata::default();
        let error = encode(&DynamicImage::new_rgb8(65_501, 1), &metadata, 90).unwrap_err();
        assert!(error.contains("65500"), "{error}");
        let longest = encode(&DynamicImage::new_rgb8(1, 65_500), &metadata, 90).unwrap();
        // By libjpeg.
        let read = mozjpeg::Decompress::new_mem(&longest).unwrap();
        assert_eq!(read.size(), (1, 65_500));
        let error = encode(&DynamicImage::new_rgba8(1, 1), &metadata, 90).unwrap_err();
        assert!(error.contains("Rgba8"), "{error}");
    }
}
