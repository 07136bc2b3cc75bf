//! Features that are kept beside a folder of pictures.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::set_error::SetError;
use crate::features::Resize;
use crate::files::FileError;

/// Changes whenever features are calculated in another way.
const VERSION: &str = "1";

/// The file beside `folder` for its features: its name has a key of the contents of all pictures in their order, of the weights
/// and of the resizing, so that features of other contents are never taken.
///
/// # Errors
/// A file cannot be read.
pub(super) fn path(
    folder: &Path,
    pictures: &[PathBuf],
    weights: &[u8],
    resize: Resize,
) -> Result<PathBuf, SetError> {
    let digests: Vec<Result<Vec<u8>, SetError>> = pictures
        .par_iter()
        .map(|path| digest(path).map_err(SetError::from))
        .collect();
    let mut key = Sha256::new();
    key.update(VERSION);
    key.update(resize.name());
    key.update(weights);
    for digest in digests {
        key.update(digest?);
    }
    let key = short_hex(&key.finalize());
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    Ok(folder.with_file_name(format!("{name}.features-{key}.safetensors")))
}

/// The SHA-256 of a file, read in pieces.
pub(super) fn digest(path: &Path) -> Result<Vec<u8>, FileError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let mut digest = Sha256::new();
        let mut piece = vec![0; 1 << 16];
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                return Ok(digest.finalize().to_vec());
            }
            digest.update(&piece[..count]);
        }
    };
    read().map_err(FileError::context("read", path))
}

/// The first eight bytes of a digest in hexadecimal digits.
pub(super) fn short_hex(digest: &[u8]) -> String {
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
