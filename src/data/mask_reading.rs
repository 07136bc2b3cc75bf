//! Reading masks from picture files.

use std::path::Path;

use image::DynamicImage;

use super::mask::Mask;
use super::mask_threshold::MaskThreshold;
use crate::picture::{PictureError, PictureLimits, Subpixel, read_picture, with_samples};

/// White in the levels that are compared.
const WHITE: u16 = u16::MAX;
/// By so much the channels of a colour differ at least; what differs less may be grey with the noise of a JPEG.
const COLOURED: u16 = WHITE / 8;
/// What is darker in all channels is the background of objects that are drawn in colours.
const BACKGROUND: u16 = WHITE / 8;
/// Where more of what is not black lies between, a note says so.
const SOFT_SHARE: f64 = 0.25;

/// A mask that was read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskFile {
    /// Its holes.
    pub mask: Mask,
    /// What should be known about it.
    pub note: Option<String>,
}

impl MaskFile {
    /// Reads a mask: grey from `threshold` on is a hole. In a mask with colours every colour is, on a black background. What is
    /// transparent counts less, as far as it is so.
    ///
    /// # Errors
    /// The file cannot be read; or it is not black all over, and yet nothing is a hole; or has colours and no background.
    pub fn read(
        path: &Path,
        threshold: MaskThreshold,
        limits: PictureLimits,
    ) -> Result<Self, PictureError> {
        let picture = read_picture(path, limits)?.pixels;
        Self::from_picture(&picture, threshold).map_err(|message| PictureError::NotAMask {
            path: path.to_owned(),
            message,
        })
    }

    fn from_picture(picture: &DynamicImage, threshold: MaskThreshold) -> Result<Self, String> {
        let size = (picture.width() as usize, picture.height() as usize);
        let pixels = with_samples!(
            picture,
            levels,
            channels,
            pixels(levels.as_raw(), channels),
            return Err("holds floating-point numbers: save it with 8 bits".to_owned())
        );
        let brightest = pixels.iter().map(|pixel| pixel.brightest).max();
        if brightest.is_none_or(|brightest| brightest == 0) {
            let is_transparent = |pixel: &MaskPixel| pixel.alpha < WHITE;
            let see_through = pixels.iter().filter(|pixel| is_transparent(pixel)).count();
            if see_through > 0 && see_through < pixels.len() {
                return Err(
                    "is black all over, and only its transparency differs: save it without, with white where it is to be filled"
                        .to_owned(),
                );
            }
            return Ok(Self {
                mask: Mask::from_fn(size.0, size.1, |_, _| false),
                note: None,
            });
        }
        if pixels.iter().any(MaskPixel::is_coloured) {
            return of_colours(&pixels, size);
        }
        let bits_8 = !crate::picture::is_16_bit(picture.color());
        of_grey(&pixels, size, threshold, bits_8)
    }
}

/// A pixel of a mask, its levels as far as they are opaque.
struct MaskPixel {
    grey: u16,
    brightest: u16,
    darkest: u16,
    alpha: u16,
}

impl MaskPixel {
    fn is_coloured(&self) -> bool {
        self.brightest - self.darkest >= COLOURED
    }

    fn is_background(&self) -> bool {
        self.brightest < BACKGROUND
    }
}

/// `channels` of each pixel: grey or RGB, perhaps with alpha.
fn pixels<T: Subpixel>(levels: &[T], channels: usize) -> Vec<MaskPixel> {
    let scale = u32::from(WHITE) / u32::from(T::MAX_SAMPLE);
    let level = |sample: T| u32::from(sample.to_u16()) * scale;
    let white = u32::from(WHITE);
    let pixels = levels.chunks_exact(channels).map(|pixel| {
        let alpha = if channels.is_multiple_of(2) {
            level(pixel[channels - 1])
        } else {
            white
        };
        let seen = |sample: T| {
            let product = u64::from(level(sample)) * u64::from(alpha);
            ((product + u64::from(white) / 2) / u64::from(white)) as u32
        };
        let [red, green, blue] = if channels >= 3 {
            [0, 1, 2].map(|channel| seen(pixel[channel]))
        } else {
            [seen(pixel[0]); 3]
        };
        // The weights of Pillow's conversion to grey; they add up to 65536.
        let grey = (u64::from(red) * 19_595
            + u64::from(green) * 38_470
            + u64::from(blue) * 7_471
            + 32_768)
            >> 16;
        MaskPixel {
            grey: grey as u16,
            brightest: red.max(green).max(blue) as u16,
            darkest: red.min(green).min(blue) as u16,
            alpha: alpha as u16,
        }
    });
    pixels.collect()
}

/// Objects that are drawn in colours, as annotation programs write them.
fn of_colours(pixels: &[MaskPixel], size: (usize, usize)) -> Result<MaskFile, String> {
    if !pixels.iter().any(MaskPixel::is_background) {
        return Err(
            "is drawn in colours and has no black background: make white what is to be filled, and black what is to stay"
                .to_owned(),
        );
    }
    Ok(MaskFile {
        mask: Mask::from_fn(size.0, size.1, |x, y| {
            !pixels[y * size.0 + x].is_background()
        }),
        note: None,
    })
}

