//! The header of a page: how its samples are stored.

use std::ops::Range;

use crate::picture::byte_source::ByteSource;
use crate::picture::decode::{DecodeError, block_rows};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::ifd::{Ifd, IfdReader};
use crate::picture::sample_type::{SampleClass, SampleType};

pub(super) const SUBFILE_TYPE: u16 = 254;
pub(super) const COLOUR_MAP: u16 = 320;
const NODATA: u16 = 42_113;

/// Photometric interpretations.
pub(super) mod photometric {
    pub(in crate::picture::formats::tiff) const WHITE_IS_ZERO: u64 = 0;
    pub(in crate::picture::formats::tiff) const BLACK_IS_ZERO: u64 = 1;
    pub(in crate::picture::formats::tiff) const RGB: u64 = 2;
    pub(in crate::picture::formats::tiff) const PALETTE: u64 = 3;
    pub(in crate::picture::formats::tiff) const MASK: u64 = 4;
    pub(in crate::picture::formats::tiff) const INKS: u64 = 5;
    pub(in crate::picture::formats::tiff) const YCBCR: u64 = 6;
}

/// How the samples of a page are stored. What the file says is checked so far that chunks can be found and have a size.
#[derive(Debug)]
pub(super) struct Page {
    /// Width and height.
    pub(super) size: (u32, u32),
    /// Bits of a sample, 1 to 64.
    pub(super) bits: usize,
    /// What samples become in memory.
    pub(super) sample: SampleType,
    /// Samples of a pixel.
    pub(super) samples: usize,
    /// What the samples beyond those of the colours are; none if the file does not say it.
    pub(super) extra: Option<Vec<u64>>,
    pub(super) photometric: u64,
    pub(super) compression: u64,
    pub(super) predictor: u64,
    /// Whether the samples of a kind have chunks of their own.
    pub(super) is_planar: bool,
    pub(super) is_big_endian: bool,
    /// Whether bits of bytes are stored the lowest first.
    pub(super) is_reversed: bool,
    /// Width and height of chunks: tiles, or strips of the picture's width.
    pub(super) chunk: (u32, u32),
    pub(super) is_tiled: bool,
    /// Where chunks are; an empty one was never written.
    pub(super) places: Vec<Range<u64>>,
    pub(super) jpeg_tables: Option<Vec<u8>>,
    /// Columns and rows that share a colour in files of luma and colour differences.
    pub(super) subsampling: (usize, usize),
    /// Reference levels of luma and colour differences: black and white of each.
    pub(super) reference: Option<Vec<f64>>,
    /// What pixels without data hold, as GDAL says it.
    pub(super) no_data: Option<f64>,
    /// First the red of all colours, then their green, then their blue.
    pub(super) palette: Option<Vec<u64>>,
}

