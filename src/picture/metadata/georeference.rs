//! Where on Earth a picture lies: the tags of GeoTIFF files, and GDAL's.

use super::exif::{ExifField, ExifFields, field};
use super::ifd::{Ifd, IfdReader};

const PIXEL_SCALE: u16 = 33_550;
const TIE_POINTS: u16 = 33_922;
const TRANSFORMATION: u16 = 34_264;
const KEYS: u16 = 34_735;
/// The key for what whole numbers are, and its value for the middles of pixels.
const RASTER_TYPE: u16 = 1025;
const RASTER_POINT: u16 = 2;
pub(crate) const NO_DATA: u16 = 42_113;
/// Pixel scale, tie points, transformation, keys with their numbers and texts, and GDAL's descriptions and value for no data.
const TAGS: [u16; 8] = [
    PIXEL_SCALE,
    TIE_POINTS,
    TRANSFORMATION,
    KEYS,
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

    /// Where whole numbers lie in a pixel: at its corner, or in its middle as files of measured points say.
    fn middle(&self) -> f64 {
        let keys = self.0.iter().find(|field| field.tag == KEYS);
        let keys = keys.map_or(&[][..], |field| field.bytes.as_chunks::<2>().0);
        let keys: Vec<u16> = keys.iter().map(|&key| u16::from_ne_bytes(key)).collect();
        // Four numbers each: the key, where its value is (0: here), how many there are, the value.
        let is_point = |key: &[u16; 4]| matches!(key, [RASTER_TYPE, 0, _, RASTER_POINT]);
        if keys.as_chunks().0.iter().any(is_point) {
            0.5
        } else {
            0.0
        }
    }

    /// For the picture at another (width, height).
    pub(crate) fn resized(mut self, own: (u32, u32), size: (u32, u32)) -> Self {
        let scales = [
            f64::from(own.0) / f64::from(size.0),
            f64::from(own.1) / f64::from(size.1),
        ];
        let middle = self.middle();
        for field in &mut self.0 {
            if field.kind != DOUBLE {
                continue;
            }
            let bytes = field.bytes.as_chunks::<8>().0;
            let mut numbers: Vec<f64> = bytes.iter().map(|&it| f64::from_ne_bytes(it)).collect();
            match field.tag {
                PIXEL_SCALE => {
                    let axes = numbers.iter_mut().zip(scales);
                    axes.for_each(|(number, scale)| *number *= scale);
                }
                // Six numbers each: a place in the picture, and its place on Earth.
                TIE_POINTS => {
                    for point in numbers.chunks_exact_mut(6) {
                        for (place, scale) in point.iter_mut().zip(scales) {
                            *place = (*place + middle) / scale - middle;
                        }
                    }
                }
                // Four rows of four: columns belong to the picture's axes, the last is where the first place lies.
                TRANSFORMATION => {
                    for row in numbers.chunks_exact_mut(4) {
                        for (axis, scale) in scales.into_iter().enumerate() {
                            row[3] += row[axis] * middle * (scale - 1.0);
                            row[axis] *= scale;
                        }
                    }
                }
                _ => {}
            }
            field.bytes = numbers.into_iter().flat_map(f64::to_ne_bytes).collect();
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

    fn doubles(tag: u16, numbers: &[f64]) -> ExifField {
        let bytes = numbers.iter().flat_map(|number| number.to_ne_bytes());
        ExifField {
            tag,
            kind: DOUBLE,
            bytes: bytes.collect(),
        }
    }

    #[test]
    fn a_smaller_picture_covers_the_same_ground() {
        let whole = Georeference(vec![
            doubles(PIXEL_SCALE, &[10.0, 10.0, 0.0]),
            doubles(TIE_POINTS, &[8.0, 4.0, 0.0, 500.0, 600.0, 0.0]),
        ]);
        let half = Georeference(vec![
            doubles(PIXEL_SCALE, &[20.0, 40.0, 0.0]),
            doubles(TIE_POINTS, &[4.0, 1.0, 0.0, 500.0, 600.0, 0.0]),
        ]);
        assert_eq!(whole.resized((64, 64), (32, 16)), half);
    }

    /// The corners of the picture stay where they are.
    #[test]
    fn measured_points_lie_in_the_middle_of_their_pixels() {
        let keys = [1u16, 1, 0, 1, RASTER_TYPE, 0, 1, RASTER_POINT];
        let keys = ExifField {
            tag: KEYS,
            kind: 3,
            bytes: keys.iter().flat_map(|key| key.to_ne_bytes()).collect(),
        };
        let file = |tie: [f64; 2], matrix: [f64; 8]| {
            Georeference(vec![
                doubles(TIE_POINTS, &[tie[0], tie[1], 0.0, 505.0, 595.0, 0.0]),
                doubles(TRANSFORMATION, &matrix),
                keys.clone(),
            ])
        };
        let whole = file([0.0, 0.0], [10.0, 2.0, 0.0, 506.0, 1.0, -10.0, 0.0, 595.5]);
        let half = file(
            [-0.25, -0.375],
            [20.0, 8.0, 0.0, 514.0, 2.0, -40.0, 0.0, 581.0],
        );
        assert_eq!(whole.resized((64, 64), (32, 16)), half);
    }
}
