//! Where the pictures of `translate sample` go.

use std::path::{Path, PathBuf};

use crate::cli::usage::UsageError;
use crate::files::{self, FileError};
use crate::picture::has_picture_extension;

/// What becomes of the pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SampleOutput {
    /// Frames of this GIF file.
    Animation(PathBuf),
    /// Parts of this PNG file.
    Sheet(PathBuf),
    /// Files in this folder.
    Folder(PathBuf),
}

impl SampleOutput {
    /// What `output` asks for, with `--grid` or without, of all pictures or of a share of them.
    ///
    /// # Errors
    /// The name does not go with what is asked for.
    pub(super) fn choose(
        output: Option<&Path>,
        grid: bool,
        is_shared: bool,
    ) -> Result<Self, UsageError> {
        let Some(output) = output else {
            return Ok(if grid {
                Self::Sheet("samples.png".into())
            } else {
                Self::Folder("samples".into())
            });
        };
        let place = output.to_owned();
        let ends_in = |wanted: &str| {
            let extension = output.extension();
            extension.is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
        };
        let not_animated = |not_with| {
            Err(UsageError::Animation {
                output: output.to_owned(),
                not_with,
            })
        };
        match (grid, is_shared) {
            (true, _) if ends_in("gif") => not_animated("--grid"),
            (_, true) if ends_in("gif") => not_animated("--shard"),
            _ if ends_in("gif") => Ok(Self::Animation(place)),
            (true, _) if output.is_dir() || !ends_in("png") => Err(UsageError::NoSheet(place)),
            (true, _) => Ok(Self::Sheet(place)),
            (false, _) if has_picture_extension(output) && !output.is_dir() => {
                Err(UsageError::NoFolder(place))
            }
            (false, _) => Ok(Self::Folder(place)),
        }
    }

    /// Refuses to replace the one file, if it is one, unless `overwrite`.
    pub(super) fn check_free(&self, overwrite: bool) -> Result<(), UsageError> {
        match self {
            Self::Animation(file) | Self::Sheet(file) => check_free(file, overwrite),
            Self::Folder(_) => Ok(()),
        }
    }

    /// Makes the folders that are missing.
    pub(super) fn create_folder(&self) -> Result<(), FileError> {
        let folder = match self {
            Self::Animation(file) | Self::Sheet(file) => file.parent(),
            Self::Folder(folder) => Some(folder.as_path()),
        };
        folder.map_or(Ok(()), files::create_folder)
    }

    /// The file or folder.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Animation(path) | Self::Sheet(path) | Self::Folder(path) => path,
        }
    }
}

/// Refuses to replace a file, unless that is asked for.
pub(super) fn check_free(path: &Path, overwrite: bool) -> Result<(), UsageError> {
    if path.exists() && !overwrite {
        return Err(UsageError::FileExists(path.to_owned()));
    }
    Ok(())
}
