//! JPEG files decoded by libjpeg-turbo's decoder, the one in Pillow: accurate integer inverse DCT, smooth upsampling of chroma. The
//! standard leaves both open, other decoders differ by a few levels.

use image::error::{DecodingError, ImageFormatHint};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageResult};
use mozjpeg::{ColorSpace, Decompress, Marker};

use crate::panics;

/// A JPEG file whose header has been read. Grey and CMYK pictures are decoded to RGB like all others.
pub(super) struct JpegDecoder<'a>(Decompress<&'a [u8]>);

impl<'a> JpegDecoder<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// The header is damaged, or of a kind of JPEG that is not supported (lossless, arithmetic coding, 12 bits).
    pub(super) fn new(bytes: &'a [u8]) -> ImageResult<Self> {
        caught(|| Decompress::with_markers(&[Marker::APP(1)]).from_mem(bytes)).map(Self)
    }
}

impl ImageDecoder for JpegDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        // A JPEG header has 16 bits for each.
        (self.0.width() as u32, self.0.height() as u32)
    }

    fn color_type(&self) -> ColorType {
        ColorType::Rgb8
    }

    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        let exif = |marker: mozjpeg::decompress::MarkerData<'_>| {
            marker.data.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec)
        };
        Ok(self.0.markers().find_map(exif))
    }

    fn read_image(self, pixels: &mut [u8]) -> ImageResult<()> {
        caught(|| match self.0.color_space() {
            ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK => read_cmyk(self.0, pixels),
            _ => self.0.rgb()?.read_scanlines_into(pixels).map(drop),
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
            *pixel = [cyan, magenta, yellow].map(|ink| {
                let light = u32::from(light);
                let product = u32::from(255 - ink) * light + 128;
                // The product divided by 255 and rounded, at most `light`.
                (light - ((product >> 8) + product) / 256) as u8
            });
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
