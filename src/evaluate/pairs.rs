//! Which pictures of two folders belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::error::EvaluateError;
use crate::data::is_hidden;
use crate::picture::has_picture_extension;

/// A real picture and its translation.
pub(super) struct Pair {
    /// Path relative to the folders, without the extension.
    pub(super) name: String,
    pub(super) real: PathBuf,
    pub(super) fake: PathBuf,
}

/// The pictures of two folders, matched.
pub(super) struct Pairs {
    /// Pictures in both, sorted by name.
    pub(super) matched: Vec<Pair>,
    /// Names that only the folder of real pictures has.
    pub(super) only_real: Vec<String>,
    /// Names that only the folder of translations has.
    pub(super) only_fake: Vec<String>,
}

/// Matches the pictures of two folders, and of the folders in them, by relative path without extension.
pub(super) fn find(real: &Path, fake: &Path) -> Result<Pairs, EvaluateError> {
    let real_pictures = pictures(real)?;
    let mut fake_pictures = pictures(fake)?;
    let name = |stem: &Path| stem.display().to_string();
    let first_fake = fake_pictures.keys().next().map(|stem| name(stem));
    let mut pairs = Pairs {
        matched: Vec::new(),
        only_real: Vec::new(),
        only_fake: Vec::new(),
    };
    for (stem, path) in real_pictures {
        match fake_pictures.remove(&stem) {
            Some(fake) => pairs.matched.push(Pair {
                name: name(&stem),
                real: path,
                fake,
            }),
            None => pairs.only_real.push(name(&stem)),
        }
    }
    pairs.only_fake = fake_pictures.keys().map(|stem| name(stem)).collect();
    if pairs.matched.is_empty() {
        return Err(EvaluateError::NothingInCommon {
            real: real.to_owned(),
            fake: fake.to_owned(),
            real_name: pairs.only_real.swap_remove(0),
            fake_name: first_fake.unwrap_or_default(),
        });
    }
    Ok(pairs)
}

/// The pictures below a folder by relative path without extension; at least one.
pub(super) fn pictures(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, EvaluateError> {
    if !folder.is_dir() {
        return Err(EvaluateError::NotAFolder(folder.to_owned()));
    }
    let mut pictures: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    let seen = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(seen)
    {
        let entry = entry.map_err(|error| EvaluateError::Unlisted {
            path: error.path().unwrap_or(folder).to_owned(),
            message: error
                .io_error()
                .map_or_else(|| error.to_string(), ToString::to_string),
        })?;
        let path = entry.path();
        if !has_picture_extension(path) || !path.is_file() {
            continue;
        }
        let stem = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        if let Some(first) = pictures.insert(stem, path.to_owned()) {
            return Err(EvaluateError::AmbiguousStem {
                first,
                second: path.to_owned(),
            });
        }
    }
    if pictures.is_empty() {
        return Err(EvaluateError::Empty(folder.to_owned()));
    }
    Ok(pictures)
}
