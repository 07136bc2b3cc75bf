//! Features that are kept from one pass to another, in memory or in a file without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Features that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot keep features in `{}` ({needed:.1} GiB for this picture at this step): {source}; make room there, or translate a smaller picture",
    folder.display()
)]
pub struct StoreError {
    /// Where they were to be kept.
    folder: PathBuf,
    /// GiB of these features.
    needed: f64,
    /// What the system said.
    source: io::Error,
}

/// The features of one picture, `[channels, height, width]`.
#[derive(Debug)]
pub(super) struct Store {
    dims: [usize; 3],
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<f32>),
    /// The file has no name, and is gone with this value or the program. It is read and written, not mapped, so that it
    /// does not count as the program's memory.
    File {
        file: File,
        folder: PathBuf,
    },
}

impl Store {
    pub(super) fn in_memory(dims: [usize; 3]) -> Self {
        Self {
            dims,
            place: Place::Memory(vec![0.0; dims.iter().product()]),
        }
    }

    pub(super) fn in_file(dims: [usize; 3], folder: &Path) -> Result<Self, StoreError> {
        let file = tempfile::tempfile_in(folder).map_err(|source| error(folder, dims, source))?;
        let folder = folder.to_owned();
        Ok(Self {
            dims,
            place: Place::File { file, folder },
        })
    }

    /// Bytes in memory.
    pub(super) fn memory(&self) -> u64 {
        match &self.place {
            Place::Memory(values) => size_of_val(values.as_slice()) as u64,
            Place::File { .. } => 0,
        }
    }

    /// Writes rows from `start` on; `values` are `[channels, rows, width]`.
    pub(super) fn write(&mut self, start: usize, values: &[f32]) -> Result<(), StoreError> {
        let [channels, height, width] = self.dims;
        let rows = values.chunks_exact(values.len() / channels);
        match &mut self.place {
            Place::Memory(kept) => {
                for (plane, rows) in kept.chunks_exact_mut(height * width).zip(rows) {
                    plane[start * width..][..rows.len()].copy_from_slice(rows);
                }
                Ok(())
            }
            Place::File { file, folder } => {
                let mut places = (0..channels).map(|channel| (channel * height + start) * width);
                rows.zip(&mut places)
                    .try_for_each(|(rows, place)| {
                        file.seek(SeekFrom::Start(offset(place)))?;
                        file.write_all(bytemuck::cast_slice(rows))
                    })
                    .map_err(|source| error(folder, self.dims, source))
            }
        }
    }

    /// The rows, `[channels, rows, width]`, all of which have been written.
    pub(super) fn read(&mut self, rows: Range<usize>) -> Result<Vec<f32>, StoreError> {
        let [channels, height, width] = self.dims;
        let length = rows.len() * width;
        match &mut self.place {
            Place::Memory(kept) => {
                let mut values = Vec::with_capacity(channels * length);
                for plane in kept.chunks_exact(height * width) {
                    values.extend_from_slice(&plane[rows.start * width..][..length]);
                }
                Ok(values)
            }
            Place::File { file, folder } => {
                let mut values = vec![0.0_f32; channels * length];
                values
                    .chunks_exact_mut(length)
                    .enumerate()
                    .try_for_each(|(channel, values)| {
                        let place = (channel * height + rows.start) * width;
                        file.seek(SeekFrom::Start(offset(place)))?;
                        file.read_exact(bytemuck::cast_slice_mut(values))
                    })
                    .map_err(|source| error(folder, self.dims, source))?;
                Ok(values)
            }
        }
    }
}

/// The byte at which a value lies.
fn offset(place: usize) -> u64 {
    (place * size_of::<f32>()) as u64
}

fn error(folder: &Path, dims: [usize; 3], source: io::Error) -> StoreError {
    StoreError {
        folder: folder.to_owned(),
        needed: offset(dims.iter().product()) as f64 / f64::from(1 << 30),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_file_give_back_what_they_got() {
        let folder = tempfile::tempdir().unwrap();
        let dims = [2, 5, 3];
        let value =
            |channel: usize, row: usize, column: usize| (channel * 100 + row * 10 + column) as f32;
        let rows = |rows: Range<usize>| -> Vec<f32> {
            (0..2)
                .flat_map(|channel| rows.clone().map(move |row| (channel, row)))
                .flat_map(|(channel, row)| (0..3).map(move |column| value(channel, row, column)))
                .collect()
        };
        let file = Store::in_file(dims, folder.path()).unwrap();
        assert_eq!(file.memory(), 0);
        for mut store in [Store::in_memory(dims), file] {
            for part in [0..2, 2..3, 3..5] {
                store.write(part.start, &rows(part)).unwrap();
            }
            for part in [0..5, 1..4, 4..5] {
                assert_eq!(store.read(part.clone()).unwrap(), rows(part));
            }
            store.write(1, &[7.0; 6]).unwrap();
            assert_eq!(store.read(1..2).unwrap(), [7.0; 6]);
            assert_eq!(store.read(2..3).unwrap(), rows(2..3));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let error = Store::in_file(dims, &folder.path().join("absent")).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }
}
