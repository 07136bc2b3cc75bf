//! Named tensors as safetensors files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use ::safetensors::tensor::{Dtype, Metadata, View};
use burn::tensor::{Bytes, DType, TensorData, f16};
use bytes::Buf;

use super::tensors::{NamedTensors, TensorError};
use crate::kernels::{map_file, mapped_numbers};

impl NamedTensors {
    /// Reads a safetensors file from memory, as 32-bit numbers.
    ///
    /// # Errors
    /// As [`NamedTensors::read_safetensors`].
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, TensorError> {
        Self::read_safetensors(bytes, bytes.len() as u64)
    }

    /// Reads a safetensors file of `length` bytes as 32-bit numbers, without a second copy in memory.
    ///
    /// # Errors
    /// The bytes are not a valid file or cannot be read, or a tensor holds no floating-point numbers (integers in
    /// `num_batches_tracked` are skipped).
    pub fn read_safetensors(file: impl Read, length: u64) -> Result<Self, TensorError> {
        Self::parse(file, length, |file, length| {
            // Read in place: a short run mostly waits for the weights of a large network.
            let mut values = vec![0.0_f32; length / size_of::<f32>()];
            file.read_exact(bytemuck::cast_slice_mut(&mut values))?;
            Ok(Bytes::from_elems(values))
        })
    }

    /// Maps a safetensors file into memory without a copy, for networks that are applied and not trained.
    ///
    /// # Errors
    /// As [`NamedTensors::read_safetensors`], or the file cannot be opened.
    pub fn map_safetensors(file: &File) -> Result<Self, TensorError> {
        let length = file.metadata().map_err(bad)?.len();
        // Some systems cannot map.
        let Ok(memory) = map_file(file) else {
            return Self::read_safetensors(file, length);
        };
        let length = memory.len() as u64;
        Self::parse(memory.reader(), length, |memory, length| {
            Ok(mapped_numbers(memory.get_mut().split_to(length)))
        })
    }

    /// Reads a safetensors file of `length` bytes; `numbers` takes the given number of bytes, which hold 32-bit numbers.
    fn parse<R: Read>(
        mut file: R,
        length: u64,
        mut numbers: impl FnMut(&mut R, usize) -> std::io::Result<Bytes>,
    ) -> Result<Self, TensorError> {
        let mut header = [0; 8];
        file.read_exact(&mut header).map_err(bad)?;
        let header = u64::from_le_bytes(header);
        if header.checked_add(8).is_none_or(|end| end > length) {
            return Err(bad("its header is longer than the file"));
        }
        let header = read_bytes(&mut file, header as usize).map_err(bad)?;
        // This also checks that the tensors are contiguous, each as long as its shape and type require.
        let metadata: Metadata = serde_json::from_slice(&header).map_err(bad)?;
        let rest = length - 8 - header.len() as u64;
        if metadata.data_len() as u64 != rest {
            return Err(bad("its tensors are not as long as the rest of the file"));
        }
        let mut tensors = BTreeMap::new();
        for name in metadata.offset_keys() {
            let Some(info) = metadata.info(&name) else {
                continue;
            };
            let (start, end) = info.data_offsets;
            let shape = info.shape.as_slice();
            if info.dtype == Dtype::F32 {
                let values = numbers(&mut file, end - start).map_err(bad)?;
                tensors.insert(name, TensorData::from_bytes(values, shape, DType::F32));
                continue;
            }
            let bytes = read_bytes(&mut file, end - start).map_err(bad)?;
            let dtype = match info.dtype {
                Dtype::F64 => DType::F64,
                Dtype::F16 => DType::F16,
                Dtype::BF16 => DType::BF16,
                _ if name.ends_with("num_batches_tracked") => continue,
                other => {
                    return Err(TensorError::NotFloat {
                        name,
                        found: format!("{other:?}"),
                    });
                }
            };
            let data = TensorData::from_bytes_vec(bytes, shape, dtype);
            tensors.insert(name, data.convert::<f32>());
        }
        Ok(Self(tensors))
    }

    /// The 32-bit numbers rounded to 16 bits, which a file holds in half the space.
    ///
    /// # Errors
    /// A number is beyond the range of 16 bits.
    pub fn to_half(&self) -> Result<Self, TensorError> {
        let mut halves = self.clone();
        for (name, data) in &mut halves.0 {
            if data.dtype() != DType::F32 {
                continue;
            }
            *data = data.clone().convert::<f16>();
            if data.iter::<f16>().any(f16::is_infinite) {
                return Err(TensorError::BeyondHalf(name.clone()));
            }
        }
        Ok(halves)
    }

    /// Serializes to a safetensors file.
    ///
    /// # Errors
    /// There are too many tensors for the header of the format.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, TensorError> {
        let views = self.0.iter().map(|(name, data)| (name, HostTensor(data)));
        ::safetensors::serialize(views, None)
            .map_err(|error| TensorError::Format(error.to_string()))
    }
}

fn bad(error: impl ToString) -> TensorError {
    TensorError::Format(error.to_string())
}

fn read_bytes(file: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

struct HostTensor<'a>(&'a TensorData);

