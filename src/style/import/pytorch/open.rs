//! The containers in which PyTorch has written checkpoints over the years.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use super::container::Checkpoint;
use super::error::Result;
use super::{legacy, tar_file, zip_file};

/// Where a tar archive says that it is one.
const TAR_MAGIC: Range<usize> = 257..262;

/// Opens the checkpoint at `path`, by its bytes, of which `start` are the first.
///
/// # Errors
/// It is not a checkpoint, is damaged, or refers to a name that no weights need.
pub(in super::super) fn open(path: &Path, start: &[u8]) -> Result<Checkpoint> {
    let file = BufReader::new(File::open(path)?);
    if start.starts_with(b"PK") {
        zip_file::open(path, file)
    } else if start.get(TAR_MAGIC) == Some(b"ustar") {
        tar_file::open(file)
    } else {
        legacy::open(file)
    }
}
