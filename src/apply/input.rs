//! Finding the pictures of an input: a file, a folder with all that is in it, or a pattern.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::error::ApplyError;
use super::pattern::PathPattern;
use crate::data::{LeftOut, is_hidden};
use crate::picture::has_picture_extension;

/// What an input stands for.
pub(super) struct InputListing {
    /// Pictures and what else must be told about, sorted by path.
    pub(super) candidates: Vec<Candidate>,
    /// Files that are not called like pictures, and links that lead round in circles.
    pub(super) left_out: LeftOut,
    /// Links to folders that were followed.
    pub(super) links: Vec<PathBuf>,
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
            left_out: found.left_out,
        });
    }
    // As in a listing that goes into each folder where its name stands.
    found
        .candidates
        .sort_by(|first, second| first.relative.cmp(&second.relative));
    Ok(found)
}

fn in_folder(folder: &Path) -> Result<InputListing, ApplyError> {
    let mut found = InputListing::new(folder, InputKind::Folder);
    found.folders.push(folder.to_owned());
    let seen = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    found.walk(seen, |_| true)?;
    Ok(found)
}

fn matching(path: &Path) -> Result<InputListing, ApplyError> {
    let pattern = PathPattern::parse(path)
        .map_err(|error| ApplyError::BadPattern {
            pattern: path.to_owned(),
            message: error.to_string(),
        })?
        .ok_or_else(|| ApplyError::InputNotFound(path.to_owned()))?;
    let mut found = InputListing::new(&pattern.root, InputKind::Pattern);
    if !found.folder().is_dir() {
        return Ok(found);
    }
    let folder = found.folder().to_owned();
    // Names that are not UTF-8 match nothing.
    let names = |path: &Path| -> Option<Vec<String>> {
        let parts = below(path, &folder).components();
        parts
            .map(|part| part.as_os_str().to_str().map(str::to_owned))
            .collect()
    };
    let fits = |path: &Path, test: &dyn Fn(&[&str]) -> bool| {
        names(path)
            .is_some_and(|names| test(&names.iter().map(String::as_str).collect::<Vec<&str>>()))
    };
    let seen = |entry: &DirEntry| {
        entry.depth() == 0
            || !entry.file_type().is_dir()
            || fits(entry.path(), &|names| pattern.may_match_below(names))
    };
    let wanted = |path: &Path| fits(path, &|names| pattern.matches(names));
    found.walk(seen, wanted)?;
    Ok(found)
}

/// The rest of `path` after `folder`, with which it begins.
pub(super) fn below<'a>(path: &'a Path, folder: &Path) -> &'a Path {
    path.strip_prefix(folder).unwrap_or(path)
}

impl InputListing {
    pub(super) fn new(root: &Path, kind: InputKind) -> Self {
        Self {
            candidates: Vec::new(),
            left_out: LeftOut::default(),
            links: Vec::new(),
            root: root.to_owned(),
            kind,
            folders: Vec::new(),
        }
    }

    /// The root as it can be listed.
    fn folder(&self) -> &Path {
        if self.root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.root
        }
    }

    /// Goes through the root and all folders that are `seen`, links to folders included, and adds the files that are `wanted`.
    fn walk(
        &mut self,
        seen: impl FnMut(&DirEntry) -> bool,
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<(), ApplyError> {
        let folder = self.folder().to_owned();
        let walk = WalkDir::new(&folder).follow_links(true).into_iter();
        for entry in walk.filter_entry(seen) {
            match entry {
                Ok(entry) => {
                    let relative = below(entry.path(), &folder);
                    if entry.file_type().is_dir() {
                        if entry.path_is_symlink() {
                            self.links.push(relative.to_owned());
                        }
                    } else if wanted(entry.path()) {
                        self.add_named(relative, self.entry_kind(&entry, relative));
                    }
                }
                Err(error) => self.add_unlisted(&error, &folder, &wanted)?,
            }
        }
        Ok(())
    }

    /// What an entry that is no folder is.
    fn entry_kind(&self, entry: &DirEntry, relative: &Path) -> EntryKind {
        if !entry.file_type().is_file() {
            return EntryKind::Special;
        }
        // What lies behind a link has another place of its own.
        let is_behind = |link: &PathBuf| relative.starts_with(link);
        if entry.path_is_symlink() || self.links.iter().any(is_behind) {
            EntryKind::Link
        } else {
            EntryKind::File
        }
    }

    /// Takes down what the walk could not go into.
    fn add_unlisted(
        &mut self,
        error: &walkdir::Error,
        folder: &Path,
        wanted: &impl Fn(&Path) -> bool,
    ) -> Result<(), ApplyError> {
        let path = error.path().unwrap_or(folder).to_owned();
        if error.loop_ancestor().is_some() {
            self.left_out.add_circle(path);
            return Ok(());
        }
        if error.depth() > 0 && path.is_symlink() {
            // It leads nowhere, which reading it will tell; without an extension it may have been a folder, whose pictures are missing.
            if path.extension().is_none() && self.kind == InputKind::Folder {
                let message = "it is a link that leads nowhere".into();
                self.add(below(&path, folder), EntryKind::Unreadable(message));
            } else if wanted(&path) {
                self.add_named(below(&path, folder), EntryKind::Link);
            }
            return Ok(());
        }
        let message = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        if error.depth() == 0 {
            return Err(ApplyError::Unreadable { path, message });
        }
        self.add(below(&path, folder), EntryKind::Unreadable(message.into()));
        Ok(())
    }

    pub(super) fn add(&mut self, relative: &Path, what: EntryKind) {
        let relative = relative.into();
        self.candidates.push(Candidate { relative, what });
    }

    /// Adds what is called like a picture, and counts the rest.
    fn add_named(&mut self, relative: &Path, what: EntryKind) {
        if has_picture_extension(relative) {
            self.add(relative, what);
        } else {
            self.left_out.add_file(relative);
        }
    }
}
