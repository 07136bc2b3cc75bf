//! The samples of strips and tiles, as rows of pixels.

use std::borrow::Cow;
use std::ops::Range;

use super::compression::unpacked;
use super::page::Page;
use crate::picture::bands::Bands;
use crate::picture::byte_source::ByteSource;
use crate::picture::decode::DecodeError;
use crate::picture::sample_type::SampleClass;

/// What strips and tiles may have beyond the picture.
const MARGIN: u64 = 1 << 26;

/// Differences between the samples of neighbours instead of samples.
const DIFFERENCES: u64 = 2;
/// The same of floating-point numbers, whose bytes are sorted by their weight.
const FLOAT_DIFFERENCES: u64 = 3;

/// The rows of a page, a row of its chunks at a time.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    bytes: ByteSource<'a>,
    pub(super) page: Page,
    next: usize,
}

/// Some rows: samples that belong to a pixel follow each other, in the byte order of the machine.
pub(super) struct SampleRows {
    pub(super) rows: usize,
    pub(super) bytes: Vec<u8>,
}

impl<'a> Chunks<'a> {
    /// Checks that a chunk is not so much larger than the picture that a damaged header could ask for all memory.
    pub(super) fn new(bytes: ByteSource<'a>, page: Page) -> Result<Self, DecodeError> {
        let (width, height) = page.size;
        let picture = u64::from(width) * u64::from(height) * page.samples as u64 * 8;
        let chunk = u64::from(page.chunk.0)
            .saturating_mul(u64::from(page.chunk.1) * page.chunk_samples() as u64 * 8);
        if chunk > picture.saturating_add(MARGIN) {
            return Err(DecodeError::Damaged(
                "its tiles are larger than the picture".to_owned(),
            ));
        }
        let is_known = match page.predictor {
            1 => true,
            DIFFERENCES => matches!(page.bits, 8 | 16 | 32 | 64),
            FLOAT_DIFFERENCES => page.sample.class() == SampleClass::Float,
            _ => false,
        };
        if !is_known {
            return Err(DecodeError::Unsupported(
                "its pixels are stored as differences of a kind that is not known".to_owned(),
            ));
        }
        Ok(Self {
            bytes,
            page,
            next: 0,
        })
    }

    /// All samples of the page.
    pub(super) fn into_bands(self) -> Result<Bands, DecodeError> {
        let page = &self.page;
        let mut bands = Bands {
            size: page.size,
            count: page.samples,
            sample: page.sample,
            bytes: Vec::new(),
            no_data: page.no_data,
        };
        for rows in self {
            bands.bytes.extend(rows?.bytes);
        }
        Ok(bands)
    }

    fn rows(&mut self) -> Result<Option<SampleRows>, DecodeError> {
        let page = &self.page;
        let down = page.down();
        if self.next >= down {
            return Ok(None);
        }
        let rows = page.rows_at(self.next);
        let size = page.sample.size();
        let width = page.size.0 as usize;
        let (pixel, chunk_pixel) = (page.samples * size, page.chunk_samples() * size);
        let length = width * rows * pixel;
        if length as u64 > self.most_unpacked() {
            return Err(DecodeError::Damaged(
                "it is too short for the pixels that it promises".to_owned(),
            ));
        }
        if page.planes() == 1 && page.across() == 1 && page.chunk.0 as usize == width {
            // Strips, as most files have them: their bytes are those of the rows.
            let mut bytes = self.samples(self.next)?.into_owned();
            bytes.resize(length, 0);
            self.next += 1;
            return Ok(Some(SampleRows { rows, bytes }));
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(length)
            .map_err(|error| DecodeError::Damaged(error.to_string()))?;
        bytes.resize(length, 0);
        for plane in 0..page.planes() {
            for column in 0..page.across() {
                let index = (plane * down + self.next) * page.across() + column;
                let start = column * page.chunk.0 as usize;
                let columns = (width - start).min(page.chunk.0 as usize);
                let levels = self.samples(index)?;
                let line = page.chunk.0 as usize * chunk_pixel;
                for (row, levels) in levels.chunks_exact(line).take(rows).enumerate() {
                    let first = (row * width + start) * pixel + plane * size;
                    let levels = &levels[..columns * chunk_pixel];
                    if page.is_planar {
                        let places = bytes[first..].chunks_mut(pixel);
                        for (place, level) in places.zip(levels.chunks_exact(size)) {
                            place[..size].copy_from_slice(level);
                        }
                    } else {
                        bytes[first..first + levels.len()].copy_from_slice(levels);
                    }
                }
            }
        }
        self.next += 1;
        Ok(Some(SampleRows { rows, bytes }))
    }

    /// More bytes than the next row of chunks can become: nothing is packed more tightly than runs of Zstandard.
    fn most_unpacked(&self) -> u64 {
        const MAX_RATIO: u64 = 40_000;
        let page = &self.page;
        let mut stored = 0u64;
        for plane in 0..page.planes() {
            for column in 0..page.across() {
                let index = (plane * page.down() + self.next) * page.across() + column;
                match page.places.get(index) {
                    Some(place) if place.start > 0 && !place.is_empty() => {
                        let end = place.end.min(self.bytes.len() as u64);
                        stored = stored.saturating_add(end.saturating_sub(place.start));
                    }
                    // Chunks that were never written have pixels without any bytes.
                    _ => return u64::MAX,
                }
            }
        }
        stored.saturating_mul(MAX_RATIO).saturating_add(1 << 20)
    }

    /// The samples of a chunk, rows of its whole width.
    fn samples(&self, index: usize) -> Result<Cow<'a, [u8]>, DecodeError> {
        let page = &self.page;
        let rows = page.stored_rows(index);
        let width = page.chunk.0 as usize;
        let place: Range<u64> = page.places.get(index).cloned().unwrap_or(0..0);
        if place.start == 0 || place.is_empty() {
            // Chunks without data are not written.
            let mut one = Vec::new();
            page.sample.write(page.no_data.unwrap_or(0.0), &mut one);
            return Ok(one.repeat(width * rows * page.chunk_samples()).into());
        }
        let length = if page.is_subsampled() {
            let (across, down) = page.subsampling;
            width.div_ceil(across) * rows.div_ceil(down) * (across * down + 2)
        } else {
            page.row_bytes() * rows
        };
        // Of what is not packed there may be more than is needed.
        let end = if page.compression == 1 {
            place.end.min(place.start.saturating_add(length as u64))
        } else {
            place.end.min(self.bytes.len() as u64)
        };
        let stored = self.bytes.at(place.start as usize..end as usize);
        let stored = stored.ok_or_else(|| {
            DecodeError::Damaged("it is cut off: a strip or tile lies beyond its end".to_owned())
        })?;
        let bytes = unpacked(page, stored, length, width)?;
        let bytes = if bytes.len() > length {
            Cow::Owned(bytes[..length].to_vec())
        } else {
            bytes
        };
        if page.is_subsampled() {
            return Ok(spread(&bytes, page.subsampling, (width, rows)).into());
        }
        Ok(self.in_memory(bytes))
    }

