//! Writing TIFF files: losslessly compressed, with alpha, colour profile and EXIF fields.

use std::io::{Seek, Write};

use flate2::write::ZlibEncoder;
use image::DynamicImage;
use tiff::encoder::{DirectoryEncoder, Predictor, Rational, TiffEncoder, TiffKind};
use tiff::tags::{
    CompressionMethod, ExtraSamples, PhotometricInterpretation, ResolutionUnit, SampleFormat, Tag,
    Type,
};
use tiff::{Directory, TiffError, TiffResult};

use crate::picture::output_pixels::OutputPixels;
use crate::picture::samples::is_16_bit;
use crate::picture::{ExifField, ExifFields, Metadata};

/// Positions in ordinary TIFF files have 32 bits. Compression can make files a little larger than their pixels.
const LARGEST: u64 = 3_900_000_000;

/// About the bytes of a strip.
const STRIP: usize = 1_000_000;

/// Writes a file.
pub(crate) fn write_tiff(
    pixels: &OutputPixels,
    metadata: &Metadata,
    out: impl Write + Seek,
) -> std::io::Result<()> {
    let bytes = pixels.row_bytes() as u64 * u64::from(pixels.size().1);
    let written = if bytes > LARGEST {
        TiffEncoder::new_big(out).and_then(|encoder| write(pixels, metadata, encoder))
    } else {
        TiffEncoder::new(out).and_then(|encoder| write(pixels, metadata, encoder))
    };
    written.map_err(|error| match error {
        TiffError::IoError(error) => error,
        error => std::io::Error::other(error),
    })
}

/// The strips are compressed here, because the `tiff` crate takes all of a picture at once.
fn write<W: Write + Seek, K: TiffKind>(
    pixels: &OutputPixels,
    metadata: &Metadata,
    mut encoder: TiffEncoder<W, K>,
) -> TiffResult<()> {
    let fields = metadata.exif.as_deref().and_then(ExifFields::read);
    let fields = fields.unwrap_or_default();
    let mut below = Vec::new();
    for (tag, fields) in [
        (Tag::ExifDirectory, &fields.photo),
        (Tag::GpsDirectory, &fields.place),
    ] {
        if !fields.is_empty() {
            let mut directory = encoder.extra_directory()?;
            write_fields(&mut directory, fields)?;
            below.push((tag, directory.finish_with_offsets()?.offset));
        }
    }
    let (width, height) = pixels.size();
    let colour = pixels.colour();
    let channels = u16::from(colour.channel_count());
    let rows = STRIP.div_ceil(pixels.row_bytes().max(1));
    let kind = if colour.has_color() {
        PhotometricInterpretation::RGB
    } else {
        PhotometricInterpretation::BlackIsZero
    };
    let mut directory = encoder.image_directory()?;
    directory.write_tag(Tag::ImageWidth, width)?;
    directory.write_tag(Tag::ImageLength, height)?;
    directory.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
    directory.write_tag(Tag::Predictor, Predictor::Horizontal.to_u16())?;
    directory.write_tag(Tag::PhotometricInterpretation, kind.to_u16())?;
    directory.write_tag(Tag::RowsPerStrip, rows as u32)?;
    directory.write_tag(Tag::SamplesPerPixel, channels)?;
    for tag in [Tag::XResolution, Tag::YResolution] {
        directory.write_tag(tag, Rational { n: 1, d: 1 })?;
    }
    directory.write_tag(Tag::ResolutionUnit, ResolutionUnit::None)?;
    for (tag, position) in below {
        directory.write_tag(tag, position)?;
    }
    write_fields(&mut directory, &fields.image)?;
    if colour.has_alpha() {
        let apart = ExtraSamples::UnassociatedAlpha.to_u16();
        directory.write_tag(Tag::ExtraSamples, &[apart][..])?;
    }
    if let Some(profile) = &metadata.profile {
        let entry = directory.write_entry_bytes(Type::UNDEFINED, profile)?;
        add(&mut directory, Tag::IccProfile, entry);
    }
    if let Some(xmp) = &metadata.xmp {
        directory.write_tag(Tag::from_u16_exhaustive(700), xmp.as_bytes())?;
    }
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    let height = height as usize;
    for start in (0..height).step_by(rows) {
        let strip = pixels.rows(start..(start + rows).min(height));
        let strip = compressed(&strip.map_err(std::io::Error::other)?)?;
        places.push(K::convert_offset(directory.write_data(&strip[..])?)?);
        lengths.push(K::convert_offset(strip.len() as u64)?);
    }
    let bits = if is_16_bit(colour) { 16 } else { 8 };
    let each = |value: u16| vec![value; usize::from(channels)];
    directory.write_tag(Tag::BitsPerSample, &each(bits)[..])?;
    directory.write_tag(Tag::SampleFormat, &each(SampleFormat::Uint.to_u16())[..])?;
    directory.write_tag(Tag::StripOffsets, K::convert_slice(&places))?;
    directory.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
    directory.finish_with_offsets().map(drop)
}

/// The bytes of a strip: of each pixel the difference to the pixel on its left, compressed.
fn compressed(rows: &DynamicImage) -> std::io::Result<Vec<u8>> {
    /// The best for its time.
    const LEVEL: u32 = 1;
    let channels = usize::from(rows.color().channel_count());
    let line = rows.width() as usize * channels;
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::new(LEVEL));
    if is_16_bit(rows.color()) {
        for row in bytemuck::cast_slice(rows.as_bytes()).chunks_exact(line) {
            let row = differences(row, channels, u16::wrapping_sub);
            encoder.write_all(bytemuck::cast_slice(&row))?;
        }
    } else {
        for row in rows.as_bytes().chunks_exact(line) {
            encoder.write_all(&differences(row, channels, u8::wrapping_sub))?;
        }
    }
    encoder.finish()
}

fn differences<T: Copy>(row: &[T], channels: usize, minus: impl Fn(T, T) -> T) -> Vec<T> {
    let mut differences = row[..channels].to_vec();
    let pairs = row[channels..].iter().zip(row);
    differences.extend(pairs.map(|(&level, &before)| minus(level, before)));
    differences
}

fn write_fields<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    fields: &[ExifField],
) -> TiffResult<()> {
    for field in fields {
        if let Some(kind) = Type::from_u16(field.kind) {
            let entry = directory.write_entry_bytes(kind, &field.bytes)?;
            add(directory, Tag::from_u16_exhaustive(field.tag), entry);
        }
    }
    Ok(())
}

fn add<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    tag: Tag,
    entry: tiff::decoder::ifd::Entry,
) {
    let mut one = Directory::empty();
    one.extend([(tag, entry)]);
    directory.extend_from(&one);
}
