//! The styles on this machine, by name.

use std::path::{Path, PathBuf};

use super::error::StyleError;
use super::folder::StyleFolder;
use crate::files::FileError;

/// A folder of styles.
#[derive(Debug, Clone)]
pub struct Registry {
    root: PathBuf,
}

impl Registry {
    /// The styles below `root` (`checkpoints/` by default).
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where a style of this name is, or would be.
    ///
    /// # Errors
    /// The name cannot be that of a folder.
    pub fn place(&self, name: &str) -> Result<StyleFolder, StyleError> {
        let plain = |letter: char| letter.is_alphanumeric() || "-_. ".contains(letter);
        let good = !name.is_empty()
            && name.starts_with(char::is_alphanumeric)
            && name.trim() == name
            && name.chars().all(plain);
        if good {
            Ok(StyleFolder::new(self.root.join(name)))
        } else {
            Err(StyleError::BadName(name.to_owned()))
        }
    }

    /// The style called `name`, its best weights as `name/best`, or the style in the folder of this path.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<StyleFolder, StyleError> {
        let path = Path::new(name);
        // A path, unless a style has this name.
        if let Ok(folder) = self.place(name)
            && folder.path().is_dir()
        {
            return Ok(folder);
        }
        if path.is_dir() {
            return Ok(StyleFolder::new(path));
        }
        // What a training has kept as its best.
        if let Some(whole) = name.strip_suffix("/best")
            && let Ok(folder) = self.place(whole)
            && folder.best().is_dir()
        {
            return Ok(StyleFolder::new(folder.best()));
        }
        Err(StyleError::NotFound {
            name: name.to_owned(),
            root: self.root.clone(),
            known: self.names()?,
        })
    }

    /// Names of all styles, sorted. A folder whose name cannot be that of a style is found by its path only.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, StyleError> {
        if !self.root.is_dir() {
            return Ok(Vec::new());
        }
        let unreadable = |source| FileError {
            action: "read",
            path: self.root.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let folder = StyleFolder::new(&path);
            let name = folder.name();
            if folder.manifest().is_file() && self.place(&name).is_ok() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }
}
