//! TIFF files: the first page, with palettes, grey with alpha, inks and planes of their own; `image` reads only some of these.

use std::io::{Read, Seek, SeekFrom};

use image::{DynamicImage, ImageBuffer, ImageError};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::bytes::{Bytes, Source};
use super::decoded::{Decoded, Failure};
use super::exif::{Fields, orientation};
use super::ids::unpack;
use super::inks::{rgb_of_deep_inks, rgb_of_inks};
use super::level::Level;
use super::limits::PictureLimits;
use super::tags::Tags;

const PHOTOMETRIC: u16 = 262;
const COLOUR_MAP: u16 = 320;
const SUBFILE_TYPE: u16 = 254;
const COLOUR_PROFILE: u16 = 34_675;

/// What strips and tiles may take beyond the picture.
const MARGIN: usize = 1 << 26;

impl From<TiffError> for Failure {
    fn from(error: TiffError) -> Self {
        match error {
            TiffError::UnsupportedError(error) => Self::Unsupported(error.to_string()),
            error => Self::Damaged(error.to_string()),
        }
    }
}

/// Reads the header of a file, whose first page will be decoded.
pub(super) fn decode(bytes: Bytes<'_>, limits: PictureLimits) -> Result<Decoded<'_>, Failure> {
    // All that is read by its place comes before the decoder, which has the file for itself.
    let palette = Palette::of(bytes);
    let pages = pages(bytes);
    let orientation = orientation(bytes);
    let profile = profile(bytes);
    let exif = Fields::read_from(bytes).map(Fields::block);

    let source = Patched {
        source: bytes.source().map_err(ImageError::IoError)?,
        position: 0,
        patch: palette.as_ref().map(|palette| palette.photometric),
    };
    let mut decoder = Decoder::new(source)?;
    let (width, height) = decoder.dimensions()?;
    if !limits.allow(width, height) {
        return Err(Failure::TooLarge { width, height });
    }
    let colour = decoder.colortype()?;
    let extra = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)?;
    let alpha = extra.and_then(|extra| Alpha::of(*extra.first()?));
    let kind = Kind::of(colour, alpha, palette).ok_or_else(|| {
        Failure::Unsupported(format!("a TIFF file of {colour:?}: convert it to PNG"))
    })?;
    let mut own = Limits::default();
    // No kind has more than 16 bytes for each pixel; strips and tiles may reach beyond the picture.
    own.decoding_buffer_size = width as usize * height as usize * 16;
    own.intermediate_buffer_size = own.decoding_buffer_size + MARGIN;
    decoder = decoder.with_limits(own);
    let planes = decoder.image_buffer_layout()?.planes;

    let mut notes = Vec::new();
    if matches!(kind, Kind::Inks { .. }) {
        notes.push("converted from CMYK to RGB".to_owned());
    }
    if pages > 1 {
        notes.push(format!("the first of its {pages} pages"));
    }
    Ok(Decoded {
        size: (width, height),
        orientation,
        profile,
        exif,
        notes,
        blocks: Box::new(Rows {
            decoder,
            colour,
            kind,
            planes,
            size: (width, height),
            next: 0,
        }),
    })
}

/// The rows of strips or tiles that have not been decoded.
struct Rows<'a> {
    decoder: Decoder<Patched<Box<dyn Source + 'a>>>,
    colour: ColorType,
    kind: Kind,
    planes: usize,
    /// Width and height of the picture.
    size: (u32, u32),
    /// Counts strips, or rows of tiles.
    next: u32,
}

