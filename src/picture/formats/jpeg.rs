//! JPEG files decoded by libjpeg-turbo's decoder, the one in Pillow: accurate integer inverse DCT, smooth upsampling of chroma. The
//! standard leaves both open, other decoders differ by a few levels.

use image::error::{DecodingError, ImageFormatHint};
use image::{DynamicImage, ImageError, ImageFormat, ImageResult};
use mozjpeg::decompress::DecompressStarted;
use mozjpeg::{ColorSpace, Decompress, Marker, PixelDensityUnit};

use super::jpeg_encoder::{LONGEST, XMP};
use crate::panics;
use crate::picture::cmyk::cmyk_to_rgb8;
use crate::picture::decode::{DecodeError, RowDecoder, block_rows, check_size, orientation};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::ifd::IfdReader;
use crate::picture::metadata::{Density, Georeference};
use crate::picture::samples::Subpixel;

/// Reads the header of a file. CMYK pictures will be converted to RGB.
pub(crate) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<RowDecoder<'_>, DecodeError> {
    let mut decoder = JpegDecoder::new(bytes)?;
    let (width, height) = decoder.dimensions();
    if limits.allow(width, height) && decoder.promises_too_much(bytes.len()) {
        let message = format!("it is too short for the {width}x{height} that it promises");
        return Err(DecodeError::Damaged(message));
    }
    check_size((width, height), limits)?;
    let exif = decoder.segment(b"Exif\0\0");
    let density = decoder.0.pixel_density();
    let pictures = decoder.pictures();
    Ok(RowDecoder {
        size: (width, height),
        orientation: orientation(exif.as_deref()),
        profile: decoder.profile(),
        exif,
        xmp: decoder.segment(XMP),
        notes: decoder
            .is_cmyk()
            .then(|| "converted from CMYK to RGB".to_owned())
            .into_iter()
            .chain((pictures > 1).then(|| format!("the first of its {pictures} pictures")))
            .collect(),
        density: density.and_then(|density| {
            let (across, down) = (density.x.into(), density.y.into());
            match density.unit {
                PixelDensityUnit::Inches => Density::per_inch(across, down),
                PixelDensityUnit::Centimeters => Density::new(across * 100.0, down * 100.0),
                PixelDensityUnit::PixelAspectRatio => None,
            }
        }),
        georeference: Georeference::default(),
        exclusion: None,
        blocks: Box::new(Rows {
            kind: decoder.kind(),
            state: State::Header(decoder),
            left: height,
        }),
    })
}

/// Why the kind of compression in a file is not read; `None` if it is read, or if the file is damaged before its frame begins.
pub(crate) fn unsupported_kind(bytes: &[u8]) -> Option<&'static str> {
    let mut position = 2;
    loop {
        position += bytes
            .get(position..)?
            .iter()
            .position(|&byte| byte != 0xFF)?;
        let marker = bytes[position];
        let length = bytes.get(position + 1..)?.first_chunk()?;
        match marker {
            // Sequential and progressive frames, with Huffman or arithmetic coding: the sample precision, height and width follow the length.
            0xC0..=0xC2 | 0xC9 | 0xCA => {
                let [bits, sides @ ..]: [u8; 5] = *bytes.get(position + 3..)?.first_chunk()?;
                let sides = [[sides[0], sides[1]], [sides[2], sides[3]]].map(u16::from_be_bytes);
                return match bits {
                    8 if sides.iter().any(|side| *side > LONGEST) => Some(
                        "it has more than the 65500 pixels a side that JPEG decoders take: save it as PNG or TIFF",
                    ),
                    8 => None,
                    _ => Some("it is a JPEG with 12 bits: save it as TIFF or PNG with 16 bits"),
                };
            }
            0xC3 | 0xCB => return Some("it is a lossless JPEG: save it as PNG or TIFF"),
            0xC5..=0xC7 | 0xCD..=0xCF => {
                return Some("it is a hierarchical JPEG: save it as PNG or TIFF");
            }
            0xF7 => return Some("it is a JPEG-LS picture: save it as PNG or TIFF"),
            _ => position += 1 + usize::from(u16::from_be_bytes(*length)),
        }
    }
}

/// A JPEG file whose header has been read.
struct JpegDecoder<'a>(Decompress<&'a [u8]>);

