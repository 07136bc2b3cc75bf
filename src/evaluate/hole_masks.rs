//! The holes to which a comparison is restricted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::EvaluateError;
use super::pairs::pictures;
use crate::data::{Mask, MaskFile, MaskThreshold, pair_name};
use crate::picture::PictureLimits;

/// One mask for all pairs, or a folder with one for each.
pub(super) enum HoleMasks {
    One(PathBuf),
    Folder(PathBuf, BTreeMap<PathBuf, PathBuf>),
}

/// Why a pair has no hole to look at, with words that name it.
pub(super) enum HoleMaskError {
    /// None is given.
    Missing(String),
    /// The mask is not one for this pair.
    Wrong(String),
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

    /// The mask of a pair, by its name, which has this size and a hole.
    pub(super) fn mask_for(
        &self,
        name: &str,
        (width, height): (u32, u32),
        threshold: MaskThreshold,
    ) -> Result<Mask, HoleMaskError> {
        let path = match self {
            Self::One(path) => path,
            Self::Folder(folder, masks) => {
                masks.get(Path::new(&pair_name(name))).ok_or_else(|| {
                    HoleMaskError::Missing(format!("`{name}` (no mask in `{}`)", folder.display()))
                })?
            }
        };
        let mask = MaskFile::read(path, threshold, PictureLimits::default())
            .map_err(|error| HoleMaskError::Wrong(error.to_string()))?
            .mask;
        if mask.size() != (width as usize, height as usize) {
            let (columns, rows) = mask.size();
            return Err(HoleMaskError::Wrong(format!(
                "`{name}` ({width}x{height}, its mask {columns}x{rows})"
            )));
        }
        if mask.is_empty() {
            return Err(HoleMaskError::Missing(format!(
                "`{name}` (its mask is black all over)"
            )));
        }
        Ok(mask)
    }
}
