//! The sample data that travels in the program.

use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;
use tempfile::TempDir;

use super::error::DataError;
use crate::config::{Recipe, Samples};
use crate::files::{FileError, create_folder};

#[derive(RustEmbed)]
#[folder = "datasets/sample"]
struct Files;

/// The sample, unpacked into a temporary folder that goes away with this value.
#[derive(Debug)]
pub struct Sample {
    folder: TempDir,
}

impl Sample {
    /// Unpacks the sample.
    ///
    /// # Errors
    /// The temporary folder cannot be written to.
    pub fn unpack() -> Result<Self, DataError> {
        let place = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("translate-sample-")
            .tempdir()
            .map_err(FileError::context("create a folder in", &place))?;
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else {
                continue;
            };
            let path = folder.path().join(&*name);
            create_folder(path.parent().unwrap_or(Path::new(".")))?;
            std::fs::write(&path, file.data).map_err(FileError::context("write", &path))?;
        }
        Ok(Self { folder })
    }

    /// Photos to be translated.
    pub fn photos(&self) -> PathBuf {
        self.folder.path().join("photos")
    }

    /// The part of the sample that `recipe` learns from.
    pub fn folder(&self, recipe: &Recipe) -> PathBuf {
        self.folder.path().join(match recipe.mode.samples() {
            Samples::Pairs if recipe.data.makes_inputs() => "edges2photos/B",
            Samples::Pairs => "edges2photos",
            Samples::Sets => "brick2gravel",
            Samples::Maps => "tones2photos",
            Samples::Holes | Samples::Pictures => "edges2photos/B",
        })
    }
}