impl<'a> JpegDecoder<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// The header is damaged, or of a kind of JPEG that is not supported (see [`unsupported_kind`]).
    fn new(bytes: &'a [u8]) -> ImageResult<Self> {
        caught(|| Decompress::with_markers(&[Marker::APP(1), Marker::APP(2)]).from_mem(bytes))
            .map(Self)
    }

    /// Whether a file of so many bytes cannot hold the picture that the header promises: each block of 8 x 8 pixels takes a bit at
    /// least. The decoder would take memory for all of them.
    fn promises_too_much(&self, bytes: usize) -> bool {
        let blocks = self.0.width().div_ceil(8) * self.0.height().div_ceil(8);
        blocks > bytes.saturating_mul(8)
    }

    /// Whether the file has four inks.
    fn is_cmyk(&self) -> bool {
        matches!(
            self.0.color_space(),
            ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK
        )
    }

    fn kind(&self) -> Kind {
        match self.0.color_space() {
            ColorSpace::JCS_GRAYSCALE => Kind::Grey,
            _ if self.is_cmyk() => Kind::Cmyk,
            _ => Kind::Colours,
        }
    }

    fn dimensions(&self) -> (u32, u32) {
        // A JPEG header has 16 bits for each.
        (self.0.width() as u32, self.0.height() as u32)
    }

    /// A profile is cut into pieces, of which a segment holds one, with its number. Without a missing piece it is shorter
    /// than its header says.
    fn profile(&self) -> Option<Vec<u8>> {
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
        (!pieces.is_empty()).then_some(profile)
    }

    /// What the first segment that begins with `signature` holds.
    fn segment(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let mut markers = self.0.markers();
        markers.find_map(|marker| marker.data.strip_prefix(signature).map(<[u8]>::to_vec))
    }

    /// How many pictures the file says that it holds (Multi-Picture Format): several views, previews, or a gain map.
    fn pictures(&self) -> u64 {
        const NUMBER_OF_IMAGES: u16 = 0xB001;
        let number = || {
            let block = self.segment(b"MPF\0")?;
            let tags = IfdReader::new(&block[..])?;
            tags.first()?.number(NUMBER_OF_IMAGES, tags)
        };
        number().unwrap_or(1)
    }

    fn start(self, kind: Kind) -> std::io::Result<DecompressStarted<&'a [u8]>> {
        match kind {
            Kind::Grey => self.0.grayscale(),
            Kind::Cmyk => self.0.to_colorspace(ColorSpace::JCS_CMYK),
            Kind::Colours => self.0.rgb(),
        }
    }
}

/// What the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Grey,
    /// Inverted CMYK, which is what programs write.
    Cmyk,
    Colours,
}

/// The rows of a picture that have not been decoded. Of a progressive file the decoder itself holds all.
struct Rows<'a> {
    kind: Kind,
    state: State<'a>,
    left: u32,
}

enum State<'a> {
    Header(JpegDecoder<'a>),
    Started(DecompressStarted<&'a [u8]>),
    Over,
}

impl Rows<'_> {
    fn block(&mut self) -> ImageResult<Option<DynamicImage>> {
        let mut decoder = match std::mem::replace(&mut self.state, State::Over) {
            State::Header(decoder) => caught(|| decoder.start(self.kind))?,
            State::Started(decoder) if self.left > 0 => decoder,
            _ => return Ok(None),
        };
        let width = decoder.width();
        let channels = if self.kind == Kind::Grey { 1 } else { 3 };
        let height = (block_rows(width * channels) as u32).min(self.left);
        let mut levels = vec![0; width * channels * height as usize];
        caught(|| match self.kind {
            Kind::Cmyk => read_inks(&mut decoder, &mut levels),
            _ => decoder.read_scanlines_into(&mut levels).map(drop),
        })?;
        self.left -= height;
        self.state = State::Started(decoder);
        Ok(u8::into_image(levels, channels, (width as u32, height)))
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<DynamicImage, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.block().map_err(DecodeError::from).transpose()
    }
}

/// Decodes row by row to inks, and from there to RGB with Pillow's arithmetic.
fn read_inks(decoder: &mut DecompressStarted<&[u8]>, pixels: &mut [u8]) -> std::io::Result<()> {
    let mut inks = vec![[0u8; 4]; decoder.width()];
    for row in pixels.chunks_exact_mut(inks.len() * 3) {
        decoder.read_scanlines_into(&mut inks)?;
        for (pixel, &[cyan, magenta, yellow, light]) in row.as_chunks_mut().0.iter_mut().zip(&inks)
        {
            *pixel = cmyk_to_rgb8([cyan, magenta, yellow].map(|ink| 255 - ink), light);
        }
    }
    Ok(())
}

/// The levels of a picture without colour profile and the like, as TIFF files hold them; its width and its channels. Luma and
/// colour differences are converted to RGB if `is_converted`. A picture of many more bytes than `expected` is refused.
pub(in crate::picture) fn decode_stream(
    bytes: &[u8],
    is_converted: bool,
    expected: usize,
) -> Result<(Vec<u8>, usize, usize), DecodeError> {
    let decoder = caught(|| Decompress::new_mem(bytes))?;
    let (width, height) = decoder.size();
    let own = decoder.color_space();
    let (wanted, channels) = match own {
        ColorSpace::JCS_GRAYSCALE => (own, 1),
        _ if is_converted => (ColorSpace::JCS_RGB, 3),
        ColorSpace::JCS_YCbCr | ColorSpace::JCS_RGB => (own, 3),
        ColorSpace::JCS_CMYK | ColorSpace::JCS_YCCK => (own, 4),
        _ => {
            let message = "its JPEG data have channels of an unknown kind";
            return Err(DecodeError::Unsupported(message.to_owned()));
        }
    };
    // Codecs pad strips to whole blocks.
    let length = width * height * channels;
    if length > expected * 2 + (1 << 20) {
        let message = "a strip or tile is larger than its page says";
        return Err(DecodeError::Damaged(message.to_owned()));
    }
    let mut levels = vec![0u8; length];
    caught(|| {
        let mut decoder = decoder.to_colorspace(wanted)?;
        match channels {
            1 => decoder.read_scanlines_into(&mut levels).map(drop),
            3 => decoder
                .read_scanlines_into(levels.as_chunks_mut::<3>().0)
                .map(drop),
            _ => decoder
                .read_scanlines_into(levels.as_chunks_mut::<4>().0)
                .map(drop),
        }
    })?;
    Ok((levels, width, channels))
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
    match panics::catch(step) {
        Ok(result) => result.map_err(|error| damaged(&error.to_string())),
        Err(message) => Err(damaged(&message)),
    }
}
