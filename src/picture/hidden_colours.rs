//! Colours under pixels that cannot be seen: whatever a program left there, networks would see it, and normalisations would carry
//! it into the visible part.

use image::DynamicImage;

use super::distance_transform::DistanceTransform;
use super::samples::{Subpixel, with_samples};

/// The largest picture whose hidden colours are replaced, in pixels: about 10 bytes of memory are needed for each.
pub(crate) const MAX_FILLED_PIXELS: u64 = 1 << 26;

/// The picture with the nearest visible colour in each fully transparent pixel; `None` if no pixel, or every pixel, is one.
pub(crate) fn fill_hidden(picture: &DynamicImage) -> Option<DynamicImage> {
    fn hidden<T: Subpixel>(samples: &[T], channels: usize) -> Vec<bool> {
        let pixels = samples.chunks_exact(channels);
        pixels
            .map(|pixel| pixel[channels - 1].to_u16() == 0)
            .collect()
    }
    fn fill<T: Subpixel>(samples: &mut [T], channels: usize, hidden: &[bool], nearest: &[u32]) {
        for (index, _) in hidden.iter().enumerate().filter(|(_, hidden)| **hidden) {
            let from = nearest[index] as usize * channels;
            // Visible pixels are never written to.
            samples.copy_within(from..from + channels - 1, index * channels);
        }
    }
    if !picture.color().has_alpha() {
        return None;
    }
    let hidden = with_samples!(
        picture,
        samples,
        channels,
        hidden(samples.as_raw(), channels),
        return None
    );
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    if !hidden.contains(&true) || !hidden.contains(&false) {
        return None;
    }
    let nearest = DistanceTransform::new(&hidden, (width, height)).places;
    let mut filled = picture.clone();
    with_samples!(
        &mut filled,
        samples,
        channels,
        fill(samples, channels, &hidden, &nearest),
        return None
    );
    Some(filled)
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    fn sprite(under: impl Fn(u32, u32) -> [u8; 3]) -> DynamicImage {
        RgbaImage::from_fn(23, 17, |x, y| {
            let (right, down) = (x as i32 - 11, y as i32 - 8);
            let distance = right * right + down * down;
            let [red, green, blue] = under(x, y);
            match distance {
                0..25 => Rgba([200, x as u8, y as u8, 255]),
                25..36 => Rgba([100, 90, x as u8, 128]),
                _ => Rgba([red, green, blue, 0]),
            }
        })
        .into()
    }

    #[test]
    fn what_lies_under_transparent_pixels_changes_nothing() {
        let black = fill_hidden(&sprite(|_, _| [0; 3])).unwrap();
        let noise = sprite(|x, y| [(x * 37 + y * 91) as u8, (x * y) as u8, 7]);
        assert_eq!(fill_hidden(&noise).unwrap(), black);
        // Half-covered pixels keep their colour, and the nearest one continues it.
        assert_eq!(black.to_rgba8().get_pixel(11, 3).0[..3], [100, 90, 11]);
        assert_eq!(black.to_rgba8().get_pixel(11, 0).0, [100, 90, 11, 0]);
    }

    #[test]
    fn pictures_without_hidden_or_visible_pixels_stay() {
        let opaque = RgbaImage::from_pixel(3, 2, Rgba([1, 2, 3, 255]));
        assert_eq!(fill_hidden(&opaque.into()), None);
        let empty = RgbaImage::from_pixel(3, 2, Rgba([1, 2, 3, 0]));
        assert_eq!(fill_hidden(&empty.into()), None);
        assert_eq!(fill_hidden(&DynamicImage::new_rgb8(3, 2)), None);
    }
}
