//! Ids in WebP files: those whose compression loses nothing.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, ImageFormat};

use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::{DecodeError, check_size};
use crate::picture::formats::webp::has_lossy_frame;
use crate::picture::limits::PictureLimits;

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    if has_lossy_frame(bytes) {
        return Err(SampleError::Unfit(
            "is a lossy WebP, whose compression changes ids: save maps of labels and instances as PNG or lossless WebP"
                .to_owned(),
        ));
    }
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(DecodeError::from)?;
    if decoder.has_animation() {
        return Err(SampleError::Unfit(
            "is an animation: save each frame as a map of its own".to_owned(),
        ));
    }
    let size = decoder.dimensions();
    check_size(size, limits)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(DecodeError::from)?;
    let channels = usize::from(picture.color().channel_count());
    let samples: Vec<u16> = picture
        .as_bytes()
        .iter()
        .map(|&level| level.into())
        .collect();
    Ok(StoredSamples {
        size: (size.0 as usize, size.1 as usize),
        bits: 8,
        format: ImageFormat::WebP,
        pixels: StoredPixels::from_channels(&samples, channels, 255)?,
    })
}
