//! What the samples of a page are: grey, colours, transparency, inks, places in a palette, or bands that are none of these.

use image::DynamicImage;

use super::page::{Page, photometric};
use crate::picture::cmyk::{cmyk_to_rgb8, cmyk_to_rgb16};
use crate::picture::decode::DecodeError;
use crate::picture::sample_type::SampleType;
use crate::picture::samples::Subpixel;

/// How transparency is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Colours have been multiplied by it.
    Associated,
    /// Colours are as they are.
    Unassociated,
}

/// Kinds of pixels.
#[derive(Debug, PartialEq, Eq)]
enum PixelKind {
    /// Grey or RGB: so many of the first samples.
    Direct(usize),
    /// Places in a palette: red, green and blue of each colour.
    Palette(Vec<[u8; 3]>),
    Cmyk,
    /// Luma and two differences of colour.
    YCbCr,
}

/// What the samples of a pixel are.
#[derive(Debug)]
pub(super) struct PixelLayout {
    kind: PixelKind,
    /// The sample that is transparency.
    alpha: Option<(usize, Alpha)>,
    /// Samples of a pixel in the file.
    samples: usize,
    /// The highest sample, where it is less than that of 8 or 16 bits.
    most: Option<u16>,
    is_inverted: bool,
    /// Black and white of luma and colour differences.
    reference: [f32; 6],
}

