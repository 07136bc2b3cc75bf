//! Data sets that are one folder of pictures.

use std::path::{Path, PathBuf};

use super::error::DataError;
use super::folder::{PictureFile, describe_folder, require_pictures};

/// The pictures of `folder`; where it is the root of the data set, without those of its other splits and those `apart`.
pub(super) fn plain_files(
    root: &Path,
    folder: &Path,
    apart: &[PathBuf],
) -> Result<Vec<PictureFile>, DataError> {
    let mut files = require_pictures(folder)?;
    if folder == root {
        let splits = [root.join("val"), root.join("test")];
        let is_apart = |file: &PictureFile| {
            let mut others = splits.iter().chain(apart);
            others.any(|folder| file.path.starts_with(folder))
        };
        files.retain(|file| !is_apart(file));
        if files.is_empty() {
            return Err(DataError::NoPictures {
                folder: folder.to_owned(),
                found: describe_folder(folder),
            });
        }
    }
    Ok(files)
}

/// What `folder` is called in messages.
pub(super) fn plain_name(root: &Path, folder: &Path) -> String {
    match folder.strip_prefix(root) {
        Ok(inner) if !inner.as_os_str().is_empty() => inner.display().to_string(),
        _ => folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    }
}
