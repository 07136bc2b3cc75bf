//! How large a picture is on paper: pixels for each inch or centimetre.

use super::exif::{ExifField, ExifFields};

const ACROSS: u16 = 282;
const DOWN: u16 = 283;
const UNIT: u16 = 296;
const INCH: u16 = 2;
const CENTIMETRE: u16 = 3;
const RATIONAL: u16 = 5;
const SHORT: u16 = 3;

/// Pixels for each metre, across and down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// Across.
    pub across: f64,
    /// Down.
    pub down: f64,
}

impl Density {
    /// Centimetres of an inch, times a hundred inches of a metre.
    pub(crate) const INCHES_OF_A_METRE: f64 = 10_000.0 / 254.0;

    /// Positive numbers only.
    pub(crate) fn new(across: f64, down: f64) -> Option<Self> {
        let is_known = |number: f64| number.is_finite() && number > 0.0;
        (is_known(across) && is_known(down)).then_some(Self { across, down })
    }

    pub(crate) fn per_inch(across: f64, down: f64) -> Option<Self> {
        Self::new(
            across * Self::INCHES_OF_A_METRE,
            down * Self::INCHES_OF_A_METRE,
        )
    }

    /// What an EXIF block, or the tags of a TIFF file, say.
    pub(crate) fn of_fields(fields: &ExifFields) -> Option<Self> {
        let find = |tag: u16| fields.image.iter().find(|field| field.tag == tag);
        let fraction = |tag| {
            let field = find(tag).filter(|field| field.kind == RATIONAL)?;
            let [above, below] = field.bytes.as_chunks::<4>().0 else {
                return None;
            };
            let number = |&bytes| f64::from(u32::from_ne_bytes(bytes));
            Some(number(above) / number(below))
        };
        let unit = find(UNIT).filter(|field| field.kind == SHORT);
        let unit = unit.and_then(|field| field.bytes.first_chunk().copied());
        let (across, down) = (fraction(ACROSS)?, fraction(DOWN)?);
        match unit.map_or(INCH, u16::from_ne_bytes) {
            INCH => Self::per_inch(across, down),
            CENTIMETRE => Self::new(across * 100.0, down * 100.0),
            _ => None,
        }
    }

    /// For each inch, rounded.
    pub(crate) fn rounded_per_inch(self) -> Option<(u16, u16)> {
        let round = |number: f64| {
            let number = (number / Self::INCHES_OF_A_METRE).round();
            (number >= 1.0 && number <= f64::from(u16::MAX)).then_some(number as u16)
        };
        round(self.across).zip(round(self.down))
    }

    /// The tags of a TIFF file.
    pub(crate) fn fields(self) -> [ExifField; 3] {
        let fraction = |tag, number: f64| {
            let number = number / Self::INCHES_OF_A_METRE;
            // Whole numbers stay whole; others keep four digits.
            let below: u32 = if (number - number.round()).abs() < 1e-3 {
                1
            } else {
                10_000
            };
            let above = (number * f64::from(below)).round() as u32;
            let bytes = [above.to_ne_bytes(), below.to_ne_bytes()].concat();
            ExifField {
                tag,
                kind: RATIONAL,
                bytes,
            }
        };
        [
            fraction(ACROSS, self.across),
            fraction(DOWN, self.down),
            ExifField {
                tag: UNIT,
                kind: SHORT,
                bytes: INCH.to_ne_bytes().to_vec(),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_come_back_from_tags() {
        let density = Density::per_inch(300.0, 72.5).unwrap();
        let fields = ExifFields {
            image: density.fields().into(),
            ..ExifFields::default()
        };
        let back = Density::of_fields(&fields).unwrap();
        assert!((back.across - density.across).abs() < 1e-6);
        assert!((back.down - density.down).abs() < 1e-6);
        assert_eq!(back.rounded_per_inch(), Some((300, 73)));
        assert_eq!(Density::new(0.0, 1.0), None);
    }
}
