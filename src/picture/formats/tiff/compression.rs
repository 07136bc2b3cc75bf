//! The bytes of strips and tiles, unpacked.

use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::ops::Range;

use flate2::read::ZlibDecoder;
use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;
use ruzstd::decoding::StreamingDecoder;
use weezl::BitOrder;

use super::page::{Page, photometric};
use crate::picture::byte_source::ByteSource;
use crate::picture::decode::DecodeError;
use crate::picture::formats::jpeg::decode_stream;
use crate::picture::formats::webp::has_lossy_frame;

const NONE: u64 = 1;
const GROUP_4: u64 = 4;
const LZW: u64 = 5;
const JPEG: u64 = 7;
const DEFLATE: [u64; 2] = [8, 32_946];
const PACK_BITS: u64 = 32_773;
const ZSTD: u64 = 50_000;
const WEBP: u64 = 50_001;

/// Refuses what [`unpacked`] cannot unpack, by its name.
pub(super) fn check(page: &Page) -> Result<(), DecodeError> {
    let name = match page.compression {
        NONE | LZW | PACK_BITS | ZSTD | 8 | 32_946 => return Ok(()),
        JPEG | WEBP if page.bits == 8 => return Ok(()),
        GROUP_4 if page.bits == 1 && page.chunk_samples() == 1 => return Ok(()),
        JPEG => "JPEG of more than 8 bits",
        2..=4 => "a fax code",
        6 => "old-style JPEG",
        34_887 => "LERC",
        34_925 => "LZMA",
        34_712 | 33_003 | 33_005 => "JPEG 2000",
        50_002 | 52_546 => "JPEG XL",
        34_661 => "JBIG",
        34_676 | 34_677 => "LogLuv",
        other => {
            return Err(DecodeError::Unsupported(format!(
                "its pixels are packed in a way that is not known (number {other}): {CONVERT}"
            )));
        }
    };
    Err(DecodeError::Unsupported(format!(
        "its pixels are packed with {name}: {CONVERT}"
    )))
}

/// The name of the compression if it may have changed the samples.
pub(super) fn loss(page: &Page, bytes: ByteSource<'_>) -> Option<&'static str> {
    let is_lossy = |place: &Range<u64>| {
        let chunk = bytes.at(place.start as usize..place.end as usize);
        chunk.is_some_and(|chunk| has_lossy_frame(&chunk))
    };
    match page.compression {
        6 | JPEG => Some("JPEG"),
        WEBP if page.places.iter().any(is_lossy) => Some("WebP"),
        _ => None,
    }
}

const CONVERT: &str = "convert it with `gdal_translate -co COMPRESS=DEFLATE in.tif out.tif`";

/// The bytes of a chunk, of which there are to be `length` when they are unpacked, for rows of `width` pixels.
pub(super) fn unpacked<'a>(
    page: &Page,
    stored: Cow<'a, [u8]>,
    length: usize,
    width: usize,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let stored = if page.is_reversed && page.compression != JPEG {
        Cow::Owned(stored.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        stored
    };
    let bytes = match page.compression {
        NONE => stored,
        LZW => Cow::Owned(lzw(&stored, length)?),
        PACK_BITS => Cow::Owned(pack_bits(&stored, length)),
        GROUP_4 => Cow::Owned(group_4(&stored, length, width)?),
        JPEG => Cow::Owned(jpeg(page, &stored, length)?),
        ZSTD => {
            let decoder = StreamingDecoder::new(&stored[..]);
            Cow::Owned(read(decoder.map_err(damaged)?, length)?)
        }
        WEBP => Cow::Owned(webp(page, &stored, length)?),
        number if DEFLATE.contains(&number) => {
            Cow::Owned(read(ZlibDecoder::new(&stored[..]), length)?)
        }
        _ => return check(page).map(|()| stored),
    };
    if bytes.len() < length {
        return Err(DecodeError::Damaged(
            "a strip or tile ends before its last pixel".to_owned(),
        ));
    }
    Ok(bytes)
}

fn damaged(error: impl ToString) -> DecodeError {
    DecodeError::Damaged(error.to_string())
}

/// So many bytes, or as many as there are.
fn read(decoder: impl Read, length: usize) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    let mut decoder = decoder.take(length as u64);
    decoder.read_to_end(&mut bytes).map_err(damaged)?;
    Ok(bytes)
}