impl Page {
    /// Reads the header of a page that is not larger than the limits.
    pub(super) fn of(
        directory: &Ifd,
        tags: IfdReader<'_>,
        limits: PictureLimits,
    ) -> Result<Self, DecodeError> {
        let numbers = |tag| directory.find(tag).map(|entry| tags.numbers(entry));
        let number = |tag, usual: u64| directory.number(tag, tags).unwrap_or(usual);
        let damaged = |message: &str| DecodeError::Damaged(message.to_owned());
        let side = |tag| u32::try_from(number(tag, 0)).ok();
        let (width, height) = side(256)
            .zip(side(257))
            .filter(|&(width, height)| width > 0 && height > 0)
            .ok_or_else(|| damaged("its header has no size"))?;
        if !limits.allow(width, height) {
            return Err(DecodeError::TooLarge { width, height });
        }
        let samples = number(277, 1) as usize;
        if !(1..=MAX_SAMPLES).contains(&samples) {
            return Err(DecodeError::Unsupported(format!("it has {samples} bands")));
        }
        let bits = same(numbers(258), 1).filter(|bits| (1..=64).contains(bits));
        let bits = bits.ok_or_else(|| {
            DecodeError::Unsupported("its bands have different numbers of bits".to_owned())
        })? as usize;
        let format = same(numbers(339), 1).ok_or_else(|| {
            DecodeError::Unsupported("its bands hold numbers of different kinds".to_owned())
        })?;
        let compression = number(259, 1);
        let is_tiled = directory.find(322).is_some();
        let rows_per_strip = number(278, height.into()).clamp(1, height.into()) as u32;
        let chunk = if is_tiled {
            side(322)
                .zip(side(323))
                .filter(|&(width, height)| width > 0 && height > 0)
                .ok_or_else(|| damaged("its tiles have no size"))?
        } else {
            (width, rows_per_strip)
        };
        let (offsets, lengths) = if is_tiled { (324, 325) } else { (273, 279) };
        let offsets = numbers(offsets).unwrap_or_default();
        let lengths = numbers(lengths);
        let mut page = Self {
            size: (width, height),
            bits,
            sample: SampleType::Unsigned8,
            samples,
            extra: numbers(338),
            photometric: directory.number(262, tags).ok_or_else(|| {
                DecodeError::Unsupported("its header does not say what its colours are".to_owned())
            })?,
            compression,
            predictor: number(317, 1),
            is_planar: number(284, 1) == 2 && samples > 1,
            is_big_endian: tags.is_big_endian(),
            is_reversed: number(266, 1) == 2,
            chunk,
            is_tiled,
            places: Vec::new(),
            jpeg_tables: directory
                .find(347)
                .map(|entry| tags.bytes(entry).into_owned()),
            subsampling: match numbers(530).as_deref() {
                Some(&[across @ (1 | 2 | 4), down @ (1 | 2 | 4)]) => {
                    (across as usize, down as usize)
                }
                _ => (2, 2),
            },
            reference: None,
            no_data: directory.find(NODATA).and_then(|entry| {
                let text = tags.bytes(entry).into_owned();
                let text = String::from_utf8(text).ok()?;
                text.trim_matches(['\0', ' ']).parse().ok()
            }),
            palette: numbers(COLOUR_MAP),
        };
        page.reference = directory
            .find(532)
            .filter(|entry| entry.kind == 5)
            .map(|entry| rationals(&tags.bytes(entry), page.is_big_endian))
            .filter(|levels| levels.len() == 6);
        page.sample = page.sample_type(format)?;
        let count = page.chunks_of_plane().saturating_mul(page.planes());
        if offsets.len() < count {
            return Err(damaged("its header names too few strips or tiles"));
        }
        page.places = match lengths {
            Some(lengths) if lengths.len() >= count => offsets
                .iter()
                .zip(lengths)
                .map(|(&offset, length)| offset..offset.saturating_add(length))
                .collect(),
            // Old programs leave out the lengths of what is not compressed.
            None if compression == 1 => (0..)
                .zip(&offsets)
                .map(|(index, &offset)| {
                    let length = page.stored_rows(index).saturating_mul(page.row_bytes());
                    offset..offset.saturating_add(length as u64)
                })
                .collect(),
            _ => return Err(damaged("its header names too few strips or tiles")),
        };
        page.split_strips();
        Ok(page)
    }

    /// What samples become in memory.
    fn sample_type(&self, format: u64) -> Result<SampleType, DecodeError> {
        let class = match format {
            // Numbers of no kind are taken for plain ones, as everywhere.
            1 | 4 => SampleClass::Unsigned,
            2 => SampleClass::Signed,
            3 => SampleClass::Float,
            _ => {
                return Err(DecodeError::Unsupported(
                    "it holds complex numbers: write their real part or magnitude to a file of its own"
                        .to_owned(),
                ));
            }
        };
        SampleType::of(class, self.bits).ok_or_else(|| {
            DecodeError::Unsupported(format!(
                "it holds {} of {} bits: convert it to 8, 16 or 32 bits",
                class.name(),
                self.bits
            ))
        })
    }

    /// Planes that have chunks of their own.
    pub(super) fn planes(&self) -> usize {
        if self.is_planar { self.samples } else { 1 }
    }

