//! Ids in BMP files.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::{DynamicImage, ImageDecoder, ImageFormat};

use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::{DecodeError, check_size};
use crate::picture::limits::PictureLimits;

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    let decoder = BmpDecoder::new(Cursor::new(bytes)).map_err(DecodeError::from)?;
    let size = decoder.dimensions();
    check_size(size, limits)?;
    let pixels = if let Some(palette) = decoder.get_palette() {
        let header = PaletteHeader::of(bytes)
            .ok_or_else(|| SampleError::damaged("its header does not tell where its palette is"))?;
        let palette = palette[..header.colours.min(palette.len())].to_vec();
        let numbered = header.numbered(bytes);
        let decoder = BmpDecoder::new(Cursor::new(&numbered)).map_err(DecodeError::from)?;
        let picture = DynamicImage::from_decoder(decoder).map_err(DecodeError::from)?;
        let places = picture.to_rgb8();
        StoredPixels::Indices {
            places: places.pixels().map(|pixel| pixel.0[0].into()).collect(),
            palette,
        }
    } else {
        let picture = DynamicImage::from_decoder(decoder).map_err(DecodeError::from)?;
        let channels = usize::from(picture.color().channel_count());
        let samples = picture.as_bytes().iter().map(|&level| level.into());
        StoredPixels::from_channels(&samples.collect::<Vec<u16>>(), channels, 255)?
    };
    Ok(StoredSamples {
        size: (size.0 as usize, size.1 as usize),
        bits: 8,
        format: ImageFormat::Bmp,
        pixels,
    })
}

/// Where the palette is.
struct PaletteHeader {
    /// Its first byte.
    start: usize,
    /// Bytes of a colour: three in the oldest files.
    bytes: usize,
    /// Colours in the file.
    colours: usize,
    /// Colours that pixels can name.
    places: usize,
    /// Where the pixels are.
    pixels: usize,
}

impl PaletteHeader {
    const FILE_HEADER: usize = 14;
    const OLDEST: usize = 12;
    const PIXELS: usize = 10;
    const COLOURS: usize = 46;

    fn of(bytes: &[u8]) -> Option<Self> {
        let number = |place: usize| {
            let bytes = bytes.get(place..)?.first_chunk().copied()?;
            Some(u32::from_le_bytes(bytes) as usize)
        };
        let length = number(Self::FILE_HEADER)?;
        let is_oldest = length == Self::OLDEST;
        let bits = *bytes.get(if is_oldest { 24 } else { 28 })?;
        let places = 1 << bits.min(8);
        let colours = if is_oldest { 0 } else { number(Self::COLOURS)? };
        Some(Self {
            start: Self::FILE_HEADER.checked_add(length)?,
            bytes: if is_oldest { 3 } else { 4 },
            colours: if colours == 0 { places } else { colours },
            places,
            pixels: number(Self::PIXELS)?,
        })
    }

    /// The file with another palette, in which each colour is a grey of the level of its place: the decoder looks colours up, and
    /// gives the places of compressed pixels in no other way.
    fn numbered(&self, bytes: &[u8]) -> Vec<u8> {
        let mut file = bytes[..self.start.min(bytes.len())].to_vec();
        for place in 0..self.places {
            file.extend(std::iter::repeat_n(place as u8, self.bytes));
        }
        let mut put = |place: usize, number: usize| {
            if let Some(bytes) = file.get_mut(place..place + 4) {
                bytes.copy_from_slice(&(number as u32).to_le_bytes());
            }
        };
        put(Self::PIXELS, self.start + self.places * self.bytes);
        if self.bytes == 4 {
            put(Self::COLOURS, self.places);
        }
        file.extend_from_slice(bytes.get(self.pixels..).unwrap_or_default());
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of 4 x 2 pixels with a palette of so many colours, two of which are equal.
    fn file(bits: u16, compression: u32, colours: u32, pixels: &[u8]) -> Vec<u8> {
        let start = 54 + 4 * colours;
        let mut file = b"BM".to_vec();
        for number in [0, 0, start, 40, 4, 2] {
            file.extend(u32::to_le_bytes(number));
        }
        file.extend([1, 0]);
        file.extend(bits.to_le_bytes());
        for number in [compression, 0, 0, 0, colours, 0] {
            file.extend(number.to_le_bytes());
        }
        for colour in 0..colours as u8 {
            file.extend([9, colour / 2, 7, 0]);
        }
        file.extend(pixels);
        file
    }

    #[test]
    fn places_are_exact_however_they_are_packed() {
        // The lower row comes first.
        let wanted = [5, 5, 5, 1, 3, 2, 1, 0];
        let runs = [
            0, 4, 3, 2, 1, 0, 0, 0, // four pixels as they are
            3, 5, 1, 1, 0, 1, // three of one kind, one of another, the end
        ];
        let short_runs = [
            0, 4, 0x32, 0x10, 0, 0, //
            3, 0x55, 1, 0x11, 0, 1,
        ];
        for (bits, compression, pixels) in [
            (8, 0, &[3, 2, 1, 0, 5, 5, 5, 1][..]),
            (8, 1, &runs),
            (4, 0, &[0x32, 0x10, 0, 0, 0x55, 0x51, 0, 0]),
            (4, 2, &short_runs),
        ] {
            // A place may lie beyond the palette.
            for colours in [4, 6] {
                let file = file(bits, compression, colours, pixels);
                let stored = decode(&file, PictureLimits::default());
                let stored = stored.unwrap_or_else(|_| panic!("{bits} bits, {compression}"));
                let StoredPixels::Indices { places, palette } = stored.pixels else {
                    panic!("it has a palette");
                };
                assert_eq!(places, wanted, "{bits} bits, {compression}");
                assert_eq!(palette.len(), colours as usize);
            }
        }
    }
}
