//! Writing TIFF files: losslessly compressed, with alpha or mask, colour profile, EXIF fields and georeference, any number of pages.

use std::borrow::Cow;
use std::io::{Seek, Write};
use std::ops::Range;

use flate2::write::ZlibEncoder;
use tiff::encoder::{DirectoryEncoder, Predictor, Rational, TiffEncoder, TiffKind};
use tiff::tags::{
    CompressionMethod, ExtraSamples, PhotometricInterpretation, ResolutionUnit, SampleFormat, Tag,
    Type,
};
use tiff::{Directory, TiffError, TiffResult};

use crate::picture::alpha::{alpha, without_alpha};
use crate::picture::bands::Bands;
use crate::picture::output_pixels::OutputPixels;
use crate::picture::sample_type::{SampleClass, SampleType};
use crate::picture::samples::is_16_bit;
use crate::picture::{Exclusion, ExifField, ExifFields, Metadata};

/// Positions in ordinary TIFF files have 32 bits. Compression can make files a little larger than their pixels.
const LARGEST: u64 = 3_900_000_000;

/// About the bytes of a strip.
const STRIP: usize = 1_000_000;

/// A page as it is to be written.
pub(crate) struct TiffPage<'a> {
    pub(crate) pixels: TiffPixels<'a>,
    pub(crate) metadata: &'a Metadata,
}

