//! Ids in PNG files.

use std::io::Cursor;

use image::ImageFormat;
use png::{BitDepth, ColorType, Transformations};

use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::check_size;
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::exif::orientation;
use crate::picture::samples::unpack;

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    let damaged = |error: png::DecodingError| SampleError::damaged(error.to_string());
    // That of the decoder is for what it holds besides the pixels, of which it holds a row.
    let own = png::Limits { bytes: 1 << 28 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), own);
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    check_size((width, height), limits)?;
    let bits = match info.bit_depth {
        BitDepth::One => 1,
        BitDepth::Two => 2,
        BitDepth::Four => 4,
        BitDepth::Eight => 8,
        BitDepth::Sixteen => 16,
    };
    let colour = info.color_type;
    let palette = info.palette.as_deref().unwrap_or_default();
    let palette = palette.as_chunks().0.to_vec();
    let turn = info.exif_metadata.as_deref().and_then(orientation);
    let channels = colour.samples();
    let row = reader
        .output_line_size(width)
        .ok_or_else(|| SampleError::damaged("a row is too long"))?;
    let mut packed = vec![0; row * height as usize];
    reader.next_frame(&mut packed).map_err(damaged)?;
    let samples: Vec<u16> = packed
        .chunks_exact(row.max(1))
        .flat_map(|row| unpack(row, bits, width as usize * channels))
        .collect();
    let brightest = (u32::from(u16::MAX) >> (16 - bits)) as u16;
    let pixels = if colour == ColorType::Indexed {
        StoredPixels::Indices {
            places: samples.into_iter().map(u32::from).collect(),
            palette,
        }
    } else {
        StoredPixels::from_channels(&samples, channels, brightest)?
    };
    let stored = StoredSamples {
        size: (width as usize, height as usize),
        bits,
        format: ImageFormat::Png,
        pixels,
    };
    Ok(stored.upright(turn))
}
