//! Writing PNG files row by row.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{self, Write};

use png::chunk::ChunkType;
use png::text_metadata::ITXtChunk;
use png::{BitDepth, Compression, Encoder, Filter, Info, PixelDimensions, Unit};

use crate::picture::Metadata;
use crate::picture::output_pixels::OutputPixels;
use crate::picture::samples::is_16_bit;

/// Bytes of a piece of the compressed data.
const PIECE: usize = 1 << 20;

/// Writes a file. Tells whether the data, which are to be compressed, have become larger.
pub(crate) fn write_png(
    pixels: &OutputPixels,
    metadata: &Metadata,
    out: impl Write,
    is_compressed: bool,
) -> io::Result<bool> {
    let (width, height) = pixels.size();
    let colour = pixels.colour();
    let mut info = Info::with_size(width, height);
    info.color_type = match colour.channel_count() {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    };
    info.bit_depth = if is_16_bit(colour) {
        BitDepth::Sixteen
    } else {
        BitDepth::Eight
    };
    info.icc_profile = metadata.profile.as_deref().map(Cow::Borrowed);
    info.pixel_dims = metadata.density.map(|density| PixelDimensions {
        xppu: density.across.round() as u32,
        yppu: density.down.round() as u32,
        unit: Unit::Meter,
    });
    info.exif_metadata = metadata.exif.as_deref().map(Cow::Borrowed);
    let text = metadata.xmp.clone();
    info.utf8_text
        .extend(text.map(|text| ITXtChunk::new("XML:com.adobe.xmp", text)));

    let progress = Progress::default();
    let mut encoder = Encoder::with_info(
        Watched {
            out,
            progress: &progress,
        },
        info,
    )?;
    if is_compressed {
        encoder.set_compression(Compression::Fast);
        encoder.set_filter(Filter::Adaptive);
    } else {
        encoder.set_compression(Compression::NoCompression);
        encoder.set_filter(Filter::NoFilter);
    }
    let mut writer = encoder.write_header()?;
    for (kind, data) in metadata.colour.iter() {
        writer.write_chunk(ChunkType(kind), data)?;
    }
    let before = progress.written.get();
    let mut stream = writer.stream_writer_with_size(PIECE)?;
    pixels.for_each_block(|block| {
        stream.write_all(block)?;
        progress.check()
    })?;
    stream.finish()?;
    let data = progress.written.get() - before;
    writer.finish()?;
    progress.check()?;

    let raw = u64::from(height) * (pixels.row_bytes() as u64 + 1);
    // Data that are stored as they are take some bytes for each 32 KiB.
    Ok(is_compressed && data > raw + raw / 2048 + 64)
}

/// How far the writing has come.
#[derive(Default)]
struct Progress {
    written: Cell<u64>,
    failure: RefCell<Option<io::Error>>,
}

impl Progress {
    fn check(&self) -> io::Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// What the encoder writes to. The encoder leaves out, or panics at, an error in its last bytes: it is kept from it until all of
/// a block is written.
struct Watched<'a, W> {
    out: W,
    progress: &'a Progress,
}

impl<W: Write> Write for Watched<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut failure = self.progress.failure.borrow_mut();
        if failure.is_none() {
            *failure = self.out.write_all(bytes).err();
        }
        let written = &self.progress.written;
        written.set(written.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
