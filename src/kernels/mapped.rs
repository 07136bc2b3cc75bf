//! Mapped files, and tensors that share their memory.
#![expect(unsafe_code, reason = "maps files into memory")]

use std::fs::File;
use std::io;

use burn::tensor::{AllocationProperty, Bytes, Tensor, TensorData};
use memmap2::MmapOptions;

#[cfg(feature = "flex")]
use super::convolution_backend::{Convolutions, has_convolutions};

/// Maps a file into memory: its pages are read when they are used. Writing to the memory does not change the file.
///
/// For files that are replaced by renaming, as this program does, and not overwritten in place: shortening a mapped file ends
/// the program.
///
/// # Errors
/// The file is empty or cannot be mapped, or the system is Windows, where a mapped file could not be replaced, as training
/// replaces the weights of a style that is being tried out.
pub(crate) fn map_file(file: &File) -> io::Result<bytes::Bytes> {
    if cfg!(windows) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: the pages are this program's own as soon as it writes to them. Who changes the file in place changes numbers of
    // which every pattern of bits is valid.
    let memory = unsafe { MmapOptions::new().map_copy(file)? };
    Ok(bytes::Bytes::from_owner(memory))
}

/// Makes a tensor of a part of a mapped file, on the device of `like`, without a copy if the device reads the host's memory.
pub(crate) fn tensor_from_mapped<const D: usize>(data: TensorData, like: &Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if has_convolutions(like) {
        let like = like.clone().into_dispatch();
        return Tensor::from_dispatch(burn::backend::Dispatch::from_mapped(like, data));
    }
    Tensor::from_data(data, &like.device())
}

/// Makes the bytes of a tensor of 32-bit numbers from a part of a mapped file: a copy if it is not aligned.
pub(crate) fn mapped_numbers(part: bytes::Bytes) -> Bytes {
    if bytemuck::try_cast_slice::<u8, f32>(&part).is_ok() {
        return Bytes::from_shared(part, AllocationProperty::File);
    }
    let mut values = vec![0.0_f32; part.len() / size_of::<f32>()];
    bytemuck::cast_slice_mut(&mut values).copy_from_slice(&part);
    Bytes::from_elems(values)
}
