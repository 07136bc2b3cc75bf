//! Which pictures of two folders belong together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::error::EvaluateError;
use crate::data::{differ_by_case, is_hidden, pair_name};
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

/// Ends of names by which real pictures and translations in one folder are told apart; only names with them count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairSuffixes {
    /// The end of the names of real pictures, such as `_real_B`.
    pub real: String,
    /// The end of the names of translations, such as `_fake_B`.
    pub fake: String,
}

/// Matches the pictures of two folders, and of the folders in them, by relative path without extension and suffix.
pub(super) fn find(
    real: &Path,
    fake: &Path,
    suffixes: &PairSuffixes,
) -> Result<Pairs, EvaluateError> {
    let real_pictures = pictures_with_suffix(real, &suffixes.real)?;
    let mut fake_pictures = pictures_with_suffix(fake, &suffixes.fake)?;
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
        let near = pairs.only_real.iter().find_map(|real| {
            let near = pairs
                .only_fake
                .iter()
                .find(|fake| differ_by_case(real, fake))?;
            Some((real.clone(), near.clone()))
        });
        if let Some((real_name, fake_name)) = near {
            return Err(EvaluateError::DifferByCase {
                real: real.to_owned(),
                fake: fake.to_owned(),
                real_name,
                fake_name,
            });
        }
        return Err(EvaluateError::NothingInCommon {
            real: real.to_owned(),
            fake: fake.to_owned(),
            real_name: pairs.only_real.swap_remove(0),
            fake_name: first_fake.unwrap_or_default(),
        });
    }
    Ok(pairs)
}

/// The pictures whose names end so, by their names without the end; at least one.
pub(super) fn pictures_with_suffix(
    folder: &Path,
    suffix: &str,
) -> Result<BTreeMap<PathBuf, PathBuf>, EvaluateError> {
    let pictures = pictures(folder)?;
    if suffix.is_empty() {
        return Ok(pictures);
    }
    let suffix = pair_name(suffix);
    let named = pictures.into_iter().filter_map(|(stem, path)| {
        let stem = stem.to_str()?.strip_suffix(&suffix)?.to_owned();
        Some((PathBuf::from(stem), path))
    });
    let named: BTreeMap<PathBuf, PathBuf> = named.collect();
    if named.is_empty() {
        return Err(EvaluateError::NoSuffix {
            folder: folder.to_owned(),
            suffix,
        });
    }
    Ok(named)
}

/// The pictures below a folder by relative path without extension, in the Unicode form in which names are compared; at least one.
pub(super) fn pictures(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>, EvaluateError> {
    if !folder.is_dir() {
        return Err(EvaluateError::NotAFolder(folder.to_owned()));
    }
    let mut pictures: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    let seen = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(seen)
    {
        let entry = match entry {
            // A link that leads round in a circle.
            Err(error) if error.loop_ancestor().is_some() => continue,
            entry => entry.map_err(|error| EvaluateError::Unlisted {
                path: error.path().unwrap_or(folder).to_owned(),
                message: error
                    .io_error()
                    .map_or_else(|| error.to_string(), ToString::to_string),
            })?,
        };
        let path = entry.path();
        if !has_picture_extension(path) || !path.is_file() {
            continue;
        }
        let stem = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        let named = stem.to_str().map(|stem| PathBuf::from(pair_name(stem)));
        let stem = named.unwrap_or(stem);
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
