//! Arrays in NumPy's files.

use burn::tensor::{DType, TensorData};

/// What every such file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The array in a `.npy` file of numbers of 16, 32 or 64 bits, in the order of C, as 32-bit numbers.
///
/// NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".
///
/// # Errors
/// What is wrong with the file.
pub(super) fn read_npy(bytes: &[u8]) -> Result<TensorData, String> {
    let damaged = || "the header of the array is damaged".to_owned();
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or("it does not begin as an array of NumPy")?;
    // From version 2 on the length of the header has four bytes.
    let (length, rest) = match rest {
        [1, _, first, second, rest @ ..] => {
            (u32::from(u16::from_le_bytes([*first, *second])), rest)
        }
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest),
        _ => return Err(damaged()),
    };
    let (header, values) = rest.split_at_checked(length as usize).ok_or_else(damaged)?;
    let header = std::str::from_utf8(header).map_err(|_| damaged())?;
    let after = |key: &str| {
        let (_, rest) = header.split_once(&format!("'{key}':"))?;
        Some(rest.trim_start())
    };
    if !after("fortran_order")
        .ok_or_else(damaged)?
        .starts_with("False")
    {
        return Err(
            "its array is in the order of Fortran: save `numpy.ascontiguousarray(array)`"
                .to_owned(),
        );
    }
    let kind = after("descr").ok_or_else(damaged)?;
    let kinds = [
        ("'<f4'", DType::F32),
        ("'<f2'", DType::F16),
        ("'<f8'", DType::F64),
    ];
    let known = kinds.into_iter().find(|(name, _)| kind.starts_with(name));
    let (_, kind) = known.ok_or_else(|| {
        "its array does not hold floating-point numbers of 16, 32 or 64 bits: save `array.astype(\"float32\")`".to_owned()
    })?;
    let shape = after("shape")
        .and_then(|rest| rest.strip_prefix('(')?.split_once(')'))
        .ok_or_else(damaged)?;
    let sizes = shape.0.split(',').map(str::trim);
    let sizes = sizes.filter(|size| !size.is_empty()).map(str::parse);
    let sizes: Vec<usize> = sizes.collect::<Result<_, _>>().map_err(|_| damaged())?;
    let count = sizes
        .iter()
        .try_fold(kind.size(), |count, &size| count.checked_mul(size));
    if count != Some(values.len()) {
        return Err(format!(
            "its array of shape {sizes:?} does not fit its {} bytes",
            values.len()
        ));
    }
    Ok(TensorData::from_bytes_vec(values.to_vec(), sizes, kind).convert::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, values: &[u8]) -> Vec<u8> {
        let length = (header.len() as u16).to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), values].concat()
    }

    #[test]
    fn arrays_of_floating_point_numbers_are_read() {
        let numbers = [1.5f32, -2.0, 0.0, 7.0, 8.0, 9.0];
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n";
        let read = read_npy(&file(header, &bytes)).unwrap();
        assert_eq!(read, TensorData::new(numbers.to_vec(), [2, 3]));
        let doubles: Vec<u8> = [0.25f64, 3.0]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
        let read = read_npy(&file(header, &doubles)).unwrap();
        assert_eq!(read, TensorData::new(vec![0.25f32, 3.0], [2]));
    }

    #[test]
    fn what_is_no_such_array_is_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
        for (bytes, part) in [
            (b"PK\x03\x04".to_vec(), "does not begin"),
            (file(good, &[0; 7]), "does not fit"),
            (file(&good.replace("False", "True"), &[0; 8]), "Fortran"),
            (file(&good.replace("<f4", "<i4"), &[0; 8]), "floating-point"),
            (file(&good.replace("(1", "(x"), &[0; 8]), "damaged"),
            (
                file(&good.replace("(1", "(99999999999999999"), &[0; 8]),
                "does not fit",
            ),
            (file(good, &[0; 8])[..30].to_vec(), "damaged"),
            (MAGIC.to_vec(), "damaged"),
        ] {
            let error = read_npy(&bytes).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
