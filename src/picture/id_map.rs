//! Reading maps of ids: which class, or which instance, each pixel belongs to.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, ImageReader};
use png::{BitDepth, ColorType, Transformations};

use super::byte_source::read_bytes;
use super::decode::check_size;
use super::error::PictureError;
use super::limits::PictureLimits;
use super::raster::Raster;
use super::samples::unpack;
use crate::panics;

/// A map of ids, as it is in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdMap {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `[height, width]`, flattened.
    pub ids: Vec<u16>,
    /// Bits of an id in the file.
    pub bits: usize,
    /// Whether the file has a palette; the ids are then the places in it.
    pub has_palette: bool,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
}

impl IdMap {
    /// Reads the map at `path`: grey or with a palette, of up to 16 bits; also a colour picture all of whose pixels are
    /// grey.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or holds colours instead of ids.
    pub fn read(path: &Path) -> Result<Self, PictureError> {
        Self::read_within(path, PictureLimits::default())
    }

    /// As [`Self::read`], with other limits than the usual ones.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_within(path: &Path, limits: PictureLimits) -> Result<Self, PictureError> {
        let bytes = read_bytes(path, limits.bytes)?;
        let damaged = |message: String| PictureError::Damaged {
            path: path.to_owned(),
            message,
        };
        panics::catch(|| decode(&bytes, path, limits))
            .unwrap_or_else(|message| Err(damaged(format!("the decoder failed: {message}"))))
    }

    /// Pixels for the networks.
    pub fn raster(&self) -> Raster {
        Raster::from_ids(&self.ids, (self.width, self.height))
    }

    /// The highest id.
    pub fn highest(&self) -> u16 {
        self.ids.iter().copied().max().unwrap_or(0)
    }
}

fn decode(bytes: &[u8], path: &Path, limits: PictureLimits) -> Result<IdMap, PictureError> {
    let unfit = |message: &str| PictureError::NotAnIdMap {
        path: path.to_owned(),
        message: message.to_owned(),
    };
    match image::guess_format(bytes) {
        Ok(ImageFormat::Png) => {
            // Palettes and few bits are only kept by the PNG decoder itself.
            if let Some(map) = decode_png(bytes, path, limits)? {
                return Ok(map);
            }
        }
        Ok(ImageFormat::Jpeg) => {
            return Err(unfit(
                "is a JPEG, whose compression changes ids: save maps of labels and instances as PNG",
            ));
        }
        Ok(_) => {}
        Err(_) => return Err(PictureError::NotAPicture(path.to_owned())),
    }
    let damaged = |error: image::ImageError| -> PictureError {
        if matches!(error, image::ImageError::Unsupported(_)) {
            return unfit(
                "has pixels of a kind that is not supported: save it as PNG with 16 bits",
            );
        }
        PictureError::Damaged {
            path: path.to_owned(),
            message: error.to_string(),
        }
    };
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| damaged(error.into()))?;
    let format = reader.format().unwrap_or(ImageFormat::Png);
    let (width, height) = reader.into_dimensions().map_err(damaged)?;
    check_size((width, height), limits).map_err(|error| error.into_picture_error(path, limits))?;
    let picture = image::load_from_memory(bytes).map_err(damaged)?;
    let (ids, bits) = match picture {
        DynamicImage::ImageLuma8(grey) => (grey.into_raw().into_iter().map(u16::from).collect(), 8),
        DynamicImage::ImageLuma16(grey) => (grey.into_raw(), 16),
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
            return Err(unfit(
                "holds floating-point numbers, not ids: save it as PNG with 16 bits",
            ));
        }
        other => {
            let color = other.color();
            let bits = usize::from(color.bits_per_pixel()) / usize::from(color.channel_count());
            // Eight bits become sixteen by repeating them.
            let shift = if bits == 8 { 8 } else { 0 };
            let colours = other.into_rgb16();
            let grey =
                |pixel: &image::Rgb<u16>| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2];
            if !colours.pixels().all(grey) {
                return Err(unfit(
                    "is a colour picture, not a map of ids: save it as grey PNG, or as PNG with a palette, whose values are the ids",
                ));
            }
            let ids = colours.pixels().map(|pixel| pixel.0[0] >> shift).collect();
            (ids, bits)
        }
    };
    Ok(IdMap {
        width: width as usize,
        height: height as usize,
        ids,
        bits,
        has_palette: false,
        format,
    })
}

