//! The folder of a style at the beginning of a session.

use std::fs::File;
use std::path::Path;

use super::error::TrainError;
use crate::files::{self, FileError};
use crate::style::StyleFolder;

/// Creates and locks the folder of `style`, and empties it of an earlier style unless that is `resumed`.
///
/// # Errors
/// Another run holds the lock, or the folder cannot be written.
pub(super) fn prepare_folder(style: &StyleFolder, resumed: bool) -> Result<File, TrainError> {
    files::create_folder(style.path())?;
    let path = style.lock();
    let lock = style.acquire()?;
    if resumed {
        let folders = [
            style.path().to_owned(),
            style.state(),
            style.previews(),
            style.kept(),
        ];
        for folder in folders {
            remove_entries(&folder, is_leftover)?;
        }
    } else {
        // The manifest last: a folder that is half emptied by a kill is still known as a style.
        let manifest = style.manifest();
        remove_entries(style.path(), |entry| entry != path && entry != manifest)?;
        remove_entries(style.path(), |entry| entry != path)?;
    }
    files::create_folder(&style.state())?;
    Ok(lock)
}

/// Whether a killed run left this behind: a temporary file or an incomplete checkpoint.
fn is_leftover(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.starts_with('.') && name.ends_with(".tmp")) || name.ends_with(".safetensors.tmp")
}

/// Removes the files and folders in `folder` that are `unwanted`.
fn remove_entries(folder: &Path, unwanted: impl Fn(&Path) -> bool) -> Result<(), FileError> {
    if !folder.is_dir() {
        return Ok(());
    }
    let failed = |path: &Path| FileError::context("remove", path);
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if !unwanted(&path) {
            continue;
        }
        let removed = if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        removed.map_err(failed(&path))?;
    }
    Ok(())
}
