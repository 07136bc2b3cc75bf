//! Features stored from one pass to another, in memory or in a file without a name.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::kernels::try_alloc_filled;
use crate::nn::values_now;

/// Features that could not be stored.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot keep features in `{}` ({needed:.1} GiB for this picture at this step): {source}; make room there, or translate a smaller picture",
    folder.display()
)]
pub struct StoreError {
    /// Folder of the file.
    folder: PathBuf,
    /// Size of the features, in GiB.
    needed: f64,
    /// The error of the operating system.
    source: io::Error,
}

/// The features of one picture, `[channels, height, width]`.
#[derive(Debug)]
pub(super) struct FeatureStore {
    dims: [usize; 3],
    storage: Storage,
}

#[derive(Debug)]
enum Storage {
    /// Pieces as they were written, on the host, each with the index of its first row.
    Memory(VecDeque<(usize, Tensor<4>)>),
    /// The file has no name, and is gone with this value or the program. It is read and written, not mapped, so that it does
    /// not count as memory of the program.
    File { file: File, folder: PathBuf },
}

impl FeatureStore {
    pub(super) fn in_memory(dims: [usize; 3]) -> Self {
        Self {
            dims,
            storage: Storage::Memory(VecDeque::new()),
        }
    }

    pub(super) fn in_file(dims: [usize; 3], folder: &Path) -> Result<Self, StoreError> {
        let file = tempfile::tempfile_in(folder).map_err(|source| error(folder, dims, source))?;
        let folder = folder.to_owned();
        Ok(Self {
            dims,
            storage: Storage::File { file, folder },
        })
    }

    /// Bytes of memory when the store is full.
    pub(super) fn memory(&self) -> u64 {
        match &self.storage {
            Storage::Memory(_) => byte_offset(self.dims.iter().product()),
            Storage::File { .. } => 0,
        }
    }

    /// Writes rows from `start` on, `[1, channels, rows, width]`, and returns them. They continue the rows written before, or
    /// start again at the top once those have been released.
    pub(super) fn write(&mut self, start: usize, rows: Tensor<4>) -> Result<Tensor<4>, StoreError> {
        let [_, height, width] = self.dims;
        match &mut self.storage {
            Storage::Memory(pieces) => {
                let host = Device::flex();
                let kept = if rows.device() == host {
                    rows.clone()
                } else {
                    Tensor::from_data(values_now(rows.clone()), &host)
                };
                pieces.push_back((start, kept));
                Ok(rows)
            }
            Storage::File { file, folder } => {
                let (dims, device) = (rows.dims(), rows.device());
                // Copies nothing if the tensor has no other owner and lies on the host.
                let data = rows.into_data();
                let values = data
                    .as_slice::<f32>()
                    .expect("networks compute in 32 bits, and tensors are read in order");
                values
                    .par_chunks_exact(dims[2] * width)
                    .enumerate()
                    .try_for_each(|(channel, values)| {
                        let offset = byte_offset((channel * height + start) * width);
                        write_at(file, bytemuck::cast_slice(values), offset)
                    })
                    .map_err(|source| error(folder, self.dims, source))?;
                Ok(Tensor::from_data(data, &device))
            }
        }
    }

    /// Reads rows as pieces `[1, channels, rows, width]` from the top down. With `release` they, and the rows above them, are not
    /// read again.
    pub(super) fn read(
        &mut self,
        rows: Range<usize>,
        release: bool,
        device: &Device,
    ) -> Result<Vec<Tensor<4>>, StoreError> {
        let [channels, height, width] = self.dims;
        match &mut self.storage {
            Storage::Memory(pieces) => {
                let mut parts = Vec::new();
                let mut next = rows.start;
                for (first, piece) in pieces.iter() {
                    let end = first + piece.dims()[2];
                    if next < rows.end && (*first..end).contains(&next) {
                        let count = end.min(rows.end) - next;
                        let part = piece.clone().narrow(2, next - first, count);
                        parts.push(part.to_device(device));
                        next += count;
                    }
                }
                while release && let Some((first, piece)) = pieces.front() {
                    let end = first + piece.dims()[2];
                    if end > rows.end {
                        break;
                    }
                    pieces.pop_front();
                    // Pieces behind the last row belong to the node that reuses the slot.
                    if end == height {
                        break;
                    }
                }
                Ok(parts)
            }
            Storage::File { file, folder } => {
                let length = rows.len() * width;
                let values = try_alloc_filled(channels * length, length, |channel, values| {
                    let offset = byte_offset((channel * height + rows.start) * width);
                    read_at(file, bytemuck::cast_slice_mut(values), offset)
                });
                let values = values.map_err(|source| error(folder, self.dims, source))?;
                let data = TensorData::new(values, [1, channels, rows.len(), width]);
                Ok(vec![Tensor::from_data(data, device)])
            }
        }
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}

/// The offset of a value in bytes.
fn byte_offset(offset: usize) -> u64 {
    (offset * size_of::<f32>()) as u64
}

fn error(folder: &Path, dims: [usize; 3], source: io::Error) -> StoreError {
    StoreError {
        folder: folder.to_owned(),
        needed: byte_offset(dims.iter().product()) as f64 / f64::from(1 << 30),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_file_give_back_what_they_got() {
        let (folder, device) = (tempfile::tempdir().unwrap(), Device::flex());
        let dims = [2, 5, 3];
        let rows = |rows: Range<usize>, more: f32| {
            let value = |offset: usize| offset as f32 + more;
            let all: Vec<f32> = (0..30).map(value).collect();
            let all = Tensor::<4>::from_data(TensorData::new(all, [1, 2, 5, 3]), &device);
            all.narrow(2, rows.start, rows.len())
        };
        let same = |left: Vec<Tensor<4>>, right: Tensor<4>| {
            let left = Tensor::cat(left, 2).into_data();
            left.assert_eq(&right.into_data(), true);
        };
        let file = FeatureStore::in_file(dims, folder.path()).unwrap();
        assert_eq!(file.memory(), 0);
        for mut store in [FeatureStore::in_memory(dims), file] {
            for part in [0..2, 2..3, 3..5] {
                let written = store.write(part.start, rows(part.clone(), 0.0)).unwrap();
                same(vec![written], rows(part, 0.0));
            }
            for part in [0..5, 1..4, 4..5] {
                let read = store.read(part.clone(), false, &device).unwrap();
                same(read, rows(part, 0.0));
            }
            // Others take the place row by row.
            for part in [0..1, 1..4, 4..5] {
                let read = store.read(part.clone(), true, &device).unwrap();
                same(read, rows(part.clone(), 0.0));
                store.write(part.start, rows(part, 100.0)).unwrap();
            }
            same(store.read(1..5, false, &device).unwrap(), rows(1..5, 100.0));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let error = FeatureStore::in_file(dims, &folder.path().join("absent")).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }
}