    /// Samples of a pixel of a chunk.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.is_planar { 1 } else { self.samples }
    }

    /// Chunks beside each other.
    pub(super) fn across(&self) -> usize {
        self.size.0.div_ceil(self.chunk.0) as usize
    }

    /// Chunks above each other.
    pub(super) fn down(&self) -> usize {
        self.size.1.div_ceil(self.chunk.1) as usize
    }

    fn chunks_of_plane(&self) -> usize {
        self.across().saturating_mul(self.down())
    }

    /// Whether rows are stored in blocks of luma that share their colour.
    pub(super) fn is_subsampled(&self) -> bool {
        const JPEG: u64 = 7;
        self.photometric == photometric::YCBCR
            && self.compression != JPEG
            && !self.is_planar
            && self.samples == 3
            && self.subsampling != (1, 1)
    }

    /// Bytes of a row of a chunk as it is stored, once it is unpacked.
    pub(super) fn row_bytes(&self) -> usize {
        (self.chunk.0 as usize * self.chunk_samples() * self.bits).div_ceil(8)
    }

    /// Rows of a chunk as it is stored: tiles are whole, the last strip ends with the picture.
    pub(super) fn stored_rows(&self, chunk: usize) -> usize {
        if self.is_tiled {
            return self.chunk.1 as usize;
        }
        self.rows_at(chunk % self.chunks_of_plane() / self.across().max(1))
    }

    /// Rows of the picture in a row of chunks.
    pub(super) fn rows_at(&self, row: usize) -> usize {
        let start = row as u64 * u64::from(self.chunk.1);
        u64::from(self.size.1)
            .saturating_sub(start)
            .min(self.chunk.1.into()) as usize
    }

    /// Strips that are not compressed are often the whole picture: their rows are read some at a time.
    fn split_strips(&mut self) {
        let rows = block_rows(self.row_bytes()) as u32;
        if self.is_tiled || self.compression != 1 || self.is_subsampled() || self.chunk.1 <= rows {
            return;
        }
        let strips = self.down();
        let row_bytes = self.row_bytes() as u64;
        let mut places = Vec::new();
        for plane in 0..self.planes() {
            for strip in 0..strips {
                let place = self.places[plane * strips + strip].clone();
                let height = self.rows_at(strip) as u64;
                let is_sparse = place.is_empty();
                for start in (0..height).step_by(rows as usize) {
                    let end = (start + u64::from(rows)).min(height);
                    let at = |row: u64| place.start.saturating_add(row * row_bytes);
                    places.push(if is_sparse {
                        0..0
                    } else {
                        at(start)..at(end).min(place.end)
                    });
                }
            }
        }
        // Strips of another height would be cut at other rows than the picture is.
        if strips == 1 || self.chunk.1.is_multiple_of(rows) {
            self.places = places;
            self.chunk.1 = rows;
        }
    }
}

/// More samples than satellites and microscopes have bands.
const MAX_SAMPLES: usize = 512;

/// The number that all are; the usual one for none.
fn same(numbers: Option<Vec<u64>>, usual: u64) -> Option<u64> {
    let numbers = numbers.unwrap_or_default();
    let first = numbers.first().copied().unwrap_or(usual);
    numbers
        .iter()
        .all(|&number| number == first)
        .then_some(first)
}

fn rationals(bytes: &[u8], is_big_endian: bool) -> Vec<f64> {
    let number = |bytes: [u8; 4]| {
        f64::from(if is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    };
    let pairs = bytes.as_chunks::<4>().0.as_chunks::<2>().0;
    pairs
        .iter()
        .map(|&[above, below]| number(above) / number(below).max(1.0))
        .collect()
}

/// The directories of a file that are pages, and of each the mask that belongs to it. Smaller versions of a page do not count.
pub(super) fn pages(bytes: ByteSource<'_>) -> Vec<(Ifd, Option<Ifd>)> {
    const SMALLER: u64 = 1;
    const MASK: u64 = 4;
    let Some(tags) = IfdReader::new(bytes) else {
        return Vec::new();
    };
    let mut pages: Vec<(Ifd, Option<Ifd>)> = Vec::new();
    for (index, directory) in tags.directories().enumerate() {
        let kind = directory.number(SUBFILE_TYPE, tags).unwrap_or(0);
        match pages.last_mut() {
            Some((_, mask)) if kind & (SMALLER | MASK) == MASK => {
                mask.get_or_insert(directory);
            }
            _ if index == 0 || kind & (SMALLER | MASK) == 0 => pages.push((directory, None)),
            _ => {}
        }
    }
    pages
}