impl View for HostTensor<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.dtype() {
            DType::I64 => Dtype::I64,
            DType::F16 => Dtype::F16,
            _ => Dtype::F32,
        }
    }

    fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.0.as_bytes())
    }

    fn data_len(&self) -> usize {
        self.0.as_bytes().len()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use burn::tensor::AllocationProperty;

    use super::*;

    /// A file of a tensor of each type, whose header is `padding` bytes longer than it has to be.
    fn file(padding: usize) -> Vec<u8> {
        let header = concat!(
            r#"{"single":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"#,
            r#""half":{"dtype":"F16","shape":[1],"data_offsets":[24,26]},"#,
            r#""short":{"dtype":"BF16","shape":[1],"data_offsets":[26,28]},"#,
            r#""double":{"dtype":"F64","shape":[],"data_offsets":[28,36]},"#,
            r#""none":{"dtype":"F32","shape":[0],"data_offsets":[36,36]},"#,
            r#""last":{"dtype":"F32","shape":[1],"data_offsets":[36,40]}}"#,
        );
        let header = header.to_owned() + &" ".repeat(padding);
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.as_bytes());
        file.extend(
            [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]
                .map(f32::to_le_bytes)
                .as_flattened(),
        );
        file.extend(0x3800_u16.to_le_bytes());
        file.extend(0xc000_u16.to_le_bytes());
        file.extend(0.25_f64.to_le_bytes());
        file.extend(7.0_f32.to_le_bytes());
        file
    }

    fn on_disk(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn mapped_tensors_are_those_that_are_read() {
        for padding in 0..8 {
            let bytes = file(padding);
            let read = NamedTensors::from_safetensors(&bytes).unwrap();
            let mapped = NamedTensors::map_safetensors(&on_disk(&bytes)).unwrap();
            assert_eq!(mapped, read);
            assert_eq!(mapped.0.len(), 6);
            for (name, expected) in [
                ("half", 0.5),
                ("short", -2.0),
                ("double", 0.25),
                ("last", 7.0),
            ] {
                assert_eq!(mapped.0[name].as_slice::<f32>().unwrap(), [expected]);
            }
        }
    }

    #[test]
    fn numbers_are_parts_of_the_file_unless_they_lie_between_two() {
        let bytes = file(0);
        // The numbers follow the header and its length.
        let header = bytes.len() - 40;
        for padding in 0..4 {
            let mapped = NamedTensors::map_safetensors(&on_disk(&file(padding))).unwrap();
            let (values, _, _) = mapped.0["single"].clone().into_parts();
            let aligned = (header + padding).is_multiple_of(size_of::<f32>()) && !cfg!(windows);
            assert_eq!(values.property() == AllocationProperty::File, aligned);
        }
    }

    #[test]
    fn what_is_written_to_a_mapped_tensor_stays_out_of_the_file() {
        let bytes = file(0);
        let mut file = on_disk(&bytes);
        let mut mapped = NamedTensors::map_safetensors(&file).unwrap();
        let single = mapped.0.get_mut("single").unwrap();
        single.as_mut_slice::<f32>().unwrap().fill(9.0);
        assert_eq!(single.as_slice::<f32>().unwrap(), [9.0; 6]);
        let mut after = Vec::new();
        file.read_to_end(&mut after).unwrap();
        assert_eq!(after, bytes);
    }

    #[test]
    fn halves_come_back_as_the_numbers_that_they_round_to() {
        // The largest half, a subnormal one, ties to even in both directions, and what is too small.
        let numbers = [
            65_504.0_f32,
            -1.0 / 3.0,
            f32::from_bits(0x3380_0000),
            1.0 + 1.0 / 2048.0,
            1.0 + 3.0 / 2048.0,
            1e-9,
        ];
        let third = -0.333_251_95;
        let rounded = [65_504.0, third, 5.960_464_5e-8, 1.0, 1.0 + 1.0 / 512.0, 0.0];
        let one = |numbers: &[f32]| {
            let data = TensorData::new(numbers.to_vec(), [numbers.len()]);
            NamedTensors(BTreeMap::from([("weight".to_owned(), data)]))
        };
        let tensors = one(&numbers).with_num_batches_tracked(7);
        let halves = tensors.to_half().unwrap();
        let bytes = halves.to_safetensors().unwrap();
        assert_eq!(
            NamedTensors::from_safetensors(&bytes).unwrap(),
            one(&rounded)
        );
        let mapped = NamedTensors::map_safetensors(&on_disk(&bytes)).unwrap();
        assert_eq!(mapped, one(&rounded));
        // A second rounding changes nothing.
        assert_eq!(mapped.to_half().unwrap().to_safetensors().unwrap(), bytes);
        let error = one(&[65_520.0]).to_half().unwrap_err();
        assert!(matches!(error, TensorError::BeyondHalf(_)), "{error}");
    }

    #[test]
    fn a_file_without_contents_is_refused() {
        let error = NamedTensors::map_safetensors(&on_disk(&[])).unwrap_err();
        assert!(matches!(error, TensorError::Format(_)), "{error}");
    }
}