fn lzw(stored: &[u8], length: usize) -> Result<Vec<u8>, DecodeError> {
    // Before TIFF 5 codes began with their lowest bit.
    if let [0, second, ..] = stored
        && second & 1 == 1
    {
        return Err(DecodeError::Unsupported(format!(
            "its pixels are packed with old-style LZW: {CONVERT}"
        )));
    }
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(damaged)?;
    bytes.resize(length, 0);
    let (mut read, mut written) = (0, 0);
    while written < length {
        let result = decoder.decode_bytes(&stored[read..], &mut bytes[written..]);
        read += result.consumed_in;
        written += result.consumed_out;
        match result.status {
            Ok(weezl::LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            Ok(_) => break,
            Err(error) => return Err(damaged(error)),
        }
    }
    bytes.truncate(written);
    Ok(bytes)
}

/// Runs of one byte, and runs of different bytes.
fn pack_bits(mut stored: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let [count, rest @ ..] = stored {
        if bytes.len() >= length {
            break;
        }
        match (*count as i8, rest) {
            (-128, _) => stored = rest,
            (count @ 0.., _) => {
                let count = (count as usize + 1).min(rest.len());
                bytes.extend_from_slice(&rest[..count]);
                stored = &rest[count..];
            }
            (count, [byte, rest @ ..]) => {
                bytes.resize(bytes.len() + 1 + usize::from(count.unsigned_abs()), *byte);
                stored = rest;
            }
            (_, []) => break,
        }
    }
    bytes
}

/// Rows of black and white, as faxes send them. Black is 1.
fn group_4(stored: &[u8], length: usize, width: usize) -> Result<Vec<u8>, DecodeError> {
    let pixels = u16::try_from(width).map_err(damaged)?;
    let row_bytes = width.div_ceil(8);
    let height = length / row_bytes;
    let mut bytes = Vec::new();
    let rows = u16::try_from(height).ok();
    fax::decoder::decode_g4(stored.iter().copied(), pixels, rows, |changes| {
        if bytes.len() >= length {
            return;
        }
        let start = bytes.len();
        bytes.resize(start + row_bytes, 0);
        for (column, colour) in fax::decoder::pels(changes, pixels).enumerate() {
            if colour == fax::Color::Black {
                bytes[start + column / 8] |= 0x80 >> (column % 8);
            }
        }
    });
    Ok(bytes)
}

/// A JPEG file without the tables that all chunks share.
fn jpeg(page: &Page, stored: &[u8], length: usize) -> Result<Vec<u8>, DecodeError> {
    let joined = match page.jpeg_tables.as_deref() {
        // Without the marker that ends the tables, and the one that begins the picture.
        Some(tables) if tables.len() >= 4 && stored.len() > 2 => {
            Cow::Owned([&tables[..tables.len() - 2], &stored[2..]].concat())
        }
        _ => Cow::Borrowed(stored),
    };
    let is_converted = page.photometric == photometric::YCBCR;
    let (levels, width, channels) = decode_stream(&joined, is_converted, length)?;
    if channels != page.chunk_samples() {
        return Err(DecodeError::Damaged(format!(
            "a strip or tile has {channels} channels instead of {}",
            page.chunk_samples()
        )));
    }
    rows_of(levels, width * channels, page.row_bytes())
}

fn webp(page: &Page, stored: &[u8], length: usize) -> Result<Vec<u8>, DecodeError> {
    let decoder = WebPDecoder::new(Cursor::new(stored))?;
    let (width, _) = decoder.dimensions();
    let own = usize::from(decoder.color_type().channel_count());
    let wanted = page.chunk_samples();
    let pixels = length / wanted.max(1);
    if decoder.total_bytes() > (pixels as u64 + 1) * 4 || !matches!((own, wanted), (3 | 4, 3 | 4)) {
        return Err(DecodeError::Damaged(
            "a strip or tile has another size or other channels than its page".to_owned(),
        ));
    }
    let mut levels = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut levels)?;
    // A chunk without transparency is stored without it, and the other way round.
    let levels = match (own, wanted) {
        (3, 4) => levels
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|&[red, green, blue]| [red, green, blue, 255])
            .collect(),
        (4, 3) => levels
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(|&[red, green, blue, _]| [red, green, blue])
            .collect(),
        _ => levels,
    };
    rows_of(levels, width as usize * wanted, page.row_bytes())
}

/// Rows of `own` bytes as rows of `wanted` bytes: codecs that know blocks may give wider ones.
fn rows_of(levels: Vec<u8>, own: usize, wanted: usize) -> Result<Vec<u8>, DecodeError> {
    if own == wanted {
        return Ok(levels);
    }
    if own < wanted {
        return Err(DecodeError::Damaged(
            "a strip or tile is narrower than its page".to_owned(),
        ));
    }
    let rows = levels.chunks_exact(own);
    Ok(rows.flat_map(|row| &row[..wanted]).copied().collect())
}
