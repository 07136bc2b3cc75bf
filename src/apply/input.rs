//! Finding the pictures of an input: a file, a folder with all that is in it, or a pattern.

use std::fs::FileType;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::error::ApplyError;
use super::resolved::resolved;
use crate::data::is_hidden;
use crate::picture::has_picture_extension;

/// Characters that make a path a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// What an input stands for.
pub(super) struct InputListing {
    /// Pictures and what else must be told about, sorted by path.
    pub(super) candidates: Vec<Candidate>,
    /// Files that are not called like pictures.
    pub(super) ignored: usize,
    /// What the candidates' paths are relative to: the input, the part of a pattern before its first wildcard, or the folder of
    /// a picture.
    pub(super) root: PathBuf,
    pub(super) kind: InputKind,
    /// The folders that were named as inputs.
    pub(super) folders: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    File,
    Folder,
    Pattern,
    /// Several of these.
    Several,
}

/// Something in an input that has the name of a picture, or that may hide pictures.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) relative: Box<Path>,
    pub(super) what: EntryKind,
}

/// What a candidate is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// A file.
    File,
    /// A link to a file, or one that leads nowhere, which reading it will tell.
    Link,
    /// A pipe, a socket, a device: reading one may never end.
    Special,
    /// A folder that cannot be listed, and what the system says.
    Unreadable(Box<str>),
}

impl AsRef<Path> for Candidate {
    fn as_ref(&self) -> &Path {
        &self.relative
    }
}

/// Finds the pictures of `input`.
pub(super) fn find(input: &Path) -> Result<InputListing, ApplyError> {
    let mut found = if input.is_dir() {
        in_folder(input)?
    } else if input.is_file() {
        let mut found = InputListing::new(input.parent().unwrap_or(Path::new("")), InputKind::File);
        if let Some(name) = input.file_name() {
            let what = if input.is_symlink() {
                EntryKind::Link
            } else {
                EntryKind::File
            };
            found.add(Path::new(name), what);
        }
        found
    } else if input.exists() {
        return Err(ApplyError::NotAFile(input.to_owned()));
    } else {
        matching(input)?
    };
    if found.candidates.is_empty() {
        return Err(ApplyError::NothingFound {
            input: input.to_owned(),
            ignored: found.ignored,
        });
    }
    // As in a listing that goes into each folder where its name stands.
    found
        .candidates
        .sort_by(|first, second| first.relative.cmp(&second.relative));
    Ok(found)
}

/// Finds the pictures of several inputs. Their paths are relative to the folder that has all of them, and named folders keep
/// their names.
pub(super) fn find_all(inputs: &[PathBuf]) -> Result<InputListing, ApplyError> {
    if let [input] = inputs {
        return find(input);
    }
    let mut listings = Vec::new();
    for input in inputs {
        listings.push(find(input)?);
    }
    let is_plain = |root: &Path| {
        let mut parts = root.components();
        root.is_relative() && !parts.any(|part| part == Component::ParentDir)
    };
    let all_plain = listings.iter().all(|listing| is_plain(&listing.root));
    let place = |root: &Path| {
        if all_plain {
            without_dots(root)
        } else {
            resolved(root)
        }
    };
    let parent = |listing: &InputListing| {
        let root = place(&listing.root);
        match (listing.kind, root.parent()) {
            (InputKind::Folder, Some(parent)) => parent.to_owned(),
            _ => root,
        }
    };
    let parents: Vec<PathBuf> = listings.iter().map(parent).collect();
    let root = parents.iter().skip(1).fold(
        parents.first().cloned().unwrap_or_default(),
        |common, parent| {
            let pairs = common.components().zip(parent.components());
            pairs
                .take_while(|(one, other)| one == other)
                .map(|(one, _)| one)
                .collect()
        },
    );
    let mut all = InputListing::new(&root, InputKind::Several);
    for listing in listings {
        all.ignored += listing.ignored;
        let folder = place(&listing.root);
        for candidate in listing.candidates {
            let path = folder.join(&candidate.relative);
            let relative = below(&path, &root);
            // What a shell makes of a pattern may be anything.
            if listing.kind == InputKind::File && !has_picture_extension(relative) {
                all.ignored += 1;
                continue;
            }
            all.add(relative, candidate.what);
        }
        all.folders.extend(listing.folders);
    }
    all.candidates
        .sort_by(|first, second| first.relative.cmp(&second.relative));
    all.candidates
        .dedup_by(|second, first| second.relative == first.relative);
    if all.candidates.is_empty() {
        return Err(ApplyError::NothingFound {
            input: root,
            ignored: all.ignored,
        });
    }
    Ok(all)
}

fn in_folder(folder: &Path) -> Result<InputListing, ApplyError> {
    let mut found = InputListing::new(folder, InputKind::Folder);
    found.folders.push(folder.to_owned());
    // Links to folders are not followed: they can lead round in circles.
    let seen = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder).into_iter().filter_entry(seen) {
        match entry {
            Ok(entry) => {
                let relative = below(entry.path(), folder);
                if let Some(what) = entry_kind(entry.path(), entry.file_type()) {
                    found.add_named(relative, what);
                }
            }
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let message = error
                    .io_error()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                if error.depth() == 0 {
                    return Err(ApplyError::Unreadable { path, message });
                }
                found.add(below(&path, folder), EntryKind::Unreadable(message.into()));
            }
        }
    }
    Ok(found)
}

fn matching(pattern: &Path) -> Result<InputListing, ApplyError> {
    let text = pattern
        .to_str()
        .filter(|text| text.contains(WILDCARDS))
        .ok_or_else(|| ApplyError::InputNotFound(pattern.to_owned()))?;
    let folder = fixed_part(text);
    let mut found = InputListing::new(&folder, InputKind::Pattern);
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
        match path {
            Ok(path) => {
                let what = std::fs::symlink_metadata(&path)
                    .map(|metadata| entry_kind(&path, metadata.file_type()));
                if let Ok(Some(what)) = what {
                    found.add_named(below(&without_dots(&path), &folder), what);
                }
            }
            Err(error) => {
                let path = without_dots(error.path());
                let message = error.error().to_string();
                found.add(below(&path, &folder), EntryKind::Unreadable(message.into()));
            }
        }
    }
    Ok(found)
}

/// The rest of `path` after `folder`, with which it begins.
fn below<'a>(path: &'a Path, folder: &Path) -> &'a Path {
    path.strip_prefix(folder).unwrap_or(path)
}

/// What an entry of a folder is; nothing for folders and links to them.
fn entry_kind(path: &Path, file_type: FileType) -> Option<EntryKind> {
    if file_type.is_symlink() {
        return match std::fs::metadata(path) {
            Ok(target) if target.is_dir() => None,
            Ok(target) if !target.is_file() => Some(EntryKind::Special),
            _ => Some(EntryKind::Link),
        };
    }
    match (file_type.is_dir(), file_type.is_file()) {
        (true, _) => None,
        (_, true) => Some(EntryKind::File),
        _ => Some(EntryKind::Special),
    }
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

impl InputListing {
    fn new(root: &Path, kind: InputKind) -> Self {
        Self {
            candidates: Vec::new(),
            ignored: 0,
            root: root.to_owned(),
            kind,
            folders: Vec::new(),
        }
    }

    fn add(&mut self, relative: &Path, what: EntryKind) {
        let relative = relative.into();
        self.candidates.push(Candidate { relative, what });
    }

    /// Adds what is called like a picture, and counts the rest.
    fn add_named(&mut self, relative: &Path, what: EntryKind) {
        if has_picture_extension(relative) {
            self.add(relative, what);
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
