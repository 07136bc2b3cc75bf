//! JPEG files decoded by libjpeg-turbo's decoder, the one in Pillow: accurate integer inverse DCT, smooth upsampling of chroma. The
//! standard leaves both open, other decoders differ by a few levels.

use image::error::{DecodingError, ImageFormatHint};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use mozjpeg::{ColorSpace, Decompress, Marker};

use super::inks::rgb_of_inks;
use crate::panics;

/// A JPEG file whose header has been read. CMYK pictures are decoded to RGB.
pub(super) struct JpegDecoder<'a>(Decompress<&'a [u8]>);

impl<'a> JpegDecoder<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// The header is damaged, or of a kind of JPEG that is not supported (lossless, arithmetic coding, 12 bits).
    pub(super) fn new(bytes: &'a [u8]) -> ImageResult<Self> {
        caught(|| Decompress::with_markers(&[Marker::APP(1), Marker::APP(2)]).from_mem(bytes))
            .map(Self)
    }

    /// Whether a file of so many bytes cannot hold the picture that the header promises: each block of 8 x 8 pixels takes a bit at
    /// least. The decoder would take memory for all of them.
    pub(super) fn promises_too_much(&self, bytes: usize) -> bool {
        let blocks = self.0.width().div_ceil(8) * self.0.height().div_ceil(8);
        blocks > bytes.saturating_mul(8)
    }

    /// Whether the file has four inks.
    pub(super) fn is_cmyk(&self) -> bool {
        matches!(
            self.0.color_space(),
            ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK
        )
    }

    fn is_grey(&self) -> bool {
        self.0.color_space() == ColorSpace::JCS_GRAYSCALE
    }
}

impl ImageDecoder for JpegDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        // A JPEG header has 16 bits for each.
        (self.0.width() as u32, self.0.height() as u32)
    }

    fn color_type(&self) -> ColorType {
        if self.is_grey() {
            ColorType::L8
        } else {
            ColorType::Rgb8
        }
    }

    /// A profile is cut into pieces, of which a segment holds one, with its number. Without a missing piece it is shorter
    /// than its header says.
    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        let mut pieces: Vec<(u8, &[u8])> = self
            .0
            .markers()
            .filter_map(|marker| match marker.data.strip_prefix(b"ICC_PROFILE\0")? {
                [number, _, piece @ ..] => Some((*number, piece)),
                _ => None,
            })
            .collect();
        pieces.sort_by_key(|&(number, _)| number);
        let profile: Vec<u8> = pieces
            .iter()
            .flat_map(|(_, piece)| *piece)
            .copied()
            .collect();
        Ok((!pieces.is_empty()).then_some(profile))
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        let exif = |marker: mozjpeg::decompress::MarkerData<'_>| {
            marker.data.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec)
        };
        Ok(self.0.markers().find_map(exif))
    }

    fn read_image(self, pixels: &mut [u8]) -> ImageResult<()> {
        let (is_cmyk, is_grey) = (self.is_cmyk(), self.is_grey());
        caught(|| match self.0 {
            decoder if is_cmyk => read_cmyk(decoder, pixels),
            decoder if is_grey => decoder.grayscale()?.read_scanlines_into(pixels).map(drop),
            decoder => decoder.rgb()?.read_scanlines_into(pixels).map(drop),
        })
    }

    fn read_image_boxed(self: Box<Self>, pixels: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(pixels)
    }
}

/// Decodes row by row to inverted CMYK, which is what programs write, and from there to RGB with Pillow's arithmetic.
fn read_cmyk(decoder: Decompress<&[u8]>, pixels: &mut [u8]) -> std::io::Result<()> {
    let mut decoder = decoder.to_colorspace(ColorSpace::JCS_CMYK)?;
    let mut inks = vec![[0u8; 4]; decoder.width()];
    for row in pixels.chunks_exact_mut(inks.len() * 3) {
        decoder.read_scanlines_into(&mut inks)?;
        for (pixel, &[cyan, magenta, yellow, light]) in row.as_chunks_mut().0.iter_mut().zip(&inks)
        {
            *pixel = rgb_of_inks([cyan, magenta, yellow].map(|ink| 255 - ink), light);
        }
    }
    Ok(())
}

/// Runs a step of the decoder, which reports errors by unwinding.
fn caught<T>(step: impl FnOnce() -> std::io::Result<T>) -> ImageResult<T> {
    let damaged = |message: &str| {
        let message = message.trim_start_matches("libjpeg fatal error: ");
        ImageError::Decoding(DecodingError::new(
            ImageFormatHint::Exact(ImageFormat::Jpeg),
            message,
        ))
    };
    match panics::caught(step) {
        Ok(result) => result.map_err(|error| damaged(&error.to_string())),
        Err(message) => Err(damaged(&message)),
    }
}
