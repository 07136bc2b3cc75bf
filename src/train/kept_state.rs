//! States of a style that are kept while its training goes on: each is a style of its own, without the optimisers.

use std::path::Path;

use crate::files::{self, FileError};
use crate::style::{Manifest, StyleError, StyleFolder};

/// Keeps the style as it is, with its weights and this description, as its state after `step` steps.
///
/// # Errors
/// A file cannot be written; no half state is left.
pub(super) fn keep_state(
    style: &StyleFolder,
    manifest: &Manifest,
    step: u64,
) -> Result<(), StyleError> {
    let kept = style.kept_at(step);
    let unfinished = StyleFolder::new(style.kept().join(format!(".step-{step:06}.tmp")));
    // One that a run before a kill has kept is the same.
    if kept.path().is_dir() {
        return Ok(());
    }
    files::create_folder(unfinished.path())?;
    let failed = |path: &Path| FileError::context("write", path);
    let entries = std::fs::read_dir(style.path()).map_err(failed(style.path()))?;
    for entry in entries {
        let source = entry.map_err(failed(style.path()))?.path();
        let is_weights = source.extension().is_some_and(|end| end == "safetensors");
        let (true, Some(name)) = (is_weights, source.file_name()) else {
            continue;
        };
        let target = unfinished.path().join(name);
        let _ = std::fs::remove_file(&target);
        // A hard link costs no space until the style has other weights; some file systems have none.
        if std::fs::hard_link(&source, &target).is_err() {
            std::fs::copy(&source, &target).map_err(failed(&target))?;
        }
    }
    manifest.write(&unfinished)?;
    files::sync_folder(unfinished.path())?;
    std::fs::rename(unfinished.path(), kept.path()).map_err(failed(kept.path()))?;
    Ok(files::sync_folder(&style.kept())?)
}
