//! Where on Earth a picture lies: the tags of GeoTIFF files, and GDAL's.

use super::exif::{ExifField, ExifFields, field};
use super::ifd::{Ifd, IfdReader};

const PIXEL_SCALE: u16 = 33_550;
const TIE_POINTS: u16 = 33_922;
const TRANSFORMATION: u16 = 34_264;
pub(crate) const NO_DATA: u16 = 42_113;
/// Pixel scale, tie points, transformation, keys with their numbers and texts, and GDAL's descriptions and value for no data.
const TAGS: [u16; 8] = [
    PIXEL_SCALE,
    TIE_POINTS,
    TRANSFORMATION,
    34_735,
    34_736,
    34_737,
    42_112,
    NO_DATA,
];
const DOUBLE: u16 = 12;

/// The tags of a GeoTIFF file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Georeference(pub(crate) Vec<ExifField>);

impl Georeference {
    pub(crate) fn of(directory: &Ifd, tags: IfdReader<'_>) -> Self {
        let entries = directory.entries.iter();
        let kept = entries.filter(|entry| TAGS.contains(&entry.tag) && entry.kind <= 13);
        let mut fields: Vec<ExifField> = kept.map(|entry| field(entry, tags)).collect();
        fields.sort_by_key(|field| field.tag);
        fields.dedup_by_key(|field| field.tag);
        Self(fields)
    }

    /// Whether it says where the picture lies; GDAL's tags alone do not.
    pub(crate) fn is_place(&self) -> bool {
        self.0.iter().any(|field| field.tag < 42_000)
    }

    /// Without GDAL's value for no data.
    pub(crate) fn without_no_data(mut self) -> Self {
        self.0.retain(|field| field.tag != NO_DATA);
        self
    }

    /// For the picture at another (width, height).
    pub(crate) fn resized(mut self, own: (u32, u32), size: (u32, u32)) -> Self {
        let across = f64::from(own.0) / f64::from(size.0);
        let down = f64::from(own.1) / f64::from(size.1);
        for field in &mut self.0 {
            if field.kind != DOUBLE {
                continue;
            }
            let numbers = field.bytes.as_chunks_mut::<8>().0;
            let factor = |index: usize| match (field.tag, index) {
                (PIXEL_SCALE, 0) => across,
                (PIXEL_SCALE, 1) => down,
                // Six numbers each: a place in the picture, and its place on Earth.
                (TIE_POINTS, index) if index % 6 == 0 => 1.0 / across,
                (TIE_POINTS, index) if index % 6 == 1 => 1.0 / down,
                // Four rows of four: columns belong to the picture's axes.
                (TRANSFORMATION, index) if index % 4 == 0 => across,
                (TRANSFORMATION, index) if index % 4 == 1 => down,
                _ => 1.0,
            };
            for (index, bytes) in numbers.iter_mut().enumerate() {
                *bytes = (f64::from_ne_bytes(*bytes) * factor(index)).to_ne_bytes();
            }
        }
        self
    }
}

impl ExifFields {
    /// The value of a field of the picture as text.
    pub(crate) fn text(&self, tag: u16) -> Option<String> {
        let field = self.image.iter().find(|field| field.tag == tag)?;
        let bytes = field.bytes.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_covers_the_same_ground() {
        let field = |tag, numbers: &[f64]| ExifField {
            tag,
            kind: DOUBLE,
            bytes: numbers
                .iter()
                .flat_map(|number| number.to_ne_bytes())
                .collect(),
        };
        let whole = Georeference(vec![
            field(PIXEL_SCALE, &[10.0, 10.0, 0.0]),
            field(TIE_POINTS, &[8.0, 4.0, 0.0, 500.0, 600.0, 0.0]),
        ]);
        let half = Georeference(vec![
            field(PIXEL_SCALE, &[20.0, 40.0, 0.0]),
            field(TIE_POINTS, &[4.0, 1.0, 0.0, 500.0, 600.0, 0.0]),
        ]);
        assert_eq!(whole.resized((64, 64), (32, 16)), half);
    }
}
