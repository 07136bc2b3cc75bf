//! Tensors of a weight file whose numbers have not been read.

use std::io;

use burn::tensor::{DType, TensorData};

use super::pytorch::Element;
use crate::panics;

/// A tensor whose numbers are still in the file.
pub(super) struct Stored {
    pub(super) shape: Vec<usize>,
    pub(super) element: Element,
    /// Bytes that its numbers take.
    pub(super) bytes: usize,
    /// Reads them, in row-major order.
    pub(super) read: Box<dyn Fn() -> io::Result<Vec<u8>>>,
}

impl Stored {
    /// Its numbers in 32 bits.
    ///
    /// # Errors
    /// The file is cut off, or the numbers are not floating-point.
    pub(super) fn values(&self) -> io::Result<Vec<f32>> {
        let bytes = panics::catch(|| (self.read)())
            .map_err(io::Error::other)
            .and_then(|bytes| bytes)?;
        match self.element {
            Element::Float(kind) => TensorData::from_bytes_vec(bytes, self.shape.clone(), kind)
                .convert::<f32>()
                .try_into_vec::<f32>()
                .map_err(|error| io::Error::other(format!("{error:?}"))),
            Element::Float8E4M3 => Ok(bytes.into_iter().map(from_e4m3).collect()),
            // The upper half of a 16-bit number.
            Element::Float8E5M2 => {
                let wide = bytes.into_iter().flat_map(|byte| [0, byte]).collect();
                TensorData::from_bytes_vec(wide, self.shape.clone(), DType::F16)
                    .convert::<f32>()
                    .try_into_vec::<f32>()
                    .map_err(|error| io::Error::other(format!("{error:?}")))
            }
            Element::Integer(_) | Element::Other(_) => {
                Err(io::Error::other("it does not hold floating-point numbers"))
            }
        }
    }
}

/// An 8-bit number with 4 bits of exponent (bias 7) and 3 of mantissa; all ones are not a number.
fn from_e4m3(byte: u8) -> f32 {
    let exponent = i32::from(byte >> 3 & 0xf);
    let mantissa = f32::from(byte & 7);
    let size = match (exponent, byte & 7) {
        (15, 7) => f32::NAN,
        (0, _) => mantissa * 2f32.powi(-9),
        _ => (8.0 + mantissa) * 2f32.powi(exponent - 10),
    };
    if byte & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(element: Element, bytes: Vec<u8>) -> Vec<f32> {
        let stored = Stored {
            shape: vec![bytes.len()],
            element,
            bytes: bytes.len(),
            read: Box::new(move || Ok(bytes.clone())),
        };
        stored.values().unwrap()
    }

    #[test]
    fn float8_is_read_exactly() {
        let e4m3 = values(
            Element::Float8E4M3,
            vec![0x38, 0xb8, 0x7e, 0x01, 0x08, 0x0f, 0x80],
        );
        assert_eq!(
            e4m3,
            [1.0, -1.0, 448.0, 1.0 / 512.0, 1.0 / 64.0, 15.0 / 512.0, 0.0]
        );
        assert!(
            values(Element::Float8E4M3, vec![0x7f, 0xff])
                .iter()
                .all(|value| value.is_nan())
        );
        let e5m2 = values(Element::Float8E5M2, vec![0x3c, 0xbc, 0x7b, 0x01, 0x7c]);
        assert_eq!(e5m2, [1.0, -1.0, 57344.0, 2f32.powi(-16), f32::INFINITY]);
    }
}