/// The pixels of a page.
#[derive(Clone, Copy)]
pub(crate) enum TiffPixels<'a> {
    /// Grey or RGB, perhaps with alpha.
    Picture(&'a OutputPixels),
    /// Anything else.
    Bands(&'a Bands),
}

/// Writes a file of these pages.
pub(crate) fn write_tiff(pages: &[TiffPage<'_>], out: impl Write + Seek) -> std::io::Result<()> {
    let bytes: u64 = pages
        .iter()
        .map(|page| page.pixels.row_bytes() as u64 * u64::from(page.pixels.size().1))
        .sum();
    let written = if bytes > LARGEST {
        TiffEncoder::new_big(out).and_then(|encoder| write_pages(pages, encoder))
    } else {
        TiffEncoder::new(out).and_then(|encoder| write_pages(pages, encoder))
    };
    written.map_err(|error| match error {
        TiffError::IoError(error) => error,
        error => std::io::Error::other(error),
    })
}

fn write_pages<W: Write + Seek, K: TiffKind>(
    pages: &[TiffPage<'_>],
    mut encoder: TiffEncoder<W, K>,
) -> TiffResult<()> {
    for page in pages {
        write(page, &mut encoder)?;
    }
    Ok(())
}

impl TiffPixels<'_> {
    fn size(self) -> (u32, u32) {
        match self {
            Self::Picture(pixels) => pixels.size(),
            Self::Bands(bands) => bands.size,
        }
    }

    fn sample(self) -> SampleType {
        match self {
            Self::Picture(pixels) if is_16_bit(pixels.colour()) => SampleType::Unsigned16,
            Self::Picture(_) => SampleType::Unsigned8,
            Self::Bands(bands) => bands.sample,
        }
    }

    fn channels(self) -> usize {
        match self {
            Self::Picture(pixels) => pixels.colour().channel_count().into(),
            Self::Bands(bands) => bands.count,
        }
    }

    fn row_bytes(self) -> usize {
        self.size().0 as usize * self.channels() * self.sample().size()
    }

    /// Samples of some rows, interleaved, in the byte order of the machine; with an exclusion those without transparency.
    fn rows(self, rows: Range<usize>, exclusion: Option<Exclusion>) -> std::io::Result<Vec<u8>> {
        let pixels = match self {
            Self::Bands(bands) => {
                let row = self.row_bytes();
                return Ok(bands.bytes[rows.start * row..rows.end * row].to_vec());
            }
            Self::Picture(pixels) => pixels.rows(rows).map_err(std::io::Error::other)?,
        };
        let Some(exclusion) = exclusion else {
            return Ok(pixels.as_bytes().to_vec());
        };
        let mask = alpha(&pixels);
        let colours = without_alpha(pixels);
        match (exclusion, mask, Bands::of(&colours)) {
            (Exclusion::NoData(number), Some(mask), Some(mut bands)) => {
                let levels = mask.to_luma8().into_raw();
                let excluded: Vec<bool> = levels.iter().map(|&level| level < 128).collect();
                bands.exclude(&excluded, number);
                Ok(bands.bytes)
            }
            _ => Ok(colours.as_bytes().to_vec()),
        }
    }
}

/// What the samples of a page are.
struct Samples {
    photometric: PhotometricInterpretation,
    count: u16,
    /// What those beyond grey or colours are.
    extra: Vec<u16>,
}

impl Samples {
    fn of(pixels: TiffPixels<'_>, exclusion: Option<Exclusion>) -> Self {
        let grey = PhotometricInterpretation::BlackIsZero;
        match pixels {
            TiffPixels::Picture(pixels) => {
                let colour = pixels.colour();
                let has_alpha = colour.has_alpha() && exclusion.is_none();
                let alpha = ExtraSamples::UnassociatedAlpha.to_u16();
                Self {
                    photometric: if colour.has_color() {
                        PhotometricInterpretation::RGB
                    } else {
                        grey
                    },
                    count: if colour.has_color() { 3 } else { 1 } + u16::from(has_alpha),
                    extra: if has_alpha { vec![alpha] } else { Vec::new() },
                }
            }
            TiffPixels::Bands(bands) => {
                let is_colour = bands.count == 3 && bands.sample.is_plain();
                let colours = if is_colour { 3 } else { 1 };
                Self {
                    photometric: if is_colour {
                        PhotometricInterpretation::RGB
                    } else {
                        grey
                    },
                    count: bands.count as u16,
                    extra: vec![ExtraSamples::Unspecified.to_u16(); bands.count - colours],
                }
            }
        }
    }
}

/// The strips are compressed here, because the `tiff` crate takes all of a picture at once.
fn write<W: Write + Seek, K: TiffKind>(
    page: &TiffPage<'_>,
    encoder: &mut TiffEncoder<W, K>,
) -> TiffResult<()> {
    let (pixels, metadata) = (page.pixels, page.metadata);
    let fields = metadata.exif.as_deref().and_then(ExifFields::read);
    let mut fields = fields.unwrap_or_default();
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
    let has_density = fields.image.iter().any(|field| field.tag == 282);
    if let Some(density) = metadata.density.filter(|_| !has_density) {
        fields.image.extend(density.fields());
    }
    let exclusion = metadata.exclusion.filter(|_| match pixels {
        TiffPixels::Picture(pixels) => pixels.colour().has_alpha(),
        TiffPixels::Bands(_) => false,
    });
    let samples = Samples::of(pixels, exclusion);
    let sample = pixels.sample();
    let mut directory = encoder.image_directory()?;
    for tag in [Tag::XResolution, Tag::YResolution] {
        directory.write_tag(tag, Rational { n: 1, d: 1 })?;
    }
    directory.write_tag(Tag::ResolutionUnit, ResolutionUnit::None)?;
    for (tag, position) in below {
        directory.write_tag(tag, position)?;
    }
    write_fields(&mut directory, &fields.image)?;
    write_fields(&mut directory, &metadata.georeference.0)?;
    if !samples.extra.is_empty() {
        directory.write_tag(Tag::ExtraSamples, &samples.extra[..])?;
    }
    if let Some(profile) = &metadata.profile {
        let entry = directory.write_entry_bytes(Type::UNDEFINED, profile)?;
        add(&mut directory, Tag::IccProfile, entry);
    }
    if let Some(xmp) = &metadata.xmp {
        directory.write_tag(Tag::from_u16_exhaustive(700), xmp.as_bytes())?;
    }
    let each = |value: u16| vec![value; usize::from(samples.count)];
    let format = match sample.class() {
        SampleClass::Unsigned => SampleFormat::Uint,
        SampleClass::Signed => SampleFormat::Int,
        SampleClass::Float => SampleFormat::IEEEFP,
    };
    directory.write_tag(Tag::SamplesPerPixel, samples.count)?;
    directory.write_tag(Tag::PhotometricInterpretation, samples.photometric.to_u16())?;
    directory.write_tag(Tag::BitsPerSample, &each(8 * sample.size() as u16)[..])?;
    directory.write_tag(Tag::SampleFormat, &each(format.to_u16())[..])?;
    let strips = StripShape {
        size: pixels.size(),
        channels: samples.count.into(),
        sample,
        has_differences: sample.class() != SampleClass::Float,
    };
    directory.write_tag(Tag::ImageWidth, strips.size.0)?;
    write_strips(directory, strips, |rows| pixels.rows(rows, exclusion))?;
    if exclusion == Some(Exclusion::MaskPage)
        && let TiffPixels::Picture(pixels) = pixels
    {
        write_mask(pixels, encoder)?;
    }
    Ok(())
}

/// A page of one bit for each pixel that says which have data.
fn write_mask<W: Write + Seek, K: TiffKind>(
    pixels: &OutputPixels,
    encoder: &mut TiffEncoder<W, K>,
) -> TiffResult<()> {
    const MASK: u32 = 4;
    let mut directory = encoder.image_directory()?;
    directory.write_tag(Tag::NewSubfileType, MASK)?;
    directory.write_tag(Tag::SamplesPerPixel, 1u16)?;
    directory.write_tag(
        Tag::PhotometricInterpretation,
        PhotometricInterpretation::TransparencyMask.to_u16(),
    )?;
    directory.write_tag(Tag::BitsPerSample, 1u16)?;
    let (width, height) = pixels.size();
    let strips = StripShape {
        size: (width.div_ceil(8), height),
        channels: 1,
        sample: SampleType::Unsigned8,
        has_differences: false,
    };
    directory.write_tag(Tag::ImageWidth, width)?;
    write_strips(directory, strips, |rows| {
        let rows = pixels.rows(rows).map_err(std::io::Error::other)?;
        let valid = alpha(&rows).unwrap_or(rows).into_luma8();
        let rows = valid.rows().flat_map(|row| {
            let levels: Vec<u8> = row.map(|level| level.0[0]).collect();
            let eight = levels.chunks(8).map(|levels| {
                let bits = (0..).zip(levels).filter(|(_, level)| **level >= 128);
                bits.map(|(place, _)| 0x80u8 >> place).sum::<u8>()
            });
            eight.collect::<Vec<u8>>()
        });
        Ok(rows.collect())
    })
}

/// What strips are cut from.
struct StripShape {
    /// Samples of a row, and rows.
    size: (u32, u32),
    channels: usize,
    sample: SampleType,
    /// Whether differences between neighbours are stored: those of floating-point numbers are not shorter.
    has_differences: bool,
}

/// Writes what says how pixels are stored, and the pixels, and ends the directory, which has a width.
fn write_strips<W: Write + Seek, K: TiffKind>(
    mut directory: DirectoryEncoder<'_, W, K>,
    shape: StripShape,
    rows_of: impl Fn(Range<usize>) -> std::io::Result<Vec<u8>>,
) -> TiffResult<()> {
    let (width, height) = shape.size;
    let predictor = if shape.has_differences {
        Predictor::Horizontal
    } else {
        Predictor::None
    };
    let line = width as usize * shape.channels;
    let rows = STRIP.div_ceil((line * shape.sample.size()).max(1));
    directory.write_tag(Tag::ImageLength, height)?;
    directory.write_tag(Tag::Compression, CompressionMethod::Deflate.to_u16())?;
    directory.write_tag(Tag::Predictor, predictor.to_u16())?;
    directory.write_tag(Tag::RowsPerStrip, rows as u32)?;
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    let height = height as usize;
    for start in (0..height).step_by(rows) {
        let strip = rows_of(start..(start + rows).min(height))?;
        let strip = if shape.has_differences {
            compressed(&differences(
                &strip,
                line,
                shape.channels,
                shape.sample.size(),
            ))?
        } else {
            compressed(&strip)?
        };
        places.push(K::convert_offset(directory.write_data(&strip[..])?)?);
        lengths.push(K::convert_offset(strip.len() as u64)?);
    }
    directory.write_tag(Tag::StripOffsets, K::convert_slice(&places))?;
    directory.write_tag(Tag::StripByteCounts, K::convert_slice(&lengths))?;
    directory.finish_with_offsets().map(drop)
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    /// The best for its time.
    const LEVEL: u32 = 1;
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::new(LEVEL));
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Of each sample the difference to that of the pixel on its left, in rows of `line` samples.
fn differences(bytes: &[u8], line: usize, channels: usize, size: usize) -> Cow<'_, [u8]> {
    macro_rules! differences {
        ($kind:ty) => {{
            let mut all = Vec::with_capacity(bytes.len());
            for row in bytes.chunks_exact(line * size) {
                let number = |place: usize| {
                    let bytes = row[place..].first_chunk();
                    <$kind>::from_ne_bytes(bytes.copied().unwrap_or_default())
                };
                all.extend_from_slice(&row[..channels * size]);
                for place in (channels * size..row.len()).step_by(size) {
                    let difference = number(place).wrapping_sub(number(place - channels * size));
                    all.extend(difference.to_ne_bytes());
                }
            }
            Cow::Owned(all)
        }};
    }
    match size {
        1 => differences!(u8),
        2 => differences!(u16),
        4 => differences!(u32),
        8 => differences!(u64),
        _ => Cow::Borrowed(bytes),
    }
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