fn of_grey(
    pixels: &[MaskPixel],
    size: (usize, usize),
    threshold: MaskThreshold,
    has_8_bits: bool,
) -> Result<MaskFile, String> {
    let lowest = threshold.level(WHITE);
    let mask = Mask::from_fn(size.0, size.1, |x, y| pixels[y * size.0 + x].grey >= lowest);
    if mask.is_empty() {
        // In the numbers of the file.
        let white = if has_8_bits { u8::MAX.into() } else { WHITE };
        let brightest = pixels.iter().map(|pixel| pixel.grey).max().unwrap_or(0);
        let brightest = brightest / (WHITE / white);
        let factor = white / brightest.max(1);
        let advice = if factor > 1 {
            format!("multiply its values by {factor}, or lower the mask threshold")
        } else {
            "lower the mask threshold".to_owned()
        };
        return Err(format!(
            "has nothing that is white: its brightest value is {brightest} of {white}, and holes begin at {}: {advice}",
            threshold.level(white)
        ));
    }
    let (black, white) = (WHITE / 20, WHITE - WHITE / 20);
    let not_black = pixels.iter().filter(|pixel| pixel.grey > black).count();
    let between = |pixel: &&MaskPixel| pixel.grey > black && pixel.grey < white;
    let soft = pixels.iter().filter(between).count();
    let share = soft as f64 / not_black.max(1) as f64;
    let note = (share > SOFT_SHARE).then(|| {
        format!(
            "{:.0} % of its mask is grey and not white: from {} of white on it counts as a hole, which the mask threshold decides",
            100.0 * share,
            threshold.share()
        )
    });
    Ok(MaskFile { mask, note })
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::*;

    fn read(picture: impl Into<DynamicImage>, threshold: f64) -> Result<MaskFile, String> {
        MaskFile::from_picture(&picture.into(), MaskThreshold::new(threshold).unwrap())
    }

    fn holes(picture: impl Into<DynamicImage>) -> Vec<bool> {
        read(picture, 0.5).unwrap().mask.holes().to_vec()
    }

    fn grey<const N: usize>(levels: [u8; N]) -> DynamicImage {
        ImageBuffer::from_fn(N as u32, 1, |x, _| Luma([levels[x as usize]])).into()
    }

    fn deep<const N: usize>(levels: [u16; N]) -> DynamicImage {
        ImageBuffer::from_fn(N as u32, 1, |x, _| Luma([levels[x as usize]])).into()
    }

    fn rgb<const N: usize>(colours: [[u8; 3]; N]) -> DynamicImage {
        ImageBuffer::from_fn(N as u32, 1, |x, _| Rgb(colours[x as usize])).into()
    }

    #[test]
    fn white_and_light_grey_are_holes_in_every_depth() {
        assert_eq!(holes(grey([0, 127, 128, 255])), [false, false, true, true]);
        assert_eq!(
            holes(deep([0, 32_767, 32_768, 65_535])),
            [false, false, true, true]
        );
        assert_eq!(holes(grey([0, 0])), [false, false], "black is empty");
    }

    #[test]
    fn a_mask_that_is_too_dark_names_value_and_factor() {
        for (picture, value, factor) in [
            (
                grey([0, 1, 0]),
                "1 of 255, and holes begin at 128",
                "by 255,",
            ),
            (
                deep([0, 255, 0]),
                "255 of 65535, and holes begin at 32768",
                "by 257,",
            ),
            (
                grey([0, 100, 3]),
                "100 of 255, and holes begin at 128",
                "by 2,",
            ),
        ] {
            let message = read(picture, 0.5).unwrap_err();
            assert!(
                message.contains(value) && message.contains(factor),
                "{message}"
            );
        }
        let lower = read(grey([0, 1, 0]), 0.002).unwrap();
        assert_eq!(lower.mask.holes(), [false, true, false]);
        let message = read(grey([0, 200, 0]), 0.9).unwrap_err();
        assert!(
            message.ends_with("begin at 230: lower the mask threshold"),
            "{message}"
        );
    }

    #[test]
    fn every_colour_but_the_black_background_is_a_hole() {
        let voc = [
            [0, 0, 0],
            [128, 0, 0],
            [64, 0, 0],
            [0, 0, 255],
            [224, 224, 192],
        ];
        assert_eq!(holes(rgb(voc)), [false, true, true, true, true]);
        let message = read(rgb([[255, 255, 255], [255, 0, 0]]), 0.5).unwrap_err();
        assert!(message.contains("no black background"), "{message}");
        // The noise of a JPEG makes no colours.
        assert_eq!(holes(rgb([[20, 0, 9], [255, 250, 240]])), [false, true]);
    }

    #[test]
    fn what_is_transparent_is_no_hole() {
        let alphas = [0, 100, 200, 255];
        let mask = ImageBuffer::from_fn(5, 1, |x, _| match alphas.get(x as usize) {
            Some(&alpha) => Rgba([255u8, 255, 255, alpha]),
            None => Rgba([0, 0, 0, 255]),
        });
        assert_eq!(holes(mask), [false, false, true, true, false]);
        let hidden = ImageBuffer::from_fn(2, 1, |x, _| LumaA([0u8, x as u8 * 255]));
        let message = read(hidden, 0.5).unwrap_err();
        assert!(
            message.contains("only its transparency differs"),
            "{message}"
        );
    }

    #[test]
    fn soft_edges_are_noted_and_hard_ones_are_not() {
        let soft = read(grey([0, 60, 120, 180, 255]), 0.5).unwrap();
        assert!(soft.note.unwrap().starts_with("75 % of its mask is grey"));
        let hard = read(grey([0, 0, 128, 255, 255, 255, 255]), 0.5).unwrap();
        assert_eq!(hard.note, None);
    }
}