impl Rows<'_> {
    fn block(&mut self) -> Result<Option<DynamicImage>, Failure> {
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
        let pixels = match &chunks[0] {
            DecodingResult::U8(_) => {
                let chunks = chunks.into_iter().map_while(|chunk| match chunk {
                    DecodingResult::U8(levels) => Some(levels),
                    _ => None,
                });
                let levels = joined(chunks.collect(), across, rows as usize);
                kind.eight_bits(interleaved(levels, planes, kind), size)
            }
            DecodingResult::U16(_) => {
                let chunks = chunks.into_iter().map_while(|chunk| match chunk {
                    DecodingResult::U16(levels) => Some(levels),
                    _ => None,
                });
                let levels = joined(chunks.collect(), across, rows as usize);
                kind.sixteen_bits(interleaved(levels, planes, kind), size)
            }
            DecodingResult::F32(_) => {
                let chunks = chunks.into_iter().map_while(|chunk| match chunk {
                    DecodingResult::F32(levels) => Some(levels),
                    _ => None,
                });
                let levels = joined(chunks.collect(), across, rows as usize);
                kind.floats(interleaved(levels, planes, kind), size)
            }
            _ => None,
        };
        let colour = self.colour;
        let unsupported = || {
            Failure::Unsupported(format!(
                "a TIFF file of {colour:?} whose numbers are neither 8 nor 16 bits: convert it to 16 bits"
            ))
        };
        pixels.ok_or_else(unsupported).map(Some)
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<DynamicImage, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.block().transpose()
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

/// The colour profile, whatever its type is called.
fn profile(bytes: Bytes<'_>) -> Option<Vec<u8>> {
    let tags = Tags::new(bytes)?;
    let first = tags.first()?;
    first
        .find(COLOUR_PROFILE)
        .map(|entry| tags.bytes(entry).into_owned())
}

/// Pages; smaller versions of a page and masks do not count.
fn pages(bytes: Bytes<'_>) -> usize {
    /// A file can go round in circles.
    const MOST: usize = 10_000;
    const SMALLER_OR_MASK: u32 = 0b101;
    let Some(tags) = Tags::new(bytes) else {
        return 1;
    };
    let directories = std::iter::successors(tags.first(), |directory| {
        (directory.next > 0).then(|| tags.directory(directory.next))?
    });
    let later = directories.take(MOST).skip(1);
    let is_page = |kind: Option<u32>| kind.unwrap_or(0) & SMALLER_OR_MASK == 0;
    1 + later
        .filter(|directory| is_page(directory.number(SUBFILE_TYPE, tags)))
        .count()
}

/// How transparency is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alpha {
    /// Colours have been multiplied by it.
    Multiplied,
    /// Colours are as they are.
    Apart,
}

impl Alpha {
    fn of(extra_sample: u16) -> Option<Self> {
        match extra_sample {
            1 => Some(Self::Multiplied),
            2 => Some(Self::Apart),
            _ => None,
        }
    }
}

/// Kinds of pixels.
#[derive(Debug)]
enum Kind {
    /// Grey of fewer than 8 bits.
    Packed(usize),
    /// Places in a palette.
    Palette(usize, Palette),
    /// Grey or RGB, perhaps with alpha.
    Plain {
        channels: usize,
        alpha: Option<Alpha>,
    },
    /// CMYK.
    Inks { channels: usize },
    /// Luma and two differences of colour, as in JPEG.
    Luma,
}

impl Kind {
    fn of(colour: ColorType, alpha: Option<Alpha>, palette: Option<Palette>) -> Option<Self> {
        Some(match (colour, palette) {
            (ColorType::Gray(bits @ (1 | 2 | 4 | 8)), Some(palette)) => {
                Self::Palette(usize::from(bits), palette)
            }
            (ColorType::Gray(bits @ (1 | 2 | 4)), None) => Self::Packed(usize::from(bits)),
            (ColorType::Gray(8 | 16 | 32), None) => Self::Plain {
                channels: 1,
                alpha: None,
            },
            (
                ColorType::Multiband {
                    bit_depth: 8 | 16,
                    num_samples: 2,
                },
                None,
            ) => Self::Plain { channels: 2, alpha },
            (ColorType::RGB(8 | 16 | 32), None) => Self::Plain {
                channels: 3,
                alpha: None,
            },
            (ColorType::RGBA(8 | 16 | 32), None) => Self::Plain { channels: 4, alpha },
            (ColorType::CMYK(8 | 16), None) => Self::Inks { channels: 4 },
            (ColorType::CMYKA(8 | 16), None) => Self::Inks { channels: 5 },
            (ColorType::YCbCr(8), None) => Self::Luma,
            _ => return None,
        })
    }

    fn channels(&self) -> usize {
        match self {
            Self::Packed(_) | Self::Palette(..) => 1,
            Self::Plain { channels, .. } | Self::Inks { channels } => *channels,
            Self::Luma => 3,
        }
    }