impl PixelLayout {
    /// The layout of a page whose samples are plain numbers of up to 16 bits, and what should be known about it.
    pub(super) fn of(page: &Page) -> Result<(Self, Vec<String>), DecodeError> {
        let mut notes = Vec::new();
        let (kind, colours) = Self::kind(page, &mut notes)?;
        let alpha = Self::alpha(page, &kind, colours, &mut notes);
        let left_out = page.samples - colours - usize::from(alpha.is_some());
        if left_out > 0 {
            notes.push(match (colours, left_out) {
                (1, 1) => "the first of its 2 bands: the second is no transparency".to_owned(),
                (3, 1) if page.samples == 4 => {
                    "without its fourth band, which is no transparency".to_owned()
                }
                (1, _) => format!("the first of its {} bands", page.samples),
                _ => format!("the first {colours} of its {} bands", page.samples),
            });
        }
        let most = (!matches!(page.bits, 8 | 16)).then(|| ((1u32 << page.bits) - 1) as u16);
        if page.bits > 8 && page.bits < 16 {
            notes.push(format!("its {} bits stretched to 16", page.bits));
        }
        let reference = page.reference.as_deref().and_then(|levels| {
            let levels: Vec<f32> = levels.iter().map(|&level| level as f32).collect();
            <[f32; 6]>::try_from(levels).ok()
        });
        let layout = Self {
            is_inverted: page.photometric == photometric::WHITE_IS_ZERO,
            most: most.filter(|_| !matches!(kind, PixelKind::Palette(_))),
            kind,
            alpha,
            samples: page.samples,
            reference: reference.unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]),
        };
        Ok((layout, notes))
    }

    /// Whether the picture has transparency.
    pub(super) fn has_alpha(&self) -> bool {
        self.alpha.is_some()
    }

    /// Whether the levels of the picture are the samples of the file.
    pub(super) fn keeps_samples(&self) -> bool {
        matches!(self.kind, PixelKind::Direct(_)) && self.most.is_none() && !self.is_inverted
    }

    /// The kind and how many samples belong to it.
    fn kind(page: &Page, notes: &mut Vec<String>) -> Result<(PixelKind, usize), DecodeError> {
        let unsupported = |message: &str| Err(DecodeError::Unsupported(message.to_owned()));
        let extra = page.extra.as_deref().map_or(0, <[u64]>::len);
        let known = page.samples.saturating_sub(extra);
        match page.photometric {
            photometric::WHITE_IS_ZERO | photometric::BLACK_IS_ZERO | photometric::MASK => {
                match page.samples {
                    1 | 2 => Ok((PixelKind::Direct(1), 1)),
                    3 if page
                        .extra
                        .as_deref()
                        .is_none_or(|extra| !is_alpha(extra.last())) =>
                    {
                        notes.push(
                            "its 3 bands, which the file calls grey, are taken for red, green and blue"
                                .to_owned(),
                        );
                        Ok((PixelKind::Direct(3), 3))
                    }
                    bands => Err(DecodeError::Bands(bands)),
                }
            }
            photometric::RGB if page.samples >= 3 => Ok((PixelKind::Direct(3), 3)),
            photometric::PALETTE => match &page.palette {
                Some(map) if page.bits <= 8 => Ok((PixelKind::Palette(colours(map)), 1)),
                _ => unsupported(
                    "it has a palette of more than 256 colours, or none: convert it to RGB",
                ),
            },
            photometric::INKS if page.samples >= 4 && (known == 4 || page.samples == 4) => {
                notes.push("converted from CMYK to RGB".to_owned());
                Ok((PixelKind::Cmyk, 4))
            }
            photometric::RGB | photometric::INKS => Err(DecodeError::Bands(page.samples)),
            // The JPEG decoder has made RGB of it.
            photometric::YCBCR if page.samples == 3 && page.compression == 7 => {
                Ok((PixelKind::Direct(3), 3))
            }
            photometric::YCBCR if page.samples >= 3 && page.bits == 8 => {
                if page.is_planar && page.subsampling != (1, 1) {
                    return unsupported(
                        "its colours are stored in planes of another size: convert it to RGB",
                    );
                }
                Ok((PixelKind::YCbCr, 3))
            }
            8..=10 => unsupported(
                "its colours are CIE L*a*b*: convert it to RGB, for instance with `magick in.tif -colorspace sRGB out.tif`",
            ),
            32_803 | 34_892 => {
                unsupported("it holds raw sensor data: develop it to RGB with a raw converter")
            }
            32_844 | 32_845 => {
                unsupported("its colours are LogLuv: convert it to floating-point RGB")
            }
            _ => unsupported("its colours are of an unknown kind: convert it to RGB"),
        }
    }

    /// The first sample beyond the colours that the file calls transparency.
    fn alpha(
        page: &Page,
        kind: &PixelKind,
        colours: usize,
        notes: &mut Vec<String>,
    ) -> Option<(usize, Alpha)> {
        if matches!(kind, PixelKind::Palette(_)) {
            return None;
        }
        match &page.extra {
            Some(extra) => {
                let place = extra.iter().position(|sample| is_alpha(Some(sample)))?;
                let sample = page.samples.checked_sub(extra.len())? + place;
                let alpha = if extra[place] == 1 {
                    Alpha::Associated
                } else {
                    Alpha::Unassociated
                };
                (sample >= colours && sample < page.samples).then_some((sample, alpha))
            }
            None if page.photometric == photometric::RGB && page.samples == 4 => {
                notes.push(
                    "its fourth band, of which the file says nothing, is taken for transparency"
                        .to_owned(),
                );
                Some((3, Alpha::Unassociated))
            }
            None => None,
        }
    }

    /// Rows of samples as a picture of this (width, height).
    pub(super) fn image(
        &self,
        bytes: Vec<u8>,
        sample: SampleType,
        size: (u32, u32),
    ) -> Option<DynamicImage> {
        match sample {
            SampleType::Unsigned8 => self.pixels(bytes, size, cmyk_to_rgb8),
            SampleType::Unsigned16 => {
                let levels = bytes.as_chunks().0.iter();
                let levels = levels.map(|&level| u16::from_ne_bytes(level)).collect();
                self.pixels(levels, size, cmyk_to_rgb16)
            }
            _ => None,
        }
    }

    fn pixels<T: Subpixel>(
        &self,
        mut levels: Vec<T>,
        size: (u32, u32),
        ink: impl Fn([T; 3], T) -> [T; 3],
    ) -> Option<DynamicImage> {
        if let Some(most) = self.most {
            let most = u32::from(most);
            for level in &mut levels {
                let stretched = u32::from(level.to_u16()) * u32::from(T::MAX_SAMPLE) / most;
                *level = T::from_f32(stretched as f32);
            }
        }
        let inverted = |level: T| T::from_f32(f32::from(T::MAX_SAMPLE - level.to_u16()));
        let channels = match self.kind {
            PixelKind::Direct(channels) => channels,
            _ => 3,
        };
        let whole = channels + usize::from(self.alpha.is_some());
        if self.kind == PixelKind::Direct(channels)
            && whole == self.samples
            && !self.is_inverted
            && self
                .alpha
                .is_none_or(|(_, alpha)| alpha == Alpha::Unassociated)
        {
            return T::into_image(levels, whole, size);
        }
        let mut pixels = Vec::with_capacity(levels.len() / self.samples * whole);
        for pixel in levels.chunks_exact(self.samples) {
            let start = pixels.len();
            match &self.kind {
                PixelKind::Direct(1) if self.is_inverted => pixels.push(inverted(pixel[0])),
                PixelKind::Direct(channels) => pixels.extend_from_slice(&pixel[..*channels]),
                PixelKind::Palette(colours) => {
                    let colour = colours.get(usize::from(pixel[0].to_u16()));
                    let colour = colour.copied().unwrap_or_default();
                    pixels.extend(colour.map(|level| T::from_f32(level.into())));
                }
                PixelKind::Cmyk => {
                    pixels.extend(ink([pixel[0], pixel[1], pixel[2]], inverted(pixel[3])));
                }
                PixelKind::YCbCr => {
                    let levels = [pixel[0], pixel[1], pixel[2]].map(|level| level.to_u16().into());
                    pixels.extend(ycbcr_to_rgb(levels, &self.reference).map(T::from_f32));
                }
            }
            if let Some((place, alpha)) = self.alpha {
                if alpha == Alpha::Associated {
                    unpremultiply(&mut pixels[start..], pixel[place]);
                }
                pixels.push(pixel[place]);
            }
        }
        T::into_image(pixels, whole, size)
    }
}