/// A PNG that is grey or has a palette; `None` for one with colours or transparency.
fn decode_png(
    bytes: &[u8],
    path: &Path,
    limits: PictureLimits,
) -> Result<Option<IdMap>, PictureError> {
    let damaged = |error: png::DecodingError| PictureError::Damaged {
        path: path.to_owned(),
        message: error.to_string(),
    };
    // That of the decoder is for what it holds besides the pixels, of which it holds a row.
    let own = png::Limits { bytes: 1 << 28 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), own);
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let info = reader.info();
    let (width, height) = (info.width, info.height);
    let has_palette = info.color_type == ColorType::Indexed;
    if !has_palette && info.color_type != ColorType::Grayscale {
        return Ok(None);
    }
    check_size((width, height), limits).map_err(|error| error.into_picture_error(path, limits))?;
    let bits = match info.bit_depth {
        BitDepth::One => 1,
        BitDepth::Two => 2,
        BitDepth::Four => 4,
        BitDepth::Eight => 8,
        BitDepth::Sixteen => 16,
    };
    let row = reader
        .output_line_size(width)
        .ok_or_else(|| PictureError::NotAPicture(path.to_owned()))?;
    let mut packed = vec![0; row * height as usize];
    reader.next_frame(&mut packed).map_err(damaged)?;
    let ids = packed
        .chunks_exact(row.max(1))
        .flat_map(|row| unpack(row, bits, width as usize))
        .collect();
    Ok(Some(IdMap {
        width: width as usize,
        height: height as usize,
        ids,
        bits,
        has_palette,
        format: ImageFormat::Png,
    }))
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
            encoder.set_palette(
                (0..=255)
                    .flat_map(|level| [255 - level; 3])
                    .collect::<Vec<u8>>(),
            );
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(packed).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<IdMap, String> {
        decode(bytes, Path::new("m.png"), PictureLimits::default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn ids_are_what_the_file_holds_whatever_its_depth() {
        let map = read(&png(
            ColorType::Grayscale,
            BitDepth::Eight,
            2,
            &[0, 33, 34, 255],
        ))
        .unwrap();
        assert_eq!((map.ids.as_slice(), map.bits), (&[0, 33, 34, 255][..], 8));
        let sixteen = [0x65, 0x91, 0, 7, 0xFF, 0xFF, 0, 0];
        let map = read(&png(ColorType::Grayscale, BitDepth::Sixteen, 2, &sixteen)).unwrap();
        assert_eq!(
            (map.ids.as_slice(), map.bits),
            (&[26_001, 7, 65_535, 0][..], 16)
        );
        // The same four ids, opaque or as grey colours.
        let deep = sixteen.as_chunks::<2>().0;
        for (colour, repeat, is_opaque) in [
            (ColorType::GrayscaleAlpha, 1, true),
            (ColorType::Rgb, 3, false),
            (ColorType::Rgba, 3, true),
        ] {
            let packed = deep.iter().flat_map(|&pair| {
                let alpha = is_opaque.then_some([0xFF; 2]);
                [pair].repeat(repeat).into_iter().chain(alpha)
            });
            let packed: Vec<u8> = packed.flatten().collect();
            let map = read(&png(colour, BitDepth::Sixteen, 2, &packed)).unwrap();
            assert_eq!(
                (map.ids.as_slice(), map.bits),
                (&[26_001, 7, 65_535, 0][..], 16),
                "{colour:?}"
            );
        }
        let map = read(&png(ColorType::Indexed, BitDepth::Eight, 2, &[12, 1, 0, 5])).unwrap();
        assert!(map.has_palette);
        assert_eq!(
            map.ids,
            [12, 1, 0, 5],
            "places in the palette, not its colours"
        );
        let packed = [0b0001_1011, 0b0100_0000, 0b1110_0100, 0b1000_0000];
        let map = read(&png(ColorType::Indexed, BitDepth::Two, 5, &packed)).unwrap();
        assert_eq!(map.ids, [0, 1, 2, 3, 1, 3, 2, 1, 0, 2]);
        assert_eq!(map.highest(), 3);
    }

    #[test]
    fn colours_are_no_ids() {
        let grey = [7, 7, 7, 9, 9, 9, 0, 0, 0, 1, 1, 1];
        assert_eq!(
            read(&png(ColorType::Rgb, BitDepth::Eight, 2, &grey))
                .unwrap()
                .ids,
            [7, 9, 0, 1]
        );
        let colours = [7, 7, 8, 9, 9, 9, 0, 0, 0, 1, 1, 1];
        let message = read(&png(ColorType::Rgb, BitDepth::Eight, 2, &colours)).unwrap_err();
        assert!(
            message.starts_with("`m.png` is a colour picture, not a map of ids"),
            "{message}"
        );
        let mut cut = png(ColorType::Grayscale, BitDepth::Eight, 2, &[0, 33, 34, 255]);
        cut.truncate(cut.len() - 30);
        assert!(read(&cut).unwrap_err().starts_with("`m.png` is damaged"));
        let mut floats = Vec::new();
        image::Rgb32FImage::new(2, 2)
            .write_to(&mut Cursor::new(&mut floats), ImageFormat::Tiff)
            .unwrap();
        assert!(
            read(&floats)
                .unwrap_err()
                .ends_with("save it as PNG with 16 bits")
        );
        let mut jpeg = Vec::new();
        let picture = DynamicImage::new_luma8(8, 8);
        picture
            .write_to(&mut Cursor::new(&mut jpeg), ImageFormat::Jpeg)
            .unwrap();
        assert!(
            read(&jpeg)
                .unwrap_err()
                .contains("is a JPEG, whose compression changes ids")
        );
    }
}