    fn eight_bits(&self, levels: Vec<u8>, size: (u32, u32)) -> Option<DynamicImage> {
        let indices = |bits: usize| {
            let row = (size.0 as usize * bits).div_ceil(8);
            let rows = levels.chunks_exact(row);
            rows.flat_map(move |row| unpack(row, bits, size.0 as usize))
        };
        match *self {
            Self::Packed(bits) => {
                let most = (1 << bits) - 1;
                let levels = indices(bits).map(|level| (level * 255 / most) as u8);
                u8::picture(levels.collect(), 1, size)
            }
            Self::Palette(bits, ref palette) => {
                let colours = indices(bits).flat_map(|index| palette.colour(index));
                u8::picture(colours.collect(), 3, size)
            }
            Self::Plain { channels, alpha } => {
                Level::picture(divided(levels, channels, alpha), channels, size)
            }
            Self::Inks { channels: 4 } => {
                let inks = levels.as_chunks::<4>().0.iter();
                let colours = inks.flat_map(|&[c, m, y, k]| rgb_of_inks([c, m, y], 255 - k));
                u8::picture(colours.collect(), 3, size)
            }
            Self::Inks { .. } => {
                let inks = levels.as_chunks::<5>().0.iter();
                let colours = inks.flat_map(|&[c, m, y, k, alpha]| {
                    let [red, green, blue] = rgb_of_inks([c, m, y], 255 - k);
                    [red, green, blue, alpha]
                });
                u8::picture(colours.collect(), 4, size)
            }
            Self::Luma => {
                let colours = levels
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .flat_map(|&pixel| rgb_of_luma(pixel));
                u8::picture(colours.collect(), 3, size)
            }
        }
    }

    fn sixteen_bits(&self, levels: Vec<u16>, size: (u32, u32)) -> Option<DynamicImage> {
        match *self {
            Self::Plain { channels, alpha } => {
                Level::picture(divided(levels, channels, alpha), channels, size)
            }
            Self::Inks { channels: 4 } => {
                let inks = levels.as_chunks::<4>().0.iter();
                let colours =
                    inks.flat_map(|&[c, m, y, k]| rgb_of_deep_inks([c, m, y], 65_535 - k));
                u16::picture(colours.collect(), 3, size)
            }
            _ => None,
        }
    }

    fn floats(&self, levels: Vec<f32>, (width, height): (u32, u32)) -> Option<DynamicImage> {
        match self.channels() {
            3 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgb32F),
            4 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgba32F),
            _ => None,
        }
    }
}

/// Colours without the alpha that they have been multiplied by.
fn divided<T: Level>(mut levels: Vec<T>, channels: usize, alpha: Option<Alpha>) -> Vec<T> {
    if alpha == Some(Alpha::Multiplied) {
        for pixel in levels.chunks_exact_mut(channels) {
            let (colours, alpha) = pixel.split_at_mut(channels - 1);
            let alpha = f32::from(alpha[0].number()) / f32::from(T::MOST);
            if alpha > 0.0 {
                for colour in colours {
                    let level = f32::from(colour.number()) / alpha;
                    *colour = T::rounded(level.min(f32::from(T::MOST)));
                }
            }
        }
    }
    levels
}

/// Planes, of which there may be more than the kind of pixels has channels, as pixels.
fn interleaved<T: Copy>(levels: Vec<T>, planes: usize, kind: &Kind) -> Vec<T> {
    if planes <= 1 {
        return levels;
    }
    let area = levels.len() / planes;
    let mut pixels = Vec::with_capacity(area * kind.channels());
    for place in 0..area {
        pixels
            .extend((0..kind.channels()).filter_map(|channel| levels.get(channel * area + place)));
    }
    pixels
}

/// The conversion of JPEG (ITU-R 601, full range).
fn rgb_of_luma([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let [luma, blue, red] = [
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    ];
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|level| level.round() as u8)
}

/// The colours of a file with a palette. The `tiff` crate knows no palettes: it is told that their places are grey.
#[derive(Debug)]
struct Palette {
    /// First the red of all colours, then their green, then their blue.
    levels: Vec<u8>,
    /// Where the file says that it has a palette, and the bytes that say that it is grey.
    photometric: (u64, [u8; 2]),
}

impl Palette {
    /// None for files without a palette.
    fn of(bytes: Bytes<'_>) -> Option<Self> {
        const PALETTE: u32 = 3;
        let tags = Tags::new(bytes)?;
        let first = tags.first()?;
        let photometric = first.find(PHOTOMETRIC)?;
        if first.number(PHOTOMETRIC, tags)? != PALETTE {
            return None;
        }
        let map = tags.numbers(first.find(COLOUR_MAP)?);
        // Levels have 16 bits; some programs write 8.
        let shift = if map.iter().any(|&level| level > 255) {
            8
        } else {
            0
        };
        let black_is_zero = if tags.is_big_endian() { [0, 1] } else { [1, 0] };
        Some(Self {
            levels: map.iter().map(|level| (level >> shift) as u8).collect(),
            photometric: (photometric.value.start as u64, black_is_zero),
        })
    }

    fn colour(&self, index: u16) -> [u8; 3] {
        let count = self.levels.len() / 3;
        let level = |channel: usize| self.levels.get(channel * count + usize::from(index));
        [0, 1, 2].map(|channel| level(channel).copied().unwrap_or(0))
    }
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
