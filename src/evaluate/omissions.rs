//! What of the files is not compared: scores look better than they are where two pictures differ in nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use image::{DynamicImage, RgbImage};

use crate::picture::{
    PictureError, PictureLimits, Subpixel, is_16_bit, read_picture, rgb, with_samples,
};
use crate::wording::counted;

/// Pictures of 16 bits whose highest level is below this share of the range have few levels in their upper 8 bits.
const USED_SHARE: f64 = 0.125;

/// What is not compared of a picture, each in words.
pub(super) type Omissions = Vec<String>;

/// Reads a picture as it is compared, upright 8-bit RGB, and what this leaves out.
pub(super) fn read_compared(path: &Path) -> Result<(RgbImage, Omissions), PictureError> {
    let picture = read_picture(path, PictureLimits::default())?;
    let is_part =
        |note: &&String| note.contains("first") || note.contains("band") || note.contains("frame");
    let mut omissions: Omissions = picture
        .notes
        .iter()
        .filter(is_part)
        .map(|note| format!("of which only a part was compared: {note}"))
        .collect();
    let pixels = &picture.pixels;
    if pixels.color().has_alpha() && !is_opaque(pixels) {
        omissions.push("whose transparency was not compared".to_owned());
    }
    omissions.extend(lost_levels(pixels));
    Ok((rgb(picture.pixels, picture.format), omissions))
}

/// The omissions of all pictures: each once, with the number of its pictures.
pub(super) fn summed_up(all: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for omission in all {
        *counts.entry(omission).or_default() += 1;
    }
    let counts = counts.into_iter();
    let sentences = counts.map(|(words, count)| format!("{} {words}", counted(count, "picture")));
    sentences.collect()
}

fn is_opaque(picture: &DynamicImage) -> bool {
    with_samples!(
        picture,
        levels,
        channels,
        is_opaque_in(levels.as_raw(), channels),
        true
    )
}

fn is_opaque_in<T: Subpixel>(levels: &[T], channels: usize) -> bool {
    let alpha = levels.iter().skip(channels - 1).step_by(channels);
    alpha.copied().all(|alpha| alpha.to_u16() == T::MAX_SAMPLE)
}

/// What is lost of levels of 16 bits.
fn lost_levels(picture: &DynamicImage) -> Option<String> {
    if !is_16_bit(picture.color()) {
        return None;
    }
    let (highest, has_more) = with_samples!(
        picture,
        levels,
        channels,
        levels_of(levels.as_raw(), channels),
        return None
    );
    if f64::from(highest) < USED_SHARE * f64::from(u16::MAX) {
        return Some(format!(
            "of 16 bits with levels up to {highest} only, of which the upper 8 bits were compared: these hold {} levels, and scores are far too good; stretch them to the whole range",
            (highest >> 8) + 1
        ));
    }
    has_more.then(|| "of 16 bits, of which the upper 8 were compared".to_owned())
}

/// The highest level but for alpha, and whether there are more than 8 bits can say.
fn levels_of<T: Subpixel>(levels: &[T], channels: usize) -> (u16, bool) {
    let colours = channels - usize::from(channels.is_multiple_of(2));
    let pixels = levels.chunks_exact(channels);
    let levels = pixels.flat_map(|pixel| &pixel[..colours]);
    levels.fold((0, false), |(highest, has_more), level| {
        let level = level.to_u16();
        (highest.max(level), has_more || !level.is_multiple_of(257))
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, ImageFormat, Luma, Rgba};

    use super::*;

    fn omissions(picture: impl Into<DynamicImage>) -> Omissions {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        picture
            .into()
            .save_with_format(&path, ImageFormat::Png)
            .unwrap();
        read_compared(&path).unwrap().1
    }

    #[test]
    fn what_is_not_compared_is_said() {
        let deep = |most: u16| {
            ImageBuffer::from_fn(4, 4, move |x, y| Luma([(x * 4 + y) as u16 * (most / 16)]))
        };
        let twelve_bits = omissions(deep(4_000));
        assert!(
            twelve_bits[0].starts_with("of 16 bits with levels up to 3750 only"),
            "{twelve_bits:?}"
        );
        assert_eq!(
            omissions(deep(65_000)),
            ["of 16 bits, of which the upper 8 were compared"]
        );
        let eight = ImageBuffer::from_fn(4, 4, |x, _| Luma([x as u16 * 85 * 257]));
        assert!(omissions(eight).is_empty());
        let seen = |alpha: u8| ImageBuffer::from_pixel(4, 4, Rgba([1, 2, 3, alpha]));
        assert_eq!(omissions(seen(7)), ["whose transparency was not compared"]);
        assert!(omissions(seen(255)).is_empty());
        assert_eq!(
            summed_up(["b".to_owned(), "a".to_owned(), "b".to_owned()]),
            ["1 picture a", "2 pictures b"]
        );
    }
}
