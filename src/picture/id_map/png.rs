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

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: ColorType, depth: BitDepth, width: u32, packed: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, 2);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            let levels = (0..=255).flat_map(|level| [255 - level; 3]);
            encoder.set_palette(levels.collect::<Vec<u8>>());
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(packed).unwrap();
        writer.finish().unwrap();
        bytes
    }

    /// Grey levels, places in a palette, or the red of colours; with the bits of a sample.
    fn read(
        colour: ColorType,
        depth: BitDepth,
        width: u32,
        packed: &[u8],
    ) -> Option<(Vec<u32>, usize)> {
        let file = png(colour, depth, width, packed);
        let stored = decode(&file, PictureLimits::default()).ok()?;
        let levels = match stored.pixels {
            StoredPixels::Grey { levels, .. } => levels,
            StoredPixels::Indices { places, .. } => places,
            StoredPixels::Colours { levels, .. } => {
                levels.iter().map(|[red, ..]| (*red).into()).collect()
            }
        };
        Some((levels, stored.bits))
    }

    #[test]
    fn samples_are_what_the_file_holds_whatever_its_depth() {
        use BitDepth::{Eight, Sixteen, Two};
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};

        let grey = read(Grayscale, Eight, 2, &[0, 33, 34, 255]);
        assert_eq!(grey, Some((vec![0, 33, 34, 255], 8)));
        let deep = [[0x65, 0x91], [0, 7], [0xFF, 0xFF], [0, 0]];
        // The same four ids, opaque or as grey colours.
        for (colour, repeat, has_alpha) in [
            (Grayscale, 1, false),
            (GrayscaleAlpha, 1, true),
            (Rgb, 3, false),
            (Rgba, 3, true),
        ] {
            let packed = |alpha: [u8; 2]| -> Vec<u8> {
                let pixels = deep.iter().flat_map(|&pair| {
                    let alpha = has_alpha.then_some(alpha);
                    [pair].repeat(repeat).into_iter().chain(alpha)
                });
                pixels.flatten().collect()
            };
            let opaque = read(colour, Sixteen, 2, &packed([0xFF; 2]));
            assert_eq!(opaque, Some((vec![26_001, 7, 65_535, 0], 16)), "{colour:?}");
            let visible = read(colour, Sixteen, 2, &packed([0xFF, 0xFE]));
            assert_eq!(visible.is_some(), !has_alpha, "{colour:?}");
        }
        let places = read(Indexed, Eight, 2, &[12, 1, 0, 5]);
        assert_eq!(places, Some((vec![12, 1, 0, 5], 8)));
        let packed = [0b0001_1011, 0b0100_0000, 0b1110_0100, 0b1000_0000];
        let places = read(Indexed, Two, 5, &packed);
        assert_eq!(places, Some((vec![0, 1, 2, 3, 1, 3, 2, 1, 0, 2], 2)));
    }
}
