//! TIFF files: the first page, decoded by strips or rows of tiles.

use std::io::{Read, Seek, SeekFrom};

use image::{DynamicImage, ImageError};
use tiff::decoder::{ChunkType, Decoder, DecodingResult, Limits};
use tiff::tags::{ByteOrder, Tag};
use tiff::{ColorType, TiffError};

use crate::picture::byte_source::{ByteSource, ReadSeek};
use crate::picture::decode::{DecodeError, RowDecoder, block_rows};
use crate::picture::formats::tiff::layout::{Alpha, Palette, PixelLayout, interleaved};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::exif::{ExifFields, orientation};
use crate::picture::metadata::ifd::IfdReader;

const SUBFILE_TYPE: u16 = 254;
const XMP: u16 = 700;
const COLOUR_PROFILE: u16 = 34_675;

/// What strips and tiles may take beyond the picture.
const MARGIN: usize = 1 << 26;

impl From<TiffError> for DecodeError {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::UnsupportedError(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

/// Reads the header of a file, whose first page will be decoded.
pub(crate) fn decode(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
) -> Result<RowDecoder<'_>, DecodeError> {
    // All that is read by its place comes before the decoder, which has the file for itself.
    let palette = Palette::of(bytes);
    let pages = pages(bytes);
    let orientation = orientation(bytes);
    let profile = value(bytes, COLOUR_PROFILE);
    let xmp = value(bytes, XMP);
    let exif = ExifFields::read_from(bytes).map(ExifFields::block);

    let source = Patched {
        source: bytes.source().map_err(ImageError::IoError)?,
        position: 0,
        patch: palette.as_ref().map(|palette| palette.photometric),
    };
    let mut decoder = Decoder::new(source)?;
    let (width, height) = decoder.dimensions()?;
    if !limits.allow(width, height) {
        return Err(DecodeError::TooLarge { width, height });
    }
    let colour = decoder.colortype()?;
    let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?;
    let alpha = extra.and_then(|extra| Alpha::of(*extra.first()?));
    let kind = PixelLayout::of(colour, alpha, palette).ok_or_else(|| {
        DecodeError::Unsupported(format!("a TIFF file of {colour:?}: convert it to PNG"))
    })?;
    let mut own = Limits::default();
    // No kind has more than 16 bytes for each pixel; strips and tiles may reach beyond the picture.
    own.decoding_buffer_size = width as usize * height as usize * 16;
    own.intermediate_buffer_size = own.decoding_buffer_size + MARGIN;
    decoder = decoder.with_limits(own);
    let planes = decoder.image_buffer_layout()?.planes;

    let plain = PlainStrips::of(&mut decoder, colour, &kind);

    let mut notes = Vec::new();
    if matches!(kind, PixelLayout::Cmyk { .. }) {
        notes.push("converted from CMYK to RGB".to_owned());
    }
    if pages > 1 {
        notes.push(format!("the first of its {pages} pages"));
    }
    Ok(RowDecoder {
        size: (width, height),
        orientation,
        profile,
        exif,
        xmp,
        notes,
        blocks: Box::new(Rows {
            decoder,
            colour,
            kind,
            planes,
            size: (width, height),
            plain,
            next: 0,
        }),
    })
}

/// Strips that are nothing but the numbers of a pixel, 8 or 16 bits each, after those of another. Such a strip is often the whole
/// picture: its rows are read by themselves.
struct PlainStrips {
    /// Where they begin.
    places: Vec<u64>,
    is_16_bit: bool,
}

impl PlainStrips {
    fn of<R: Read + Seek>(
        decoder: &mut Decoder<R>,
        colour: ColorType,
        kind: &PixelLayout,
    ) -> Option<Self> {
        let PixelLayout::Direct { channels, .. } = kind else {
            return None;
        };
        let bits = match colour {
            ColorType::Gray(bits) | ColorType::RGB(bits) | ColorType::RGBA(bits) => bits,
            ColorType::Multiband { bit_depth, .. } => bit_depth,
            _ => return None,
        };
        if decoder.get_chunk_type() != ChunkType::Strip || !matches!(bits, 8 | 16) {
            return None;
        }
        let channels = *channels as u16;
        // Not compressed, no differences, channels together, numbers without sign; zero is black.
        for (tag, usual, wanted) in [
            (Tag::Compression, 1, 1..=1),
            (Tag::Predictor, 1, 1..=1),
            (Tag::PlanarConfiguration, 1, 1..=1),
            (Tag::SampleFormat, 1, 1..=1),
            (Tag::PhotometricInterpretation, 0, 1..=2),
            (Tag::SamplesPerPixel, 1, channels..=channels),
        ] {
            let numbers = decoder.find_tag_unsigned_vec::<u16>(tag).ok()?;
            let numbers = numbers.unwrap_or_else(|| vec![usual]);
            if !numbers.iter().all(|number| wanted.contains(number)) {
                return None;
            }
        }
        Some(Self {
            places: decoder.get_tag_u64_vec(Tag::StripOffsets).ok()?,
            is_16_bit: bits == 16,
        })
    }
}

/// The rows of strips or tiles that have not been decoded.
struct Rows<'a> {
    decoder: Decoder<Patched<Box<dyn ReadSeek + 'a>>>,
    colour: ColorType,
    kind: PixelLayout,
    planes: usize,
    /// Width and height of the picture.
    size: (u32, u32),
    plain: Option<PlainStrips>,
    /// Counts strips, or rows of tiles; of plain strips rows.
    next: u32,
}

