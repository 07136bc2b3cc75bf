//! What the numbers in a TIFF file are: palettes, grey with alpha, inks and planes of their own, of which `image` reads only some.

use image::{DynamicImage, ImageBuffer};
use tiff::ColorType;

use crate::picture::byte_source::ByteSource;
use crate::picture::cmyk::{cmyk_to_rgb8, cmyk_to_rgb16};
use crate::picture::metadata::ifd::IfdReader;
use crate::picture::samples::{Subpixel, unpack};

const PHOTOMETRIC: u16 = 262;
const COLOUR_MAP: u16 = 320;

/// How transparency is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alpha {
    /// Colours have been multiplied by it.
    Associated,
    /// Colours are as they are.
    Unassociated,
}

impl Alpha {
    pub(crate) fn of(extra_sample: u16) -> Option<Self> {
        match extra_sample {
            1 => Some(Self::Associated),
            2 => Some(Self::Unassociated),
            _ => None,
        }
    }
}

/// Kinds of pixels.
#[derive(Debug)]
pub(crate) enum PixelLayout {
    /// Grey of fewer than 8 bits.
    Packed(usize),
    /// Places in a palette.
    Palette(usize, Palette),
    /// Grey or RGB, perhaps with alpha.
    Direct {
        channels: usize,
        alpha: Option<Alpha>,
    },
    /// CMYK.
    Cmyk { channels: usize },
    /// Luma and two differences of colour, as in JPEG.
    YCbCr,
}

impl PixelLayout {
    pub(crate) fn of(
        colour: ColorType,
        alpha: Option<Alpha>,
        palette: Option<Palette>,
    ) -> Option<Self> {
        Some(match (colour, palette) {
            (ColorType::Gray(bits @ (1 | 2 | 4 | 8)), Some(palette)) => {
                Self::Palette(usize::from(bits), palette)
            }
            (ColorType::Gray(bits @ (1 | 2 | 4)), None) => Self::Packed(usize::from(bits)),
            (ColorType::Gray(8 | 16 | 32), None) => Self::Direct {
                channels: 1,
                alpha: None,
            },
            (
                ColorType::Multiband {
                    bit_depth: 8 | 16,
                    num_samples: 2,
                },
                None,
            ) => Self::Direct { channels: 2, alpha },
            (ColorType::RGB(8 | 16 | 32), None) => Self::Direct {
                channels: 3,
                alpha: None,
            },
            (ColorType::RGBA(8 | 16 | 32), None) => Self::Direct { channels: 4, alpha },
            (ColorType::CMYK(8 | 16), None) => Self::Cmyk { channels: 4 },
            (ColorType::CMYKA(8 | 16), None) => Self::Cmyk { channels: 5 },
            (ColorType::YCbCr(8), None) => Self::YCbCr,
            _ => return None,
        })
    }

    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Packed(_) | Self::Palette(..) => 1,
            Self::Direct { channels, .. } | Self::Cmyk { channels } => *channels,
            Self::YCbCr => 3,
        }
    }

    pub(crate) fn to_8_bit(&self, levels: Vec<u8>, size: (u32, u32)) -> Option<DynamicImage> {
        let indices = |bits: usize| {
            let row = (size.0 as usize * bits).div_ceil(8);
            let rows = levels.chunks_exact(row);
            rows.flat_map(move |row| unpack(row, bits, size.0 as usize))
        };
        match *self {
            Self::Packed(bits) => {
                let most = (1 << bits) - 1;
                let levels = indices(bits).map(|level| (level * 255 / most) as u8);
                u8::into_image(levels.collect(), 1, size)
            }
            Self::Palette(bits, ref palette) => {
                let colours = indices(bits).flat_map(|index| palette.colour(index));
                u8::into_image(colours.collect(), 3, size)
            }
            Self::Direct { channels, alpha } => {
                Subpixel::into_image(unpremultiply(levels, channels, alpha), channels, size)
            }
            Self::Cmyk { channels: 4 } => {
                let inks = levels.as_chunks::<4>().0.iter();
                let colours = inks.flat_map(|&[c, m, y, k]| cmyk_to_rgb8([c, m, y], 255 - k));
                u8::into_image(colours.collect(), 3, size)
            }
            Self::Cmyk { .. } => {
                let inks = levels.as_chunks::<5>().0.iter();
                let colours = inks.flat_map(|&[c, m, y, k, alpha]| {
                    let [red, green, blue] = cmyk_to_rgb8([c, m, y], 255 - k);
                    [red, green, blue, alpha]
                });
                u8::into_image(colours.collect(), 4, size)
            }
            Self::YCbCr => {
                let colours = levels
                    .as_chunks::<3>()
                    .0
                    .iter()
                    .flat_map(|&pixel| ycbcr_to_rgb(pixel));
                u8::into_image(colours.collect(), 3, size)
            }
        }
    }

    pub(crate) fn sixteen_bits(&self, levels: Vec<u16>, size: (u32, u32)) -> Option<DynamicImage> {
        match *self {
            Self::Direct { channels, alpha } => {
                Subpixel::into_image(unpremultiply(levels, channels, alpha), channels, size)
            }
            Self::Cmyk { channels: 4 } => {
                let inks = levels.as_chunks::<4>().0.iter();
                let colours = inks.flat_map(|&[c, m, y, k]| cmyk_to_rgb16([c, m, y], 65_535 - k));
                u16::into_image(colours.collect(), 3, size)
            }
            _ => None,
        }
    }

    pub(crate) fn floats(
        &self,
        levels: Vec<f32>,
        (width, height): (u32, u32),
    ) -> Option<DynamicImage> {
        match self.channels() {
            3 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgb32F),
            4 => ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageRgba32F),
            _ => None,
        }
    }
}

