//! What became of each picture.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::files::{FileError, write_atomically};

/// What became of one picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The picture.
    #[serde(serialize_with = "path_text")]
    pub input: PathBuf,
    /// Its translation; none where the picture could not even be recognised.
    #[serde(serialize_with = "optional_path_text")]
    pub output: Option<PathBuf>,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub error: Option<String>,
    /// What should be known about a translation that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Width of the translation in pixels, when it was made in this run.
    pub width: Option<u32>,
    /// Height of the translation in pixels, when it was made in this run.
    pub height: Option<u32>,
}

/// How the work on one picture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Translated and written.
    Done,
    /// Left alone: the translation existed.
    Skipped,
    /// Not translated; the error says why.
    Failed,
    /// The run was stopped before it.
    NotReached,
}

/// What became of all pictures.
#[derive(Debug, Clone)]
pub struct Summary {
    /// One for each picture, in the plan's order.
    pub files: Vec<FileReport>,
    /// Duration of the run.
    pub seconds: f64,
}

impl Summary {
    /// How many pictures ended like this.
    pub fn count(&self, status: Status) -> usize {
        self.with_status(status).count()
    }

    /// The pictures that could not be translated.
    pub fn failed(&self) -> impl Iterator<Item = &FileReport> {
        self.with_status(Status::Failed)
    }

    fn with_status(&self, status: Status) -> impl Iterator<Item = &FileReport> {
        self.files.iter().filter(move |file| file.status == status)
    }

    /// Pictures translated per second; 0 for none.
    pub fn pictures_per_second(&self) -> f64 {
        match self.count(Status::Done) {
            0 => 0.0,
            done => done as f64 / self.seconds.max(1e-9),
        }
    }

    /// Writes the report as JSON. Parts of paths that are not UTF-8 are replaced by U+FFFD in it.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let report = Report {
            inputs: self.files.len(),
            done: self.count(Status::Done),
            skipped: self.count(Status::Skipped),
            failed: self.count(Status::Failed),
            not_reached: self.count(Status::NotReached),
            seconds: self.seconds,
            pictures_per_second: self.pictures_per_second(),
            files: &self.files,
        };
        let mut text = serde_json::to_string_pretty(&report)
            .map_err(|error| FileError::new("write", path)(error.into()))?;
        text.push('\n');
        write_atomically(path, text.as_bytes())
    }
}

#[derive(Serialize)]
struct Report<'a> {
    inputs: usize,
    done: usize,
    skipped: usize,
    failed: usize,
    not_reached: usize,
    seconds: f64,
    pictures_per_second: f64,
    files: &'a [FileReport],
}

fn path_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn optional_path_text<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => path_text(path, serializer),
        None => serializer.serialize_none(),
    }
}