impl Rows<'_> {
    /// Rows of a plain strip.
    fn rows(&mut self, strips: &PlainStrips) -> Result<Option<DynamicImage>, DecodeError> {
        let (width, height) = self.size;
        if self.next >= height {
            return Ok(None);
        }
        let (_, strip_height) = self.decoder.chunk_dimensions();
        let (strip, row) = (self.next / strip_height, self.next % strip_height);
        let bytes_of_level = if strips.is_16_bit { 2 } else { 1 };
        let row_bytes = width as usize * self.kind.channels() * bytes_of_level;
        let left = (strip_height - row).min(height - self.next);
        let rows = (block_rows(row_bytes) as u32).min(left);
        let start = strips.places.get(strip as usize).copied();
        let start = start
            .unwrap_or(u64::MAX)
            .saturating_add(row_bytes as u64 * u64::from(row));
        let mut bytes = vec![0; row_bytes * rows as usize];
        let is_big_endian = self.decoder.byte_order() == ByteOrder::BigEndian;
        let source = self.decoder.inner();
        let read = source
            .seek(SeekFrom::Start(start))
            .and_then(|_| source.read_exact(&mut bytes));
        read.map_err(TiffError::from)?;
        self.next += rows;
        Ok(if strips.is_16_bit {
            let level = if is_big_endian {
                u16::from_be_bytes
            } else {
                u16::from_le_bytes
            };
            let levels = bytes.as_chunks().0.iter().map(|&bytes| level(bytes));
            self.kind.sixteen_bits(levels.collect(), (width, rows))
        } else {
            self.kind.to_8_bit(bytes, (width, rows))
        })
    }

    /// A strip, or a row of tiles.
    fn chunks(&mut self) -> Result<Option<DynamicImage>, DecodeError> {
        let (width, height) = self.size;
        let (chunk_width, chunk_height) = self.decoder.chunk_dimensions();
        let (across, down) = (width.div_ceil(chunk_width), height.div_ceil(chunk_height));
        if self.next >= down {
            return Ok(None);
        }
        let rows = chunk_height.min(height - self.next * chunk_height);
        let mut chunks = Vec::new();
        for plane in 0..self.planes as u32 {
            let first = (plane * down + self.next) * across;
            for chunk in first..first + across {
                chunks.push(self.decoder.read_chunk(chunk)?);
            }
        }
        self.next += 1;
        let size = (width, rows);
        let (kind, planes, across) = (&self.kind, self.planes, across as usize);
        macro_rules! levels {
            ($variant:ident) => {{
                let chunks = chunks.into_iter().map_while(|chunk| match chunk {
                    DecodingResult::$variant(levels) => Some(levels),
                    _ => None,
                });
                let levels = joined(chunks.collect(), across, rows as usize);
                interleaved(levels, planes, kind)
            }};
        }
        let pixels = match &chunks[0] {
            DecodingResult::U8(_) => kind.to_8_bit(levels!(U8), size),
            DecodingResult::U16(_) => kind.sixteen_bits(levels!(U16), size),
            DecodingResult::F32(_) => kind.floats(levels!(F32), size),
            _ => None,
        };
        let colour = self.colour;
        let unsupported = || {
            DecodeError::Unsupported(format!(
                "a TIFF file of {colour:?} whose numbers are neither 8 nor 16 bits: convert it to 16 bits"
            ))
        };
        pixels.ok_or_else(unsupported).map(Some)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<DynamicImage, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = if let Some(strips) = self.plain.take() {
            let block = self.rows(&strips);
            self.plain = Some(strips);
            block
        } else {
            self.chunks()
        };
        block.transpose()
    }
}

/// Tiles beside each other, `across` in each plane, as rows; of one strip itself.
fn joined<T: Copy>(mut chunks: Vec<Vec<T>>, across: usize, rows: usize) -> Vec<T> {
    if chunks.len() == 1 {
        return chunks.remove(0);
    }
    let mut levels = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
    for plane in chunks.chunks(across) {
        for row in 0..rows {
            for chunk in plane {
                let length = chunk.len() / rows;
                levels.extend_from_slice(&chunk[row * length..][..length]);
            }
        }
    }
    levels
}

/// The bytes of a value of the first page, whatever their type is called.
fn value(bytes: ByteSource<'_>, tag: u16) -> Option<Vec<u8>> {
    let tags = IfdReader::new(bytes)?;
    let first = tags.first()?;
    let entry = first.find(tag)?;
    Some(tags.bytes(entry).into_owned())
}

/// Pages; smaller versions of a page and masks do not count.
fn pages(bytes: ByteSource<'_>) -> usize {
    /// A file can go round in circles.
    const MAX: usize = 10_000;
    const SMALLER_OR_MASK: u32 = 0b101;
    let Some(tags) = IfdReader::new(bytes) else {
        return 1;
    };
    let directories = std::iter::successors(tags.first(), |directory| {
        (directory.next > 0).then(|| tags.directory(directory.next))?
    });
    let later = directories.take(MAX).skip(1);
    let is_page = |kind: Option<u32>| kind.unwrap_or(0) & SMALLER_OR_MASK == 0;
    1 + later
        .filter(|directory| is_page(directory.number(SUBFILE_TYPE, tags)))
        .count()
}

/// A file in which two bytes are others.
struct Patched<S> {
    source: S,
    position: u64,
    /// Their place, and what they are.
    patch: Option<(u64, [u8; 2])>,
}

impl<S: Read> Read for Patched<S> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(bytes)?;
        if let Some((start, patch)) = self.patch {
            for (place, byte) in (start..).zip(patch) {
                let place = place.checked_sub(self.position).map(|place| place as usize);
                if let Some(old) = place.and_then(|place| bytes[..count].get_mut(place)) {
                    *old = byte;
                }
            }
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl<S: Seek> Seek for Patched<S> {
    fn seek(&mut self, position: SeekFrom) -> std::io::Result<u64> {
        self.position = self.source.seek(position)?;
        Ok(self.position)
    }
}
