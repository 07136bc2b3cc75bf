//! Finding the pictures of an input: a file, a folder with all that is in it, or a pattern.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::error::ApplyError;
use crate::data::has_picture_extension;

/// What an input stands for.
pub(super) struct Found {
    /// Pictures, sorted, each with its place below `folder`.
    pub(super) pictures: Vec<(PathBuf, PathBuf)>,
    /// Files that are not called like pictures.
    pub(super) ignored: usize,
    /// The folder whose tree the output mirrors: the input, or the part of a pattern before its first wildcard; none for one file.
    pub(super) folder: Option<PathBuf>,
    /// Whether all that is below `folder` belongs to the input.
    pub(super) is_whole_folder: bool,
}

/// Finds the pictures of `input`.
pub(super) fn find(input: &Path) -> Result<Found, ApplyError> {
    let found = if input.is_dir() {
        in_folder(input)?
    } else if input.is_file() {
        let name = input.file_name().map(PathBuf::from);
        Found {
            pictures: name
                .map(|name| (input.to_owned(), name))
                .into_iter()
                .collect(),
            ignored: 0,
            folder: None,
            is_whole_folder: false,
        }
    } else {
        matching(input)?
    };
    if found.pictures.is_empty() {
        return Err(ApplyError::NothingFound {
            input: input.to_owned(),
            ignored: found.ignored,
        });
    }
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<Found, ApplyError> {
    let mut found = Found {
        pictures: Vec::new(),
        ignored: 0,
        folder: Some(folder.to_owned()),
        is_whole_folder: true,
    };
    // Links to folders are not followed: they can lead round in circles.
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| ApplyError::Unlisted {
            path: error.path().unwrap_or(folder).to_owned(),
            message: error
                .io_error()
                .map_or_else(|| error.to_string(), ToString::to_string),
        })?;
        if entry.path().is_file() {
            found.add(entry.into_path(), folder);
        }
    }
    Ok(found)
}

fn matching(pattern: &Path) -> Result<Found, ApplyError> {
    let text = pattern
        .to_str()
        .filter(|text| text.contains(['*', '?', '[']))
        .ok_or_else(|| ApplyError::InputNotFound(pattern.to_owned()))?;
    let folder: PathBuf = Path::new(text)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect();
    let mut found = Found {
        pictures: Vec::new(),
        ignored: 0,
        folder: Some(folder.clone()),
        is_whole_folder: false,
    };
    let matches = glob::glob(text).map_err(|error| ApplyError::BadPattern {
        pattern: pattern.to_owned(),
        message: error.to_string(),
    })?;
    for path in matches {
        let path = path.map_err(|error| ApplyError::Unlisted {
            path: error.path().to_owned(),
            message: error.error().to_string(),
        })?;
        if path.is_file() {
            found.add(path, &folder);
        }
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, path: PathBuf, folder: &Path) {
        if has_picture_extension(&path) {
            // The walk and the pattern begin with the folder, so that the rest of the path is always left.
            let relative = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            self.pictures.push((path, relative));
        } else {
            self.ignored += 1;
        }
    }
}
