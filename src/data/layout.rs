//! The folder layouts that a data set can have, by the names that users of the reference implementations already have.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::folder::describe_folder;
use super::split::Split;
use crate::config::{Recipe, Samples};

impl fmt::Display for Split {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "training",
            Self::Validation => "validation",
            Self::Test => "test",
        })
    }
}

/// Where the pictures of one split are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// One folder of pictures with A in the left half and B in the right half.
    SideBySide(PathBuf),
    /// A folder for each side.
    TwoFolders(PathBuf, PathBuf),
    /// One folder of pictures.
    Plain(PathBuf),
}

impl Layout {
    /// Finds the layout of `split` in `root`, or `None` where the data set has no such pictures.
    ///
    /// Mode pix2pix: `train/` of side-by-side pictures, or `trainA/ trainB/`, `A/train/ B/train/`, `train/A/ train/B/`, or, for
    /// training, `A/ B/`. Modes cycle and contrastive: `trainA/ trainB/`. Modes inpaint, generate and vae, and pix2pix with inputs that
    /// are made of their targets: `train/`, or, for training, `root` itself. The other splits have `val` or `test` for `train`.
    ///
    /// # Errors
    /// `root` is not a folder.
    pub fn find(root: &Path, recipe: &Recipe, split: Split) -> Result<Option<Self>, DataError> {
        if !root.is_dir() {
            return Err(DataError::NotAFolder(root.to_owned()));
        }
        Ok(candidates(recipe, split.prefix())
            .into_iter()
            .map(|layout| layout.under(root))
            .find(Self::exists))
    }

    /// The error for a split that is needed and not there.
    pub(super) fn missing(root: &Path, recipe: &Recipe, split: Split) -> DataError {
        let wanted = candidates(recipe, split.prefix())
            .iter()
            .map(|layout| match layout {
                Self::SideBySide(folder) => {
                    format!("`{}/` (side-by-side pictures)", folder.display())
                }
                Self::TwoFolders(a, b) => format!("`{}/` and `{}/`", a.display(), b.display()),
                Self::Plain(folder) => format!("`{}/`", folder.display()),
            })
            .collect::<Vec<_>>()
            .join(", or ");
        DataError::NoLayout {
            root: root.to_owned(),
            mode: recipe.mode,
            split,
            wanted,
            found: describe_folder(root),
        }
    }

    fn under(self, root: &Path) -> Self {
        match self {
            Self::SideBySide(folder) => Self::SideBySide(root.join(folder)),
            Self::TwoFolders(a, b) => Self::TwoFolders(root.join(a), root.join(b)),
            // Joining nothing would add a separator.
            Self::Plain(folder) if folder.as_os_str().is_empty() => Self::Plain(root.to_owned()),
            Self::Plain(folder) => Self::Plain(root.join(folder)),
        }
    }

    fn exists(&self) -> bool {
        match self {
            Self::SideBySide(folder) | Self::Plain(folder) => folder.is_dir(),
            Self::TwoFolders(a, b) => a.is_dir() && b.is_dir(),
        }
    }
}

/// The layouts that a recipe reads, relative to the root, in the order in which they are tried.
fn candidates(recipe: &Recipe, prefix: &str) -> Vec<Layout> {
    let two = |a: String, b: String| Layout::TwoFolders(a.into(), b.into());
    let joined = two(format!("{prefix}A"), format!("{prefix}B"));
    let plain = || {
        let mut layouts = vec![Layout::Plain(prefix.into())];
        if prefix == "train" {
            layouts.push(Layout::Plain(PathBuf::new()));
        }
        layouts
    };
    match recipe.mode.samples() {
        Samples::Sets => vec![joined],
        // Its folders depend on the recipe: see `labelled.rs`.
        Samples::Maps => Vec::new(),
        Samples::Holes | Samples::Pictures => plain(),
        Samples::Pairs if recipe.data.makes_inputs() => plain(),
        Samples::Pairs => {
            let mut layouts = vec![
                // Before `train/` itself: pictures of two sides must not be taken for side-by-side ones.
                two(format!("{prefix}/A"), format!("{prefix}/B")),
                Layout::SideBySide(prefix.into()),
                joined,
                two(format!("A/{prefix}"), format!("B/{prefix}")),
            ];
            if prefix == "train" {
                layouts.push(two("A".to_owned(), "B".to_owned()));
            }
            layouts
        }
    }
}
