//! The places of a style's files.

use std::borrow::Cow;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::builtin::{builtin_file, builtin_files, builtin_names};
use super::error::StyleError;
use crate::files::{self, FileError};

/// Folder of the states that were kept, and how their folders' names begin.
const KEPT: &str = "kept";
const STEP_PREFIX: &str = "step-";
/// Where messages say that the styles in the program are.
const BUILTIN: &str = "built-in";
/// How the names of weight files end.
const EXTENSION: &str = ".safetensors";

/// A style's folder, on the disk or in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyleFolder {
    path: PathBuf,
    is_builtin: bool,
}

impl StyleFolder {
    /// The style in `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            is_builtin: false,
        }
    }

    /// The style of this name that travels in the program, if there is one.
    pub fn builtin(name: &str) -> Option<Self> {
        Self::all_builtin()
            .into_iter()
            .find(|style| style.name() == name)
    }

    /// All styles that travel in the program, sorted by name.
    pub fn all_builtin() -> Vec<Self> {
        let styles = builtin_names().map(|name| Self {
            path: Path::new(BUILTIN).join(name),
            is_builtin: true,
        });
        styles.collect()
    }

    /// Whether the style travels in the program: its files are read there, and its paths name no place on the disk.
    pub fn is_builtin(&self) -> bool {
        self.is_builtin
    }

    /// The contents of the style's file of this name, such as `style.toml`; none where it has no such file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn contents(&self, file: &str) -> Result<Option<Cow<'static, [u8]>>, FileError> {
        if self.is_builtin {
            return Ok(builtin_file(&self.name(), file));
        }
        let path = self.path.join(file);
        if !path.is_file() {
            return Ok(None);
        }
        files::read(&path).map(|bytes| Some(bytes.into()))
    }

    /// Whether the style has the weights of the network with this stem.
    pub fn has_weights(&self, stem: &str) -> bool {
        if self.is_builtin {
            return builtin_file(&self.name(), &weight_file(stem)).is_some();
        }
        self.weights(stem).is_file()
    }

    /// The stems of the style's weight files, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn networks(&self) -> Result<Vec<String>, FileError> {
        let mut files = Vec::new();
        if self.is_builtin {
            files = builtin_files(&self.name());
        } else {
            let unreadable = || FileError::context("read", &self.path);
            for entry in std::fs::read_dir(&self.path).map_err(unreadable())? {
                let name = entry.map_err(unreadable())?.file_name();
                files.push(name.to_string_lossy().into_owned());
            }
        }
        let stems = files
            .iter()
            .filter_map(|name| name.strip_suffix(EXTENSION))
            .map(ToOwned::to_owned);
        let mut stems: Vec<String> = stems.collect();
        stems.sort();
        Ok(stems)
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
        self.path.join(weight_file(stem))
    }

    /// What people should know of the style, for them to read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn model_card(&self) -> Result<Option<String>, FileError> {
        let contents = self.contents("README.md")?;
        Ok(contents.map(|text| String::from_utf8_lossy(&text).into_owned()))
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

/// The name of the file with the weights of the network with this stem.
fn weight_file(stem: &str) -> String {
    format!("{stem}{EXTENSION}")
}
