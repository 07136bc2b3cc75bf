//! Bytes that are put aside for a while: few of them in memory, many in a file without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A fixed number of bytes, which are written and read at any place.
#[derive(Debug)]
pub(crate) struct Spool(Place);

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    /// The file is gone with this value or with the program, however that ends. It is read and written, not mapped, so that it
    /// does not count as the program's memory. Whoever holds the lock moves the place in it.
    File(Mutex<File>),
}

impl Spool {
    /// So many zeros in memory.
    pub(crate) fn in_memory(length: usize) -> Self {
        Self(Place::Memory(vec![0; length]))
    }

    /// A file in `folder`, which grows as it is written to.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(crate) fn in_file(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self(Place::File(Mutex::new(file))))
    }

    /// Writes `bytes` from the place `start` on.
    ///
    /// # Errors
    /// The place is outside, or the disk is full.
    pub(crate) fn write(&mut self, start: u64, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Place::Memory(all) => {
                let place = usize::try_from(start).ok();
                let place = place.and_then(|start| all.get_mut(start..start + bytes.len()));
                let place = place.ok_or(io::ErrorKind::WriteZero)?;
                place.copy_from_slice(bytes);
                Ok(())
            }
            Place::File(file) => {
                let file = file.get_mut().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                file.write_all(bytes)
            }
        }
    }

    /// Fills `bytes` with those from the place `start` on, all of which have been written.
    ///
    /// # Errors
    /// They have not, or the disk cannot be read.
    pub(crate) fn read(&self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        match &self.0 {
            Place::Memory(all) => {
                let place = usize::try_from(start).ok();
                let place = place.and_then(|start| all.get(start..start + bytes.len()));
                bytes.copy_from_slice(place.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            Place::File(file) => {
                // A panic of another thread cannot have left the file half written: writing needs this value alone.
                let mut file: MutexGuard<'_, File> =
                    file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_file_give_back_what_they_got() {
        let folder = tempfile::tempdir().unwrap();
        let file = Spool::in_file(folder.path()).unwrap();
        for mut spool in [Spool::in_memory(10), file] {
            spool.write(0, b"01234").unwrap();
            spool.write(5, b"56789").unwrap();
            spool.write(2, b"xy").unwrap();
            let mut bytes = [0; 7];
            spool.read(1, &mut bytes).unwrap();
            assert_eq!(&bytes, b"1xy4567");
            assert!(spool.read(4, &mut bytes).is_err());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(Spool::in_file(&folder.path().join("absent")).is_err());
    }
}
