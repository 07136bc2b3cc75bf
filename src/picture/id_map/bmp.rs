//! Ids in BMP files.

use std::collections::HashMap;
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
    // The decoder gives the places in the palette where each has a byte; fewer bits come as colours.
    let has_bytes = bytes.get(28..30) == Some(&[8, 0]);
    decoder.set_indexed_color(palette.is_some() && has_bytes);
    let picture = DynamicImage::from_decoder(decoder).map_err(DecodeError::from)?;
    if let Some(palette) = &palette
        && !has_bytes
    {
        let bits = bytes.get(28).copied().unwrap_or(8).min(8);
        let palette = &palette[..palette.len().min(1 << bits)];
        return Ok(StoredSamples {
            size: (size.0 as usize, size.1 as usize),
            bits: 8,
            format: ImageFormat::Bmp,
            pixels: StoredPixels::Indices {
                places: places(&picture, palette)?,
                palette: palette.to_vec(),
            },
        });
    }
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

/// The places of all pixels in a palette whose colours differ.
fn places(picture: &DynamicImage, palette: &[[u8; 3]]) -> Result<Vec<u32>, SampleError> {
    let by_colour: HashMap<[u8; 3], u32> = palette.iter().copied().zip(0..).collect();
    if by_colour.len() < palette.len() {
        return Err(SampleError::Unfit(
            "is a BMP of fewer than 8 bits whose palette has a colour twice: save it as PNG"
                .to_owned(),
        ));
    }
    let place = |pixel: &image::Rgb<u8>| by_colour.get(&pixel.0).copied().unwrap_or_default();
    Ok(picture.to_rgb8().pixels().map(place).collect())
}
