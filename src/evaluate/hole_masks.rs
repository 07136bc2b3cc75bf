//! The holes to which a comparison is restricted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::EvaluateError;
use super::pairs::pictures;
use crate::data::{Mask, read_picture};

/// One mask for all pairs, or a folder with one for each.
pub(super) enum HoleMasks {
    One(PathBuf),
    Folder(PathBuf, BTreeMap<PathBuf, PathBuf>),
}

impl HoleMasks {
    /// Looks for the masks at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, EvaluateError> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned(), pictures(path)?));
        }
        if path.is_file() {
            return Ok(Self::One(path.to_owned()));
        }
        Err(EvaluateError::NoMasks(path.to_owned()))
    }

    /// The mask of a pair, by its name, which has this size and a hole; else words that say what is wrong.
    pub(super) fn of(&self, name: &str, (width, height): (u32, u32)) -> Result<Mask, String> {
        let path = match self {
            Self::One(path) => path,
            Self::Folder(folder, masks) => masks
                .get(Path::new(name))
                .ok_or_else(|| format!("`{name}` (none in `{}`)", folder.display()))?,
        };
        let picture = read_picture(path)
            .map_err(|error| error.to_string())?
            .pixels;
        let mask = Mask::from_picture(&picture);
        if picture.dimensions() != (width, height) {
            return Err(format!(
                "`{name}` ({width}x{height}, its mask {}x{})",
                picture.width(),
                picture.height()
            ));
        }
        if mask.is_empty() {
            return Err(format!("`{name}` (its mask has no white pixel)"));
        }
        Ok(mask)
    }
}
