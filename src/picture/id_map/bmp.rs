//! Ids in BMP files.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::{DynamicImage, ImageDecoder, ImageFormat};

use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::{DecodeError, check_size};
use crate::picture::limits::PictureLimits;

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    let mut decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(DecodeError::from)?;
    let size = decoder.dimensions();
    check_size(size, limits)?;
    let palette = decoder.get_palette().map(<[[u8; 3]]>::to_vec);
    decoder.set_indexed_color(palette.is_some());
    let picture = DynamicImage::from_decoder(decoder).map_err(DecodeError::from)?;
    let channels = usize::from(picture.color().channel_count());
    let samples: Vec<u16> = picture
        .as_bytes()
        .iter()
        .map(|&level| level.into())
        .collect();
    let pixels = match palette {
        Some(palette) => StoredPixels::Indices {
            places: samples.into_iter().map(u32::from).collect(),
            palette,
        },
        None => StoredPixels::from_channels(&samples, channels, 255)?,
    };
    Ok(StoredSamples {
        size: (size.0 as usize, size.1 as usize),
        bits: 8,
        format: ImageFormat::Bmp,
        pixels,
    })
}
