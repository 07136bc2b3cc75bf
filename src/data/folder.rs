//! The pictures of a folder, found recursively and in an order that does not depend on the file system.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::error::DataError;
use super::left_out::LeftOut;
use super::pair_name::{differ_by_case, pair_name};
use crate::files::FileError;
use crate::picture::has_picture_extension;
use crate::wording::counted;

/// One picture file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path relative to the folder, with `/` between the parts.
    pub name: String,
    /// Its size in bytes when it was found.
    pub bytes: u64,
    /// The page of the file, counted from 0; none for the first one of a file of which others do not count.
    pub page: Option<usize>,
}

impl PictureFile {
    /// Relative path without extension: what the pictures of a pair share.
    pub fn stem(&self) -> &str {
        let start = self.name.rfind('/').map_or(0, |slash| slash + 1);
        match self.name[start..].rfind('.') {
            Some(dot) if dot > 0 => &self.name[..start + dot],
            _ => &self.name,
        }
    }

    /// The stem in the form in which names are compared.
    pub fn pair_name(&self) -> String {
        pair_name(self.stem())
    }
}

/// The pictures of a folder, and what else is in it.
#[derive(Debug, Clone)]
pub struct FolderListing {
    /// The pictures, sorted by the bytes of their relative paths.
    pub pictures: Vec<PictureFile>,
    /// What is there besides.
    pub left_out: LeftOut,
}

/// Finds every picture under `folder`: recursively, following links, without hidden files and folders, sorted by the bytes
/// of the relative path. What counts is the extension; whether the bytes are a picture shows when it is read.
///
/// # Errors
/// The folder or one below it cannot be listed.
pub fn find_pictures(folder: &Path) -> Result<Vec<PictureFile>, DataError> {
    Ok(list_pictures(folder)?.pictures)
}

/// As [`find_pictures`], with what else is there. Links that lead round in circles are not followed.
///
/// # Errors
/// As [`find_pictures`].
pub fn list_pictures(folder: &Path) -> Result<FolderListing, DataError> {
    let (mut pictures, mut left_out) = (Vec::new(), LeftOut::default());
    let walk = WalkDir::new(folder)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.loop_ancestor().is_some() => {
                left_out.add_circle(error.path().unwrap_or(folder).to_owned());
                continue;
            }
            // A link that leads nowhere: whoever reads it says so, with all else that is wrong.
            Err(error) if error.path().is_some_and(is_broken_file_link) => {
                let path = error.path().unwrap_or(folder);
                if has_picture_extension(path) {
                    pictures.push(PictureFile {
                        path: path.to_owned(),
                        name: name_below(folder, path),
                        bytes: 0,
                        page: None,
                    });
                } else {
                    left_out.add_file(path);
                }
                continue;
            }
            Err(error) => {
                return Err(FileError {
                    action: "list",
                    path: error.path().unwrap_or(folder).to_owned(),
                    // Without the path once more.
                    source: error
                        .into_io_error()
                        .unwrap_or_else(|| ErrorKind::InvalidInput.into()),
                }
                .into());
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        if !has_picture_extension(entry.path()) {
            left_out.add_file(entry.path());
            continue;
        }
        let bytes = entry
            .metadata()
            .map_err(|error| FileError {
                action: "read",
                path: entry.path().to_owned(),
                source: error.into(),
            })?
            .len();
        pictures.push(PictureFile {
            name: name_below(folder, entry.path()),
            path: entry.into_path(),
            bytes,
            page: None,
        });
    }
    pictures.sort_by(|first, second| {
        first
            .name
            .as_bytes()
            .cmp(second.name.as_bytes())
            .then_with(|| first.path.cmp(&second.path))
    });
    Ok(FolderListing { pictures, left_out })
}

/// The path below `folder`, with `/` between its parts.
fn name_below(folder: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let parts = relative.components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// Whether a link leads nowhere and is called like a file: without an extension it may have been a folder, whose pictures are missing.
fn is_broken_file_link(path: &Path) -> bool {
    path.extension().is_some() && path.is_symlink() && !path.exists()
}

/// As [`find_pictures`], for a folder that must not be empty.
///
/// # Errors
/// The folder cannot be listed, or has no picture.
pub fn require_pictures(folder: &Path) -> Result<Vec<PictureFile>, DataError> {
    let pictures = find_pictures(folder)?;
    if pictures.is_empty() {
        return Err(DataError::NoPictures {
            folder: folder.to_owned(),
            found: describe_folder(folder),
        });
    }
    Ok(pictures)
}

/// The pairs of pictures of one folder that have the same stem; `pictures` is sorted.
pub(super) fn duplicate_stems(pictures: &[PictureFile]) -> Vec<DataError> {
    let mut seen = std::collections::HashMap::new();
    pictures
        .iter()
        .filter_map(|picture| {
            let first = seen.insert(picture.pair_name(), picture)?;
            Some(same_name(first, picture))
        })
        .collect()
}

/// The problem of two pictures of one folder that have one name.
pub(super) fn same_name(first: &PictureFile, second: &PictureFile) -> DataError {
    let (first_path, second_path) = (first.path.clone(), second.path.clone());
    if first.stem() == second.stem() {
        DataError::SameStem {
            first: first_path,
            second: second_path,
        }
    } else {
        DataError::SameForm {
            first: first_path,
            second: second_path,
        }
    }
}

/// The picture among `others` whose name differs from `name` in large and small letters alone.
pub(super) fn nearly_named<'a>(
    name: &str,
    others: impl IntoIterator<Item = &'a PictureFile>,
) -> Option<std::path::PathBuf> {
    let mut others = others.into_iter();
    let near = others.find(|other| differ_by_case(name, &other.pair_name()))?;
    Some(near.path.clone())
}

/// What a folder holds, in words, for error messages: `folders "a" "b", 3 pictures, 2 other files`.
pub(super) fn describe_folder(folder: &Path) -> String {
    let (mut folders, mut pictures, mut others) = (Vec::new(), 0, 0);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if is_hidden(&name) {
            continue;
        }
        if entry.path().is_dir() {
            folders.push(format!("`{}`", name.to_string_lossy()));
        } else if has_picture_extension(&entry.path()) {
            pictures += 1;
        } else {
            others += 1;
        }
    }
    folders.sort();
    let more = folders.len().saturating_sub(8);
    folders.truncate(8);
    let mut parts = Vec::new();
    if !folders.is_empty() {
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        parts.push(format!("folders {}{rest}", folders.join(" ")));
    }
    for (count, thing) in [(pictures, "picture"), (others, "other file")] {
        if count > 0 {
            parts.push(counted(count, thing));
        }
    }
    if parts.is_empty() {
        return "nothing".to_owned();
    }
    parts.join(", ")
}

/// What systems put beside pictures: thumbnails of network storage, leftovers of archives, bins.
const SYSTEM_NAMES: [&str; 8] = [
    "@eadir",
    "__macosx",
    "$recycle.bin",
    "#recycle",
    "lost+found",
    "system volume information",
    "thumbs.db",
    "desktop.ini",
];

/// Whether a file or folder is not meant to be seen: thumbnails, version control, bins, what macOS leaves on foreign disks.
pub fn is_hidden(name: &std::ffi::OsStr) -> bool {
    let is_system = |name: &str| {
        SYSTEM_NAMES
            .iter()
            .any(|system| system.eq_ignore_ascii_case(name))
    };
    name.as_encoded_bytes().first() == Some(&b'.') || name.to_str().is_some_and(is_system)
}
