//! The places of a style's files.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::error::StyleError;
use crate::files::FileError;

/// Folder of the states that were kept, and how their folders' names begin.
const KEPT: &str = "kept";
const STEP_PREFIX: &str = "step-";

/// A style's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleFolder {
    path: PathBuf,
}

impl StyleFolder {
    /// The style in `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name of the style: that of its folder; of a state that was kept, `NAME@STEP`.
    pub fn name(&self) -> String {
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let name = absolute.file_name().unwrap_or(absolute.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let step = name
            .strip_prefix(STEP_PREFIX)
            .and_then(|step| step.parse().ok());
        let parent = absolute.parent().filter(|parent| parent.ends_with(KEPT));
        match (step, parent.and_then(Path::parent)) {
            (Some::<u64>(step), Some(style)) => format!("{}@{step}", Self::new(style).name()),
            _ => name,
        }
    }

    /// Description: `style.toml`.
    pub fn manifest(&self) -> PathBuf {
        self.path.join("style.toml")
    }

    /// Weights of the network with this stem: `generator.safetensors`.
    pub fn weights(&self, stem: &str) -> PathBuf {
        self.path.join(format!("{stem}.safetensors"))
    }

    /// What resuming needs beyond the weights.
    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    /// States of the style that were kept, each a style of its own.
    pub fn kept(&self) -> PathBuf {
        self.path.join(KEPT)
    }

    /// The state after `step` steps, if it is kept.
    pub fn kept_at(&self, step: u64) -> Self {
        Self::new(self.kept().join(format!("{STEP_PREFIX}{step:06}")))
    }

    /// The steps of the states that were kept, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn kept_steps(&self) -> Result<Vec<u64>, FileError> {
        let folder = self.kept();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let failed = || FileError::context("read", &folder);
        let mut steps = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            let step = name
                .to_str()
                .and_then(|name| name.strip_prefix(STEP_PREFIX));
            steps.extend(step.and_then(|step| step.parse::<u64>().ok()));
        }
        steps.sort_unstable();
        Ok(steps)
    }

    /// One line for each logged step.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// Pictures of the fixed samples.
    pub fn previews(&self) -> PathBuf {
        self.path.join("previews")
    }

    /// The report on the training.
    pub fn report(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// One line for each evaluation during the training.
    pub fn evaluations(&self) -> PathBuf {
        self.path.join("evaluations.jsonl")
    }

    /// The weights of the best evaluation, a style of its own.
    pub fn best(&self) -> PathBuf {
        self.path.join("best")
    }

    /// Locked while a run writes into the folder.
    pub fn lock(&self) -> PathBuf {
        self.path.join(".lock")
    }

    /// Locks the folder, which exists, until the returned file is dropped.
    ///
    /// # Errors
    /// Another run has locked it, or the file system cannot lock.
    pub fn acquire(&self) -> Result<File, StyleError> {
        let path = self.lock();
        let lock = File::create(&path).map_err(FileError::context("write", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(StyleError::InUse(self.path.clone())),
            Err(TryLockError::Error(source)) => {
                Err(FileError::context("lock", &path)(source).into())
            }
        }
    }
}