/// Colours without the alpha that they have been multiplied by.
fn unpremultiply<T: Subpixel>(mut levels: Vec<T>, channels: usize, alpha: Option<Alpha>) -> Vec<T> {
    if alpha == Some(Alpha::Associated) {
        for pixel in levels.chunks_exact_mut(channels) {
            let (colours, alpha) = pixel.split_at_mut(channels - 1);
            let alpha = f32::from(alpha[0].to_u16()) / f32::from(T::MAX_SAMPLE);
            if alpha > 0.0 {
                for colour in colours {
                    let level = f32::from(colour.to_u16()) / alpha;
                    *colour = T::from_f32(level.min(f32::from(T::MAX_SAMPLE)));
                }
            }
        }
    }
    levels
}

/// Planes, of which there may be more than the kind of pixels has channels, as pixels.
pub(crate) fn interleaved<T: Copy>(levels: Vec<T>, planes: usize, kind: &PixelLayout) -> Vec<T> {
    if planes <= 1 {
        return levels;
    }
    let area = levels.len() / planes;
    let mut pixels = Vec::with_capacity(area * kind.channels());
    for place in 0..area {
        pixels
            .extend((0..kind.channels()).filter_map(|channel| levels.get(channel * area + place)));
    }
    pixels
}

/// The conversion of JPEG (ITU-R 601, full range).
fn ycbcr_to_rgb([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let [luma, blue, red] = [
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    ];
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|level| level.round() as u8)
}

/// The colours of a file with a palette. The `tiff` crate knows no palettes: it is told that their places are grey.
#[derive(Debug)]
pub(crate) struct Palette {
    /// First the red of all colours, then their green, then their blue.
    levels: Vec<u8>,
    /// Where the file says that it has a palette, and the bytes that say that it is grey.
    pub(crate) photometric: (u64, [u8; 2]),
}

impl Palette {
    /// None for files without a palette.
    pub(crate) fn of(bytes: ByteSource<'_>) -> Option<Self> {
        const PALETTE: u32 = 3;
        let tags = IfdReader::new(bytes)?;
        let first = tags.first()?;
        let photometric = first.find(PHOTOMETRIC)?;
        if first.number(PHOTOMETRIC, tags)? != PALETTE {
            return None;
        }
        let map = tags.numbers(first.find(COLOUR_MAP)?);
        // Levels have 16 bits; some programs write 8.
        let shift = if map.iter().any(|&level| level > 255) {
            8
        } else {
            0
        };
        let black_is_zero = if tags.is_big_endian() { [0, 1] } else { [1, 0] };
        Some(Self {
            levels: map.iter().map(|level| (level >> shift) as u8).collect(),
            photometric: (photometric.value.start as u64, black_is_zero),
        })
    }

    fn colour(&self, index: u16) -> [u8; 3] {
        let count = self.levels.len() / 3;
        let level = |channel: usize| self.levels.get(channel * count + usize::from(index));
        [0, 1, 2].map(|channel| level(channel).copied().unwrap_or(0))
    }
}
