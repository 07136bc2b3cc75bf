//! What conversions of folders of pictures have in common: each file on its own, in parallel, written as PNG under the same
//! relative name.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{DynamicImage, ImageFormat};
use rayon::prelude::*;

use super::error::DataError;
use super::folder::{PictureFile, duplicate_stems, require_pictures};
use crate::files::{self, FileError, resolved};
use crate::panics;
use crate::picture::RgbPicture;

/// Is told how many files of how many are done; called from several threads.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// The outcome of a conversion.
#[derive(Debug, Default)]
pub struct Conversion {
    /// Input files that were converted.
    pub converted: usize,
    /// Those of them of which 8 bits for each channel were kept, and which have more.
    pub reduced: usize,
    /// Input files that were not, in the order of their names; each error names its file.
    pub failures: Vec<DataError>,
}

/// The pictures of `input`, which will be written to `outputs` under their stems.
///
/// # Errors
/// There are none, two would be written to the same file, or an output is the input or within it.
pub(super) fn list_inputs(
    input: &Path,
    outputs: &[PathBuf],
) -> Result<Vec<PictureFile>, DataError> {
    if !input.is_dir() {
        return Err(DataError::NotAFolder(input.to_owned()));
    }
    ensure_outside(input, outputs)?;
    let files = require_pictures(input)?;
    DataError::from_problems(input, duplicate_stems(&files))?;
    Ok(files)
}

/// Refuses outputs that are the input or within it: results would be taken for inputs or written over them.
///
/// # Errors
/// The first of them that is so.
pub fn ensure_outside(input: &Path, outputs: &[PathBuf]) -> Result<(), DataError> {
    let real = resolved(input);
    for output in outputs {
        if resolved(output).starts_with(&real) {
            return Err(DataError::SameFolder {
                input: input.to_owned(),
                output: output.clone(),
            });
        }
    }
    Ok(())
}

/// Refuses to write over `folder/stem.png`: it may be the user's own.
pub(super) fn nothing_replaced<S: AsRef<str>>(
    folder: &Path,
    stems: impl IntoIterator<Item = S>,
) -> Result<(), DataError> {
    let paths = stems
        .into_iter()
        .map(|stem| png_path(folder, stem.as_ref()));
    match paths.into_iter().find(|path| path.exists()) {
        Some(path) => Err(DataError::Exists(path)),
        None => Ok(()),
    }
}

/// Runs `convert` on the indices of `files`, on all threads; it writes a picture of each file's stem to each of `outputs`. A file that
/// cannot be converted is a failure of its own; a result that cannot be written ends the conversion, because the next ones could not be
/// either. Files that are there already are replaced only with `overwrite`.
pub(super) fn convert_all(
    files: &[PictureFile],
    outputs: &[PathBuf],
    overwrite: bool,
    progress: Progress<'_>,
    convert: impl Fn(usize) -> Result<(), DataError> + Sync,
) -> Result<Conversion, DataError> {
    for output in outputs {
        if !overwrite {
            nothing_replaced(output, files.iter().map(PictureFile::stem))?;
        }
    }
    for output in outputs {
        files::create_folder(output)?;
    }
    let done = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    files.par_iter().enumerate().try_for_each(|(index, file)| {
        let result = panics::catch(|| convert(index)).unwrap_or_else(|message| {
            Err(DataError::Panicked {
                path: file.path.clone(),
                message,
            })
        });
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
        match result {
            Err(DataError::File(error)) => Err(DataError::File(error)),
            Err(error) => {
                let mut failures = failures
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                failures.push((index, error));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    })?;
    let mut failures = failures
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    failures.sort_by_key(|(index, _)| *index);
    Ok(Conversion {
        converted: files.len() - failures.len(),
        reduced: 0,
        failures: failures.into_iter().map(|(_, error)| error).collect(),
    })
}

/// Counts pictures of which only 8 bits for each channel are kept.
#[derive(Debug, Default)]
pub(super) struct Reduced(AtomicUsize);

impl Reduced {
    /// Counts a sample of these pictures, if one of them has more.
    pub(super) fn see(&self, pictures: &[&RgbPicture]) {
        if pictures.iter().any(|picture| picture.is_reduced) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// `conversion` with the count.
    pub(super) fn told(self, conversion: Conversion) -> Conversion {
        Conversion {
            reduced: self.0.into_inner(),
            ..conversion
        }
    }
}

/// Writes `image` as `folder/stem.png`, with the folders of the stem.
pub(super) fn write_png(image: &DynamicImage, folder: &Path, stem: &str) -> Result<(), FileError> {
    let path = png_path(folder, stem);
    if let Some(parent) = path.parent() {
        files::create_folder(parent)?;
    }
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|error| FileError::context("encode", &path)(std::io::Error::other(error)))?;
    files::write_atomically(&path, bytes.get_ref())
}

/// Not `with_extension`: a stem can have dots.
fn png_path(folder: &Path, stem: &str) -> PathBuf {
    folder.join(format!("{stem}.png"))
}
