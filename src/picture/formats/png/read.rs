//! PNG files, decoded row by row.

use std::io::{Error, ErrorKind};

use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::{DynamicImage, ImageError, ImageFormat};
use png::{BitDepth, Decoder, Info, Limits, Reader, Transformations};

use crate::picture::byte_source::{ByteSource, ReadSeek};
use crate::picture::decode::{DecodeError, RowDecoder, block_rows, check_size, orientation};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::{Density, Georeference};
use crate::picture::samples::Subpixel;

impl From<png::DecodingError> for DecodeError {
    fn from(error: png::DecodingError) -> Self {
        // In the words in which all other formats' errors are said.
        let error = match error {
            png::DecodingError::IoError(error) => ImageError::IoError(error),
            png::DecodingError::LimitsExceeded => {
                ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory))
            }
            error => ImageError::Decoding(DecodingError::new(
                ImageFormatHint::Exact(ImageFormat::Png),
                error,
            )),
        };
        error.into()
    }
}

/// Reads the header of a file. Palettes will be looked up, levels of fewer than 8 bits spread to 8.
pub(crate) fn decode(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
) -> Result<RowDecoder<'_>, DecodeError> {
    // For what the decoder holds besides the pixels: a row of them at a time, and chunks such as a colour profile.
    let width = bytes.at(16..20);
    let width = width.and_then(|width| Some(u32::from_be_bytes((&*width).try_into().ok()?)));
    let own = Limits {
        bytes: (1 << 26) + 16 * width.unwrap_or(0) as usize,
    };
    let source = bytes.source().map_err(ImageError::IoError)?;
    let mut decoder = Decoder::new_with_limits(source, own);
    decoder.set_ignore_text_chunk(false);
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info()?;
    let info = reader.info();
    let size = info.size();
    check_size(size, limits)?;
    let exif = info.exif_metadata.as_ref().map(|block| block.to_vec());
    let is_animated = info.animation_control.is_some();
    Ok(RowDecoder {
        size,
        orientation: orientation(exif.as_deref()),
        profile: info.icc_profile.as_ref().map(|profile| profile.to_vec()),
        exif,
        xmp: xmp(info),
        notes: is_animated
            .then(|| "its first frame".to_owned())
            .into_iter()
            .collect(),
        density: info.pixel_dims.and_then(|dims| match dims.unit {
            png::Unit::Meter => Density::new(dims.xppu.into(), dims.yppu.into()),
            png::Unit::Unspecified => None,
        }),
        georeference: Georeference::default(),
        exclusion: None,
        blocks: Box::new(Rows {
            reader,
            left: size.1,
            is_over: false,
        }),
    })
}

/// The XMP block, which is a text with a keyword of its own.
fn xmp(info: &Info<'_>) -> Option<Vec<u8>> {
    let mut texts = info.utf8_text.iter();
    let mut text = texts
        .find(|text| text.keyword == "XML:com.adobe.xmp")?
        .clone();
    // Texts that cannot be unpacked are left out, as all others are.
    text.decompress_text().ok()?;
    text.get_text().ok().map(String::into_bytes)
}

/// The rows of a picture that have not been decoded.
struct Rows<'a> {
    reader: Reader<Box<dyn ReadSeek + 'a>>,
    left: u32,
    is_over: bool,
}

impl Rows<'_> {
    fn block(&mut self) -> Result<Option<DynamicImage>, DecodeError> {
        let width = self.reader.info().width;
        let row_bytes = self.reader.output_line_size(width);
        let row_bytes = row_bytes.ok_or(png::DecodingError::LimitsExceeded)?;
        if self.left == 0 {
            // What is wrong with the end of the data, such as its checksum, is found now.
            self.reader.read_row(&mut vec![0; row_bytes])?;
            return Ok(None);
        }
        let (height, bytes) = if self.reader.info().interlaced {
            // All of it comes with the last pass.
            let length = self.reader.output_buffer_size().unwrap_or(0);
            let mut bytes = zeros(length)?;
            self.reader.next_frame(&mut bytes)?;
            (self.left, bytes)
        } else {
            let height = (block_rows(row_bytes) as u32).min(self.left);
            let mut bytes = zeros(row_bytes * height as usize)?;
            for row in bytes.chunks_exact_mut(row_bytes) {
                if self.reader.read_row(row)?.is_none() {
                    return Ok(None);
                }
            }
            (height, bytes)
        };
        self.left -= height;
        let (colour, depth) = self.reader.output_color_type();
        let size = (width, height);
        let picture = if depth == BitDepth::Sixteen {
            let levels = bytes.as_chunks().0.iter();
            let levels = levels.map(|&level| u16::from_be_bytes(level)).collect();
            u16::into_image(levels, colour.samples(), size)
        } else {
            u8::into_image(bytes, colour.samples(), size)
        };
        Ok(picture)
    }
}

/// So many bytes, if there is memory for them.
fn zeros(length: usize) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(length)
        .map_err(|_| ImageError::IoError(Error::from(ErrorKind::OutOfMemory)))?;
    bytes.resize(length, 0);
    Ok(bytes)
}

impl Iterator for Rows<'_> {
    type Item = Result<DynamicImage, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let block = self.block().transpose();
        self.is_over = !matches!(block, Some(Ok(_)));
        block
    }
}
