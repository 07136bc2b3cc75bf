//! Several inputs as one listing.

use std::path::{Component, Path, PathBuf};

use super::error::ApplyError;
use super::input::{InputKind, InputListing, below, find};
use crate::files::resolved;
use crate::picture::has_picture_extension;

/// Finds the pictures of several inputs. Their paths are relative to the folder that has all of them, and named folders keep
/// their names.
pub(super) fn find_all(inputs: &[PathBuf]) -> Result<InputListing, ApplyError> {
    if let [input] = inputs {
        return find(input);
    }
    let listings: Result<Vec<_>, _> = inputs.iter().map(|input| find(input)).collect();
    let listings = listings?;
    let all_plain = listings.iter().all(|listing| is_plain(&listing.root));
    let place = |root: &Path| {
        if all_plain {
            without_dots(root)
        } else {
            resolved(root)
        }
    };
    let parents: Vec<PathBuf> = listings
        .iter()
        .map(|listing| {
            let root = place(&listing.root);
            match (listing.kind, root.parent()) {
                (InputKind::Folder, Some(parent)) => parent.to_owned(),
                _ => root,
            }
        })
        .collect();
    let root = common_folder(&parents);
    let mut all = InputListing::new(&root, InputKind::Several);
    for listing in listings {
        let folder = place(&listing.root);
        let moved = |relative: &Path| below(&folder.join(relative), &root).to_owned();
        for candidate in listing.candidates {
            let relative = moved(&candidate.relative);
            // What a shell makes of a pattern may be anything.
            if listing.kind == InputKind::File && !has_picture_extension(&relative) {
                all.left_out.add_file(&relative);
            } else {
                all.add(&relative, candidate.what);
            }
        }
        all.links
            .extend(listing.links.iter().map(|link| moved(link)));
        all.folders.extend(listing.folders);
        all.left_out.extend(listing.left_out);
    }
    all.candidates
        .sort_by(|first, second| first.relative.cmp(&second.relative));
    all.candidates
        .dedup_by(|second, first| second.relative == first.relative);
    if all.candidates.is_empty() {
        return Err(ApplyError::NothingFound {
            input: root,
            left_out: all.left_out,
        });
    }
    Ok(all)
}

/// Whether a path leads downwards from the current folder.
fn is_plain(path: &Path) -> bool {
    let mut parts = path.components();
    path.is_relative() && !parts.any(|part| part == Component::ParentDir)
}

/// The path without `.`, which some ways to write it have.
fn without_dots(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

/// The deepest folder that all of these lie in.
fn common_folder(folders: &[PathBuf]) -> PathBuf {
    let first = folders.first().cloned().unwrap_or_default();
    folders.iter().fold(first, |common, folder| {
        let pairs = common.components().zip(folder.components());
        pairs
            .take_while(|(one, other)| one == other)
            .map(|(one, _)| one)
            .collect()
    })
}
