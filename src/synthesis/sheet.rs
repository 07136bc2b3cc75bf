//! Several pictures on one.

use image::{Rgb, RgbImage, imageops};

/// Space between pictures, in pixels.
const GAP: u32 = 2;

/// `pictures` of one size in rows of `columns` (at least 1), on white.
pub fn sheet(pictures: &[RgbImage], columns: usize) -> RgbImage {
    let columns = columns.clamp(1, pictures.len().max(1));
    let rows = pictures.len().div_ceil(columns);
    let (width, height) = pictures.first().map_or((0, 0), RgbImage::dimensions);
    let place = |number: usize, side: u32| GAP + number as u32 * (side + GAP);
    let white = Rgb([255; 3]);
    let mut sheet = RgbImage::from_pixel(place(columns, width), place(rows, height), white);
    for (index, picture) in pictures.iter().enumerate() {
        let (row, column) = (index / columns, index % columns);
        let (left, top) = (place(column, width), place(row, height));
        imageops::replace(&mut sheet, picture, i64::from(left), i64::from(top));
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_lie_in_rows_with_white_between() {
        let picture = |level| RgbImage::from_pixel(3, 5, Rgb([level; 3]));
        let sheet = sheet(&[picture(1), picture(2), picture(3)], 2);
        assert_eq!(sheet.dimensions(), (2 + 2 * 5, 2 + 2 * 7));
        for (place, level) in [
            ((2, 2), 1),
            ((7, 2), 2),
            ((2, 9), 3),
            ((7, 9), 255),
            ((0, 0), 255),
        ] {
            assert_eq!(sheet.get_pixel(place.0, place.1).0, [level; 3], "{place:?}");
        }
    }
}
