//! Weights in the layout in which convolutions in bfloat16 multiply them.
#![expect(unsafe_code, reason = "makes bytes and numbers of lines")]

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{AllocationProperty, Bytes, DType, TensorData};

use super::bfloat16::{Weight, pack_weight};
use super::values::{contiguous, dims, values};

/// Numbers of a line.
const LINE: usize = 32;

/// A line of memory, from which tiles are read fastest.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u16; LINE]);

/// Lines that are the bytes of a tensor.
struct Lines(Vec<Line>);

impl AsRef<[u8]> for Lines {
    fn as_ref(&self) -> &[u8] {
        let length = size_of_val(self.0.as_slice());
        // SAFETY: lines are numbers without gaps, of which each byte can be read.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), length) }
    }
}

/// Packs the weight of a convolution, or of a transposed one, into a tensor of bfloat16 of the same shape. A weight whose channels do not fill
/// tiles stays as it is.
pub(super) fn pack(weight: &FloatTensor<Flex>, is_transposed: bool) -> FloatTensor<Flex> {
    let dims = dims(weight);
    let weight = contiguous(weight);
    let Some(packed) = pack_weight(values(&weight), dims, is_transposed) else {
        return weight;
    };
    let lines = packed.numbers().as_chunks::<LINE>().0;
    let lines = Lines(lines.iter().map(|numbers| Line(*numbers)).collect());
    let bytes = Bytes::from_shared(bytes::Bytes::from_owner(lines), AllocationProperty::Other);
    FloatTensor::<Flex>::from_data(TensorData::from_bytes(bytes, dims, DType::BF16))
}

/// A weight as convolutions in bfloat16 take it.
pub(super) fn weight(tensor: &FloatTensor<Flex>) -> Weight<'_> {
    if tensor.dtype() == DType::BF16 {
        Weight::Packed(tensor.storage::<half::bf16>())
    } else {
        Weight::Plain(values(tensor))
    }
}