/// Whether a sample beyond the colours is transparency.
pub(super) fn is_alpha(extra: Option<&u64>) -> bool {
    matches!(extra, Some(1 | 2))
}

/// The colours of a palette, whose levels have 16 bits; some programs write 8.
pub(super) fn colours(map: &[u64]) -> Vec<[u8; 3]> {
    let shift = if map.iter().any(|&level| level > 255) {
        8
    } else {
        0
    };
    let count = map.len() / 3;
    let level = |index: usize| (map[index] >> shift) as u8;
    (0..count)
        .map(|index| [index, count + index, 2 * count + index].map(level))
        .collect()
}

/// A pixel without the alpha that it has been multiplied by.
fn unpremultiply<T: Subpixel>(colours: &mut [T], alpha: T) {
    let alpha = f32::from(alpha.to_u16()) / f32::from(T::MAX_SAMPLE);
    if alpha > 0.0 {
        for colour in colours {
            let level = f32::from(colour.to_u16()) / alpha;
            *colour = T::from_f32(level.min(f32::from(T::MAX_SAMPLE)));
        }
    }
}

/// The conversion of TIFF 6 with the weights of ITU-R 601.
fn ycbcr_to_rgb(levels: [f32; 3], reference: &[f32; 6]) -> [f32; 3] {
    let scaled = |index: usize, range: f32| {
        let (low, high) = (reference[2 * index], reference[2 * index + 1]);
        (levels[index] - low) * range / (high - low).max(1.0)
    };
    let (luma, blue, red) = (scaled(0, 255.0), scaled(1, 127.0), scaled(2, 127.0));
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|level| level.clamp(0.0, 255.0))
}
