//! Parts of a method's state as bytes, for other processes.

use std::collections::BTreeMap;

use crate::nn::{NamedTensors, TensorError};

/// Between the name of a part and that of a tensor.
const SEPARATOR: char = '/';

/// Tensors by part.
pub(super) type Parts = BTreeMap<String, NamedTensors>;

/// The tensors as one safetensors file. A part without any is not in it.
///
/// # Errors
/// There are too many tensors for the header of the format.
pub(super) fn pack(parts: Parts) -> Result<Vec<u8>, TensorError> {
    let named = parts.into_iter().flat_map(|(part, tensors)| {
        let tensors = tensors.0.into_iter();
        tensors.map(move |(name, data)| (format!("{part}{SEPARATOR}{name}"), data))
    });
    NamedTensors(named.collect()).to_safetensors()
}

/// What [`pack`] has packed.
///
/// # Errors
/// The bytes are something else.
pub(super) fn unpack(bytes: &[u8]) -> Result<Parts, TensorError> {
    let mut parts = Parts::new();
    for (name, data) in NamedTensors::from_safetensors(bytes)?.0 {
        let Some((part, name)) = name.split_once(SEPARATOR) else {
            return Err(TensorError::Format(format!("`{name}` belongs to no part")));
        };
        let tensors = parts.entry(part.to_owned()).or_default();
        tensors.0.insert(name.to_owned(), data);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;

    #[test]
    fn parts_come_back() {
        let tensors = |value: f32| {
            let data = TensorData::new(vec![value, 2.0], [1, 2]);
            NamedTensors(BTreeMap::from([("down.0.weight".to_owned(), data)]))
        };
        let parts = Parts::from([
            ("generator".to_owned(), tensors(1.0)),
            ("pool_a".to_owned(), tensors(3.0)),
        ]);
        assert_eq!(unpack(&pack(parts.clone()).unwrap()).unwrap(), parts);
        assert_eq!(unpack(&pack(Parts::new()).unwrap()).unwrap(), Parts::new());
    }
}
