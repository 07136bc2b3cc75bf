//! Photos in their own depth and channels: to values, and back without touching what is known.

use image::DynamicImage;

use super::planes::Planes;
use crate::data::Mask;
use crate::picture::{Subpixel, grey_value, normalized_values, with_samples};

/// The values that networks see, with 1 channel (grey) or 3; the photo is supported.
pub(super) fn planes(photo: &DynamicImage, channels: usize) -> Planes {
    Planes {
        channels,
        width: photo.width() as usize,
        height: photo.height() as usize,
        values: normalized_values(photo, channels),
    }
}

/// Writes values into the holes of a photo, rounded to its levels, and makes them opaque.
pub(super) fn composite(photo: &mut DynamicImage, planes: &Planes, mask: &Mask) {
    with_samples!(
        photo,
        levels,
        own,
        composite_into(levels, own, planes, mask.holes()),
        ()
    );
}

fn composite_into<T: Subpixel>(levels: &mut [T], own: usize, planes: &Planes, holes: &[bool]) {
    let area = planes.area();
    for (place, pixel) in levels.chunks_exact_mut(own).enumerate() {
        if !holes[place] {
            continue;
        }
        let value = |channel: usize| planes.values[channel.min(planes.channels - 1) * area + place];
        let colour = [value(0), value(1), value(2)];
        let level = |value: f32| T::from_f32((0.5 * value + 0.5) * f32::from(T::MAX_SAMPLE));
        if own >= 3 {
            for (channel, value) in colour.into_iter().enumerate() {
                pixel[channel] = level(value);
            }
        } else {
            pixel[0] = level(grey_value(colour));
        }
        if own == 2 || own == 4 {
            pixel[own - 1] = T::from_f32(f32::from(T::MAX_SAMPLE));
        }
    }
}

/// The pixels that are not fully opaque; none where the photo has no transparency at all.
pub(super) fn transparent(photo: &DynamicImage) -> Option<Mask> {
    if !photo.color().has_alpha() {
        return None;
    }
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let seen = with_samples!(
        photo,
        levels,
        own,
        see_through(levels.as_raw(), own),
        Vec::new()
    );
    Some(Mask::from_fn(width, height, |x, y| seen[y * width + x]))
}

fn see_through<T: Subpixel>(levels: &[T], own: usize) -> Vec<bool> {
    let alpha = levels
        .chunks_exact(own)
        .map(|pixel| pixel[own - 1].to_u16());
    alpha.map(|alpha| alpha < T::MAX_SAMPLE).collect()
}

/// The pixels of exactly this colour; 16 bits count as the 8 that they are nearest to.
pub(super) fn colour_key_mask(photo: &DynamicImage, colour: [u8; 3]) -> Mask {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let same = with_samples!(
        photo,
        levels,
        own,
        have_colour(levels.as_raw(), own, colour),
        Vec::new()
    );
    Mask::from_fn(width, height, |x, y| same[y * width + x])
}

fn have_colour<T: Subpixel>(levels: &[T], own: usize, colour: [u8; 3]) -> Vec<bool> {
    let level =
        |level: T| u8::from_f32(f32::from(level.to_u16()) / f32::from(T::MAX_SAMPLE) * 255.0);
    let pixels = levels.chunks_exact(own).map(|pixel| {
        if own >= 3 {
            [level(pixel[0]), level(pixel[1]), level(pixel[2])]
        } else {
            [level(pixel[0]); 3]
        }
    });
    pixels.map(|pixel| pixel == colour).collect()
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    use super::*;

    #[test]
    fn only_holes_are_written_in_every_depth() {
        let mask = Mask::from_fn(3, 1, |x, _| x == 1);
        let photos: [DynamicImage; 5] = [
            ImageBuffer::from_fn(3, 1, |x, _| Luma([x as u8 * 7])).into(),
            ImageBuffer::from_fn(3, 1, |x, _| Rgb([x as u8, 9, 200])).into(),
            ImageBuffer::from_fn(3, 1, |x, _| Rgba([x as u8, 9, 200, 3])).into(),
            ImageBuffer::from_fn(3, 1, |x, _| Rgb([x as u16 + 40_001, 9, 65_535])).into(),
            ImageBuffer::from_fn(3, 1, |x, _| LumaA([x as u16 + 12_345, 77])).into(),
        ];
        for photo in photos {
            for channels in [1, 3] {
                let mut values = planes(&photo, channels);
                for value in &mut values.values {
                    *value = 1.0;
                }
                let mut filled = photo.clone();
                composite(&mut filled, &values, &mask);
                let (before, after) = (photo.as_bytes(), filled.as_bytes());
                let pixel = before.len() / 3;
                assert_eq!(before[..pixel], after[..pixel]);
                assert_eq!(before[2 * pixel..], after[2 * pixel..]);
                assert!(after[pixel..2 * pixel].iter().all(|&byte| byte == 255));
            }
        }
    }

    #[test]
    fn every_level_survives_the_way_to_values_and_back() {
        let levels: Vec<u16> = (0..=65_535).collect();
        let photo: DynamicImage = ImageBuffer::<Luma<u16>, _>::from_raw(256, 256, levels)
            .unwrap()
            .into();
        let all = Mask::from_fn(256, 256, |_, _| true);
        for channels in [1, 3] {
            let mut back = photo.clone();
            composite(&mut back, &planes(&photo, channels), &all);
            assert_eq!(back, photo);
        }
    }

    #[test]
    fn transparency_and_colours_make_masks() {
        let photo: DynamicImage = ImageBuffer::from_fn(3, 1, |x, _| {
            Rgba::<u8>([
                255,
                0,
                if x == 2 { 255 } else { 254 },
                [255, 254, 0][x as usize],
            ])
        })
        .into();
        assert_eq!(transparent(&photo).unwrap().holes(), [false, true, true]);
        assert_eq!(
            colour_key_mask(&photo, [255, 0, 255]).holes(),
            [false, false, true]
        );
        let deep: DynamicImage =
            ImageBuffer::from_fn(2, 1, |x, _| Rgb([65_535u16, 0, 65_535 - 200 * x as u16])).into();
        assert_eq!(colour_key_mask(&deep, [255, 0, 255]).holes(), [true, false]);
        assert!(transparent(&deep).is_none());
    }
}
