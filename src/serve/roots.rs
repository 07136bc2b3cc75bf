//! The folders below which clients may name files.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::ServeError;

/// The folders that were given as roots, by name.
#[derive(Debug)]
pub(super) struct Roots {
    /// Names, and folders without links.
    roots: Vec<(String, PathBuf)>,
}

/// A place that a client names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Name of a root.
    pub(super) root: String,
    /// Path below it, with `/` between folders; empty for the root itself.
    #[serde(default)]
    pub(super) path: String,
}

impl Roots {
    /// Those folders; of several with one name the later ones get a number.
    ///
    /// # Errors
    /// One is no folder.
    pub(super) fn new(folders: &[PathBuf]) -> Result<Self, ServeError> {
        let mut roots: Vec<(String, PathBuf)> = Vec::new();
        for folder in folders {
            let real = folder.canonicalize().ok().filter(|path| path.is_dir());
            let real = real.ok_or_else(|| ServeError::NoRoot(folder.clone()))?;
            let own = real.file_name().unwrap_or_default().to_string_lossy();
            let own = if own.is_empty() {
                "root".into()
            } else {
                own.into_owned()
            };
            let mut name = own.clone();
            let mut number = 1;
            while roots.iter().any(|(taken, _)| *taken == name) {
                number += 1;
                name = format!("{own}-{number}");
            }
            roots.push((name, real));
        }
        Ok(Self { roots })
    }

    /// Names and folders.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Path)> {
        let all = self.roots.iter();
        all.map(|(name, path)| (name.as_str(), path.as_path()))
    }

    /// Where a place is, without links: below its root. Its last parts need not exist. None where it lies elsewhere.
    pub(super) fn resolve(&self, place: &Place) -> Option<PathBuf> {
        let (_, root) = self.roots.iter().find(|(name, _)| *name == place.root)?;
        let relative = Path::new(&place.path);
        let is_plain = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || place.path.contains(['\0', '\\']) {
            return None;
        }
        below(root, &root.join(relative))
    }

    /// Whether a path lies below one of the roots once links are followed.
    pub(super) fn hold(&self, path: &Path) -> bool {
        let mut roots = self.roots.iter();
        roots.any(|(_, root)| below(root, path).is_some())
    }

    /// A place as one text: `ROOT/path`.
    pub(super) fn resolve_text(&self, text: &str) -> Option<PathBuf> {
        let (root, path) = text.split_once('/').unwrap_or((text, ""));
        self.resolve(&Place {
            root: root.to_owned(),
            path: path.to_owned(),
        })
    }
}

/// The path without links, where it lies below `root`, itself without links. Its last parts need not exist; a link that leads
/// nowhere counts as leading elsewhere.
pub(super) fn below(root: &Path, path: &Path) -> Option<PathBuf> {
    let existing = path
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok());
    let existing = existing?;
    let rest = path.strip_prefix(existing).ok()?;
    let real = existing.canonicalize().ok()?;
    let real = if rest.as_os_str().is_empty() {
        real
    } else {
        real.join(rest)
    };
    real.starts_with(root).then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stay_below_their_root() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::create_dir_all(path.join("photos/inner")).unwrap();
        std::fs::create_dir_all(path.join("secret")).unwrap();
        let roots = Roots::new(&[path.join("photos")]).unwrap();
        let resolve = |text: &str| {
            roots.resolve(&Place {
                root: "photos".to_owned(),
                path: text.to_owned(),
            })
        };
        let real = path.join("photos").canonicalize().unwrap();
        assert_eq!(resolve(""), Some(real.clone()));
        assert_eq!(resolve("inner"), Some(real.join("inner")));
        assert_eq!(resolve("new/x"), Some(real.join("new/x")));
        for wrong in [
            "..",
            "../secret",
            "inner/../..",
            "/etc",
            "a\0b",
            "..\\secret",
        ] {
            assert_eq!(resolve(wrong), None, "{wrong}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(path.join("secret"), path.join("photos/out")).unwrap();
            symlink(path.join("nothing"), path.join("photos/dangling")).unwrap();
            symlink(path.join("photos/inner"), path.join("photos/in")).unwrap();
            assert_eq!(resolve("out"), None);
            assert_eq!(resolve("out/new"), None);
            assert_eq!(resolve("dangling"), None);
            assert_eq!(resolve("in"), Some(real.join("inner")));
        }
        assert_eq!(roots.resolve_text("photos/inner"), Some(real.join("inner")));
        assert_eq!(roots.resolve_text("other/inner"), None);
    }
}
