//! Finding the pictures of an input: a file, a folder with all that is in it, or a pattern.

use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::error::ApplyError;
use crate::data::{has_picture_extension, is_hidden};

/// Characters that make a path a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

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
    let seen = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(seen)
    {
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
        .filter(|text| text.contains(WILDCARDS))
        .ok_or_else(|| ApplyError::InputNotFound(pattern.to_owned()))?;
    let folder = fixed_part(text);
    let mut found = Found {
        pictures: Vec::new(),
        ignored: 0,
        folder: Some(folder.clone()),
        is_whole_folder: false,
    };
    // As in a shell: hidden files have to be asked for.
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let matches = glob::glob_with(text, options).map_err(|error| ApplyError::BadPattern {
        pattern: pattern.to_owned(),
        message: error.to_string(),
    })?;
    for path in matches {
        let path = path.map_err(|error| ApplyError::Unlisted {
            path: error.path().to_owned(),
            message: error.error().to_string(),
        })?;
        if path.is_file() {
            found.add(without_dots(&path), &folder);
        }
    }
    Ok(found)
}

/// The folders of a pattern before its first wildcard.
fn fixed_part(pattern: &str) -> PathBuf {
    let has_wildcard = |part: &Component| part.as_os_str().to_string_lossy().contains(WILDCARDS);
    without_dots(Path::new(pattern))
        .components()
        .take_while(|part| !has_wildcard(part))
        .collect()
}

/// The path without a leading `.`, which patterns and what they match need not have in common.
fn without_dots(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_part_ends_before_the_first_wildcard() {
        for (pattern, fixed) in [
            ("*.png", ""),
            ("./*.png", ""),
            ("./a/./b/*.png", "a/b"),
            ("/a/b?/c/*.png", "/a"),
            ("../[ab]/c.png", ".."),
        ] {
            assert_eq!(fixed_part(pattern), Path::new(fixed), "{pattern}");
        }
        assert_eq!(without_dots(Path::new("./a/b.png")), Path::new("a/b.png"));
    }
}