    /// Samples as they are in memory.
    fn in_memory(&self, bytes: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        let page = &self.page;
        let row_bytes = page.row_bytes();
        let per_row = page.chunk.0 as usize * page.chunk_samples();
        if page.predictor == FLOAT_DIFFERENCES {
            let rows = bytes.chunks_exact(row_bytes);
            let floats = rows.flat_map(|row| floats(row, page.bits / 8, page.chunk_samples()));
            return Cow::Owned(floats.collect());
        }
        if !matches!(page.bits, 8 | 16 | 32 | 64) {
            let rows = bytes.chunks_exact(row_bytes);
            let size = page.sample.size();
            let levels = rows.flat_map(|row| unpack_bits(row, page.bits, per_row, size));
            return Cow::Owned(levels.collect());
        }
        let is_foreign = page.is_big_endian != cfg!(target_endian = "big") && page.bits > 8;
        if !is_foreign && page.predictor != DIFFERENCES {
            return bytes;
        }
        let mut bytes = bytes.into_owned();
        if is_foreign {
            bytes
                .chunks_exact_mut(page.bits / 8)
                .for_each(<[u8]>::reverse);
        }
        if page.predictor == DIFFERENCES {
            for row in bytes.chunks_exact_mut(row_bytes) {
                add_up(row, page.bits / 8, page.chunk_samples());
            }
        }
        bytes.into()
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<SampleRows, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows().transpose()
    }
}

/// Adds the differences between whole numbers of so many bytes up.
fn add_up(row: &mut [u8], size: usize, samples: usize) {
    macro_rules! sums {
        ($kind:ty) => {
            for place in (samples * size..row.len()).step_by(size) {
                let number = |place: usize| {
                    let bytes = row[place..].first_chunk();
                    <$kind>::from_ne_bytes(bytes.copied().unwrap_or_default())
                };
                let sum = number(place).wrapping_add(number(place - samples * size));
                row[place..place + size].copy_from_slice(&sum.to_ne_bytes());
            }
        };
    }
    match size {
        1 => sums!(u8),
        2 => sums!(u16),
        4 => sums!(u32),
        _ => sums!(u64),
    }
}

/// A row of floating-point numbers: their bytes are stored by weight, the highest of all numbers first, as differences.
fn floats(row: &[u8], size: usize, samples: usize) -> Vec<u8> {
    let mut sorted = row.to_vec();
    add_up(&mut sorted, 1, samples);
    let count = row.len() / size;
    let mut bytes = Vec::with_capacity(row.len());
    for number in 0..count {
        let highest_first = (0..size).map(|weight| sorted[weight * count + number]);
        if cfg!(target_endian = "big") {
            bytes.extend(highest_first);
        } else {
            bytes.extend(highest_first.rev());
        }
    }
    bytes
}

/// Numbers of any count of bits, the highest bit first, as numbers of `size` bytes.
fn unpack_bits(row: &[u8], bits: usize, count: usize, size: usize) -> Vec<u8> {
    let mut numbers = Vec::with_capacity(count * size);
    let (mut buffer, mut filled) = (0u64, 0);
    let mut bytes = row.iter();
    for _ in 0..count {
        while filled < bits {
            buffer = buffer << 8 | u64::from(bytes.next().copied().unwrap_or(0));
            filled += 8;
        }
        filled -= bits;
        let number = buffer >> filled & ((1 << bits) - 1);
        match size {
            1 => numbers.push(number as u8),
            2 => numbers.extend((number as u16).to_ne_bytes()),
            _ => numbers.extend((number as u32).to_ne_bytes()),
        }
    }
    numbers
}

/// Blocks of luma that share their colour as pixels of three samples.
fn spread(bytes: &[u8], (across, down): (usize, usize), (width, rows): (usize, usize)) -> Vec<u8> {
    let block = across * down + 2;
    let blocks = width.div_ceil(across);
    let mut pixels = Vec::with_capacity(width * rows * 3);
    for row in 0..rows {
        for column in 0..width {
            let start = (row / down * blocks + column / across) * block;
            let block = &bytes[start..start + block];
            let luma = block[row % down * across + column % across];
            pixels.extend([luma, block[across * down], block[across * down + 1]]);
        }
    }
    pixels
}
