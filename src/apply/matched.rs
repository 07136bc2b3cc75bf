//! Translations that keep brightness and contrast of their pictures.

use crate::picture::{
    LuminanceMatch, LuminanceSums, SpooledPicture, colour_type, image_from_values,
    normalized_values,
};

/// Rows of a large translation that are changed at a time have about this many pixels.
const BLOCK: usize = 1 << 18;

/// A large translation, changed, with 8 or 16 bits.
pub(super) fn matched(
    translation: &SpooledPicture,
    matching: &LuminanceMatch,
    is_16_bit: bool,
) -> Result<SpooledPicture, String> {
    let (width, height) = translation.size();
    let channels = usize::from(translation.colour().channel_count());
    let height = height as usize;
    let step = (BLOCK / width.max(1) as usize).max(1);
    let block = |start: usize| {
        let rows = start..(start + step).min(height);
        let pixels = translation.rows(rows.clone());
        let pixels = pixels.map_err(|error| error.to_string())?;
        Ok::<_, String>((normalized_values(&pixels, channels), rows.len() as u32))
    };
    let mut sums = LuminanceSums::default();
    for start in (0..height).step_by(step) {
        let (values, _) = block(start)?;
        sums.add(&values, channels);
    }
    let own = sums.luminance();
    let colour = colour_type(channels, is_16_bit);
    let made = SpooledPicture::new(translation.size(), colour, translation.folder());
    let mut made = made.map_err(|error| error.to_string())?;
    for start in (0..height).step_by(step) {
        let (mut values, rows) = block(start)?;
        matching.change(&mut values, channels, own);
        let rows = image_from_values(&values, channels, is_16_bit, (width, rows));
        let rows = rows.ok_or("the network gave too few values")?;
        made.push(&rows).map_err(|error| error.to_string())?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::picture::{KeptShares, Luminance};

    #[test]
    fn a_large_translation_changes_as_one_in_memory() {
        // Of several blocks.
        let (width, height) = (1 << 12, 200_u32);
        let value = |place: usize| ((place * 31) % 1013) as f32 / 1400.0 - 0.4;
        let values: Vec<f32> = (0..3 * (width * height) as usize).map(value).collect();
        let picture = image_from_values(&values, 3, true, (width, height)).unwrap();
        let spooled = SpooledPicture::of(&picture, Path::new("absent")).unwrap();
        let matching = LuminanceMatch {
            kept: KeptShares {
                brightness: 1.0,
                contrast: 0.5,
            },
            picture: Luminance {
                brightness: 0.2,
                contrast: 0.4,
            },
        };
        let mut whole = normalized_values(&picture, 3);
        matching.change_all(&mut whole, 3);
        for is_16_bit in [false, true] {
            let made = matched(&spooled, &matching, is_16_bit).unwrap();
            assert!(made.is_complete());
            let wanted = image_from_values(&whole, 3, is_16_bit, (width, height)).unwrap();
            assert!(made.whole().unwrap() == wanted);
        }
    }
}
