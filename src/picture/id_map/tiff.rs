//! Ids in TIFF files: of the first page, in strips or tiles.

use std::io::Cursor;

use image::ImageFormat;
use tiff::decoder::{ChunkType, Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::map::MAX_ID;
use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::{DecodeError, check_size};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::exif::orientation;
use crate::picture::metadata::ifd::IfdReader;
use crate::picture::samples::unpack;

const PHOTOMETRIC: u16 = 262;
const COLOUR_MAP: u16 = 320;

/// What strips and tiles may take beyond the picture.
const MARGIN: usize = 1 << 26;

/// Values of the tag for how samples look.
mod photometric {
    pub(super) const WHITE_IS_ZERO: u32 = 0;
    pub(super) const BLACK_IS_ZERO: u8 = 1;
    pub(super) const RGB: u32 = 2;
    pub(super) const PALETTE: u32 = 3;
    pub(super) const MASK: u32 = 4;
}

impl From<TiffError> for DecodeError {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::UnsupportedError(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

pub(super) fn decode(
    mut bytes: Vec<u8>,
    limits: PictureLimits,
) -> Result<StoredSamples, SampleError> {
    let turn = orientation(&bytes[..]);
    let look = Look::of(&bytes);
    // The decoder inverts samples whose zero is white, and knows no palettes: it is told that zero is black.
    if let Some((place, is_big_endian)) = look.place
        && matches!(
            look.kind,
            photometric::WHITE_IS_ZERO | photometric::PALETTE | photometric::MASK
        )
    {
        let lower = place + usize::from(is_big_endian);
        bytes[place..place + 2].fill(0);
        bytes[lower] = photometric::BLACK_IS_ZERO;
    }
    let mut decoder = Decoder::new(Cursor::new(&bytes[..]))?;
    let size = decoder.dimensions()?;
    check_size(size, limits)?;
    check_compression(&mut decoder)?;
    let colour = decoder.colortype()?;
    let kind = PixelKind::of(colour, &mut decoder)?;
    let (width, height) = (size.0 as usize, size.1 as usize);
    let mut own = Limits::default();
    // No sample has more than 8 bytes; strips and tiles may reach beyond the picture.
    own.decoding_buffer_size = width * height * kind.channels * 8;
    own.intermediate_buffer_size = own.decoding_buffer_size + MARGIN;
    decoder = decoder.with_limits(own);
    let bits = usize::from(colour.bit_depth());
    let levels = samples(&mut decoder, (width, height), bits, kind.channels)?;
    Ok(StoredSamples {
        size: (width, height),
        bits,
        format: ImageFormat::Tiff,
        pixels: look.pixels(levels, kind, bits)?,
    }
    .upright(turn))
}

/// How samples look.
struct Look {
    /// Value of the tag.
    kind: u32,
    /// Where it stands, and whether its higher byte comes first.
    place: Option<(usize, bool)>,
    palette: Vec<[u8; 3]>,
}

impl Look {
    fn of(bytes: &[u8]) -> Self {
        let found = || {
            let tags = IfdReader::new(bytes)?;
            let first = tags.first()?;
            let entry = first.find(PHOTOMETRIC)?;
            let map = first.find(COLOUR_MAP);
            Some(Self {
                kind: first.number(PHOTOMETRIC, tags)? as u32,
                place: Some((entry.value.start, tags.is_big_endian())),
                palette: palette(&map.map(|map| tags.numbers(map)).unwrap_or_default()),
            })
        };
        found().unwrap_or(Self {
            kind: photometric::RGB,
            place: None,
            palette: Vec::new(),
        })
    }

    fn pixels(
        &self,
        levels: Vec<u32>,
        kind: PixelKind,
        bits: usize,
    ) -> Result<StoredPixels, SampleError> {
        if kind.channels == 1 {
            return Ok(if self.kind == photometric::PALETTE {
                StoredPixels::Indices {
                    places: levels,
                    palette: self.palette.clone(),
                }
            } else {
                StoredPixels::Grey {
                    levels,
                    brightest: u32::MAX >> (32 - bits.min(32)),
                    white_is_zero: self.kind == photometric::WHITE_IS_ZERO,
                }
            });
        }
        let brightest = if bits > 8 { u16::MAX } else { u8::MAX.into() };
        let levels: Result<Vec<u16>, _> = levels.into_iter().map(u16::try_from).collect();
        let levels = levels.map_err(|_| colours_of_many_bits())?;
        let channels = if kind.has_alpha || kind.channels == 3 {
            kind.channels
        } else {
            return Err(SampleError::Unfit(format!(
                "has {} bands, and a map of ids has one: save the band that holds them alone",
                kind.channels
            )));
        };
        StoredPixels::from_channels(&levels, channels, brightest)
    }
}

fn colours_of_many_bits() -> SampleError {
    SampleError::Unfit(
        "has colours of more than 16 bits, not ids: save it with one band of ids".to_owned(),
    )
}

/// Red, green and blue of each place; levels have 16 bits, and some programs write 8.
fn palette(map: &[u64]) -> Vec<[u8; 3]> {
    let count = map.len() / 3;
    let shift = if map.iter().any(|&level| level > 255) {
        8
    } else {
        0
    };
    let level = |place: usize| (map[place] >> shift) as u8;
    let colour = |place| [0, 1, 2].map(|channel| level(channel * count + place));
    (0..count).map(colour).collect()
}

/// The channels of a pixel.
#[derive(Clone, Copy)]
struct PixelKind {
    channels: usize,
    has_alpha: bool,
}

impl PixelKind {
    fn of<R: std::io::Read + std::io::Seek>(
        colour: ColorType,
        decoder: &mut Decoder<R>,
    ) -> Result<Self, SampleError> {
        let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?;
        let first = extra.and_then(|extra| extra.first().copied());
        let (channels, has_alpha) = match colour {
            ColorType::Gray(_) => (1, false),
            ColorType::RGB(_) => (3, false),
            // Without a word about it a fourth sample is alpha.
            ColorType::RGBA(_) => (4, first != Some(0)),
            ColorType::Multiband { num_samples, .. } => {
                let is_alpha = num_samples == 2 && matches!(first, Some(1 | 2));
                (usize::from(num_samples), is_alpha)
            }
            _ => {
                return Err(SampleError::Unfit(
                    "has colours that are converted before they are shown, not ids: save it with one band of ids"
                        .to_owned(),
                ));
            }
        };
        Ok(Self {
            channels,
            has_alpha,
        })
    }
}

/// Refuses what may have changed the samples.
fn check_compression<R: std::io::Read + std::io::Seek>(
    decoder: &mut Decoder<R>,
) -> Result<(), SampleError> {
    let name = match decoder.find_tag_unsigned::<u32>(Tag::Compression)? {
        Some(6 | 7) => "JPEG",
        Some(33_003 | 33_005 | 34_712) => "JPEG 2000",
        Some(34_887) => "LERC",
        Some(50_001) => "WebP",
        Some(50_002) => "JPEG XL",
        _ => return Ok(()),
    };
    Err(SampleError::Unfit(format!(
        "is a TIFF compressed with {name}, which can change ids: save maps of labels and instances with Deflate, LZW or as PNG"
    )))
}

/// The samples of all pixels, `[height, width, channels]`.
fn samples<R: std::io::Read + std::io::Seek>(
    decoder: &mut Decoder<R>,
    (width, height): (usize, usize),
    bits: usize,
    channels: usize,
) -> Result<Vec<u32>, SampleError> {
    let (chunk_width, chunk_height) = decoder.chunk_dimensions();
    let (chunk_width, chunk_height) = (chunk_width as usize, chunk_height as usize);
    if chunk_width == 0 || chunk_height == 0 {
        return Err(SampleError::damaged("its strips have no size"));
    }
    let (across, down) = (width.div_ceil(chunk_width), height.div_ceil(chunk_height));
    let planes = decoder.image_buffer_layout()?.planes;
    // Of planes of their own a chunk has one.
    let chunk_channels = if planes > 1 { 1 } else { channels };
    let written = written_bytes(decoder)?;
    let never_written = no_data(decoder);
    let mut levels = vec![0; width * height * channels];
    for chunk in 0..across * down * if planes > 1 { channels } else { 1 } {
        let (plane, place) = (chunk / (across * down), chunk % (across * down));
        let (left, top) = (place % across * chunk_width, place / across * chunk_height);
        let columns = chunk_width.min(width - left);
        let rows = chunk_height.min(height - top);
        let count = columns * chunk_channels;
        let own = if written.get(chunk).is_none_or(|&bytes| bytes > 0) {
            let packed = decoder.read_chunk(chunk as u32)?;
            unpacked(packed, bits, count, rows)?
        } else {
            vec![never_written; count * rows]
        };
        if own.len() < count * rows {
            return Err(SampleError::damaged("a strip or tile is too short"));
        }
        for (row, samples) in own.chunks_exact(count).take(rows).enumerate() {
            let start = ((top + row) * width + left) * channels + plane;
            let pixels = levels[start..].chunks_mut(channels);
            for (pixel, samples) in pixels.zip(samples.chunks_exact(chunk_channels)) {
                pixel[..chunk_channels].copy_from_slice(samples);
            }
        }
    }
    Ok(levels)
}

/// The bytes of each strip or tile in the file; none for those that were never written, as in sparse files.
fn written_bytes<R: std::io::Read + std::io::Seek>(
    decoder: &mut Decoder<R>,
) -> Result<Vec<u64>, SampleError> {
    let tag = match decoder.get_chunk_type() {
        ChunkType::Strip => Tag::StripByteCounts,
        ChunkType::Tile => Tag::TileByteCounts,
    };
    Ok(decoder
        .find_tag_unsigned_vec::<u64>(tag)?
        .unwrap_or_default())
}

/// The number that stands where a file says nothing: GDAL's value for it, else 0.
fn no_data<R: std::io::Read + std::io::Seek>(decoder: &mut Decoder<R>) -> u32 {
    let text = decoder.get_tag_ascii_string(Tag::GdalNodata);
    let number = text.ok().and_then(|text| text.trim().parse::<f64>().ok());
    let is_id = |number: &f64| *number >= 0.0 && *number <= f64::from(MAX_ID);
    number.filter(is_id).map_or(0, |number| number as u32)
}

/// The samples of a strip or tile, `count` in each row.
fn unpacked(
    packed: DecodingResult,
    bits: usize,
    count: usize,
    rows: usize,
) -> Result<Vec<u32>, SampleError> {
    let levels: Option<Vec<u32>> = match packed {
        DecodingResult::U8(bytes) if bits < 8 => {
            let row = (count * bits).div_ceil(8);
            let rows = bytes.chunks_exact(row).take(rows);
            let levels = rows.flat_map(|row| unpack(row, bits, count));
            Some(levels.map(u32::from).collect())
        }
        DecodingResult::U8(levels) => Some(levels.into_iter().map(u32::from).collect()),
        DecodingResult::U16(levels) => Some(levels.into_iter().map(u32::from).collect()),
        DecodingResult::U32(levels) => Some(levels),
        DecodingResult::U64(levels) => whole(levels)?,
        DecodingResult::I8(levels) => whole(levels)?,
        DecodingResult::I16(levels) => whole(levels)?,
        DecodingResult::I32(levels) => whole(levels)?,
        DecodingResult::I64(levels) => whole(levels)?,
        DecodingResult::F16(_) | DecodingResult::F32(_) | DecodingResult::F64(_) => None,
    };
    levels.ok_or_else(|| {
        SampleError::Unfit(
            "holds floating-point numbers, not ids: save it as PNG with 16 bits".to_owned(),
        )
    })
}

/// Numbers that may be too small or too large for ids.
fn whole<T: Copy + TryInto<u32> + std::fmt::Display>(
    levels: Vec<T>,
) -> Result<Option<Vec<u32>>, SampleError> {
    let mut whole = Vec::with_capacity(levels.len());
    for level in levels {
        whole.push(level.try_into().map_err(|_| {
            SampleError::Unfit(format!(
                "holds the number {level}, and ids are from 0 to {MAX_ID}: give such pixels an id of their own, such as 255, and save it with unsigned numbers"
            ))
        })?);
    }
    Ok(Some(whole))
}
