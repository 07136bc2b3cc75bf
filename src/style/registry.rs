//! The styles on this machine and in the program, by name.

use std::path::{Path, PathBuf};

use super::error::StyleError;
use super::first_stage::first_stage_folder;
use super::folder::StyleFolder;
use super::manifest::Manifest;
use crate::files::FileError;
use crate::wording::nearest;

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

    /// The style called `name`, its best weights as `name/best`, or the style in the folder of this path; with `@STEP` behind it,
    /// the state that was kept after that step. A style on the disk goes before one of the same name in the program.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<StyleFolder, StyleError> {
        let path = Path::new(name);
        let builtin = StyleFolder::builtin(name);
        // A path, unless a style has this name.
        let named = self.place(name).ok().filter(|style| style.path().is_dir());
        let at_path = path.is_dir().then(|| StyleFolder::new(path));
        for folder in named.into_iter().chain(at_path) {
            // A folder of pictures may have the name of a style in the program.
            if builtin.is_some() && !folder.manifest().is_file() {
                continue;
            }
            if builtin.is_some() {
                tracing::debug!(
                    "`{name}` is the style in `{}`, and not the one of this name in the program",
                    folder.path().display()
                );
            }
            return Ok(folder);
        }
        if let Some(style) = builtin {
            return Ok(style);
        }
        if let Some((style, step)) = name.rsplit_once('@') {
            let style = self.find(style)?;
            let kept = step.parse().ok().map(|step| style.kept_at(step));
            return kept
                .filter(|kept| kept.manifest().is_file())
                .ok_or(StyleError::NotKept {
                    style: style.name(),
                    step: step.to_owned(),
                    kept: style.kept_steps()?,
                });
        }
        // What a training has kept as its best.
        if let Some(whole) = name.strip_suffix("/best")
            && let Ok(folder) = self.place(whole)
            && folder.best().is_dir()
        {
            return Ok(StyleFolder::new(folder.best()));
        }
        let known = self.names()?;
        let builtin: Vec<String> = self.builtin()?.iter().map(StyleFolder::name).collect();
        Err(StyleError::NotFound {
            name: name.to_owned(),
            root: self.root.clone(),
            nearest: nearest(name, [&known[..], &builtin[..]].concat()),
            known,
            builtin,
        })
    }

    /// The style on the disk whose name was probably meant by `name`. Names that differ by a number alone are not mistakes.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn nearest(&self, name: &str) -> Result<Option<String>, StyleError> {
        Ok(nearest(name, self.names()?))
    }

    /// The styles in the program that no style on the disk takes the place of, sorted by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn builtin(&self) -> Result<Vec<StyleFolder>, StyleError> {
        let names = self.names()?;
        let mut builtin = StyleFolder::all_builtin();
        builtin.retain(|style| !names.contains(&style.name()));
        Ok(builtin)
    }

    /// Names of the styles whose training is not finished, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn unfinished(&self) -> Result<Vec<String>, StyleError> {
        let mut names = self.names()?;
        names.retain(|name| {
            let manifest = self.place(name).and_then(|folder| Manifest::read(&folder));
            manifest.is_ok_and(|manifest| {
                !manifest.training.finished && manifest.training.imported_from.is_empty()
            })
        });
        Ok(names)
    }

    /// Names of the styles that go on from the pictures of the one in `folder`, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn second_stages(&self, folder: &StyleFolder) -> Result<Vec<String>, StyleError> {
        let Ok(first) = folder.path().canonicalize() else {
            return Ok(Vec::new());
        };
        let goes_on = |name: &String| -> Option<bool> {
            let style = self.place(name).ok()?;
            let manifest = Manifest::read(&style).ok()?;
            let stage = first_stage_folder(&manifest.recipe, Some(&style))?;
            // Its own best weights or kept states, too.
            Some(stage.path().canonicalize().ok()?.starts_with(&first))
        };
        let mut names = self.names()?;
        names.retain(|name| *name != folder.name() && goes_on(name) == Some(true));
        Ok(names)
    }

    /// Names of all styles on the disk, sorted. A folder whose name cannot be that of a style is found by its path only.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_mistake_away_and_no_other_number() {
        let root = tempfile::tempdir().unwrap();
        for name in ["facades", "run1", "s"] {
            std::fs::create_dir_all(root.path().join(name)).unwrap();
            std::fs::write(root.path().join(name).join("style.toml"), "").unwrap();
        }
        let registry = Registry::new(root.path());
        let nearest = |name: &str| registry.nearest(name).unwrap();
        for name in ["facade", "Facades", "fascades", "afcades"] {
            assert_eq!(nearest(name).as_deref(), Some("facades"), "{name}");
        }
        for name in ["run2", "run12", "other", "faces2", "t2"] {
            assert_eq!(nearest(name), None, "{name}");
        }
    }
}
