//! Files as memory, and tensors that use it as it is.
#![expect(unsafe_code, reason = "maps files into memory")]

use std::fs::File;
use std::io;

use burn::tensor::{AllocationProperty, Bytes, Tensor, TensorData};
use memmap2::MmapOptions;

#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};

/// The contents of a file, which come from the disk where they are looked at. What is written to this memory stays in it.
///
/// For files that are replaced by renaming, as this program does it, and not overwritten in place: whoever shortens one
/// meanwhile ends the program.
///
/// # Errors
/// The file is empty, or lies where files cannot be mapped, or the system is Windows: there nobody could replace it meanwhile,
/// as training does with a style that is tried out.
pub(crate) fn map_file(file: &File) -> io::Result<bytes::Bytes> {
    if cfg!(windows) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: the pages are this program's own as soon as it writes to them. Who changes the file in place changes numbers of
    // which every pattern of bits is valid.
    let memory = unsafe { MmapOptions::new().map_copy(file)? };
    Ok(bytes::Bytes::from_owner(memory))
}

/// A tensor of a part of a file, on the device of `like`, without a copy where the device reads the host's memory.
pub(crate) fn tensor_from_mapped<const D: usize>(data: TensorData, like: &Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if has_kernels(like) {
        let like = like.clone().into_dispatch();
        return Tensor::from_dispatch(burn::backend::Dispatch::from_mapped(like, data));
    }
    Tensor::from_data(data, &like.device())
}

/// A part of a mapped file as the bytes of a tensor of 32-bit numbers: a copy where it begins between two numbers.
pub(crate) fn mapped_numbers(part: bytes::Bytes) -> Bytes {
    if bytemuck::try_cast_slice::<u8, f32>(&part).is_ok() {
        return Bytes::from_shared(part, AllocationProperty::File);
    }
    let mut values = vec![0.0_f32; part.len() / size_of::<f32>()];
    bytemuck::cast_slice_mut(&mut values).copy_from_slice(&part);
    Bytes::from_elems(values)
}
