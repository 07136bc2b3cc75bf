//! What became of each picture.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::plan::{Plan, PlannedPicture, Task};
use crate::files::{FileError, write_atomically_with};

/// What became of one picture.
///
/// As JSON, parts of paths that are not UTF-8 are replaced by U+FFFD; the bytes of such a path are then in `input_base64` or
/// `output_base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The picture.
    pub input: PathBuf,
    /// Its translation; none where the picture could not even be recognised.
    pub output: Option<PathBuf>,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub error: Option<String>,
    /// What should be known about a translation that was made.
    pub note: Option<String>,
    /// Width of the translation in pixels, when it was made in this run.
    pub width: Option<u32>,
    /// Height of the translation in pixels, when it was made in this run.
    pub height: Option<u32>,
}

/// How the work on one picture ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Translated and written.
    Done,
    /// Left alone: the translation existed.
    Skipped,
    /// Not translated; the error says why.
    Failed,
    /// The run was stopped before it.
    #[default]
    NotReached,
}

/// How the work on one picture ended, small: there may be a million.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) status: Status,
    /// Why it failed, or what should be known about what was made.
    pub(super) message: Option<Box<str>>,
    /// Width and height; 0 where nothing was made.
    pub(super) size: (u32, u32),
}

impl Outcome {
    /// The outcome, with the paths of its picture.
    pub(super) fn report(&self, plan: &Plan, picture: PlannedPicture) -> FileReport {
        let Self {
            status,
            message,
            size: (width, height),
        } = self;
        let pipe = PathBuf::from("-");
        let mut text = message.as_deref().map(str::to_owned);
        if plan.from_stdin {
            let name = format!("`{}`", picture.input.display());
            text = text.map(|text| text.replace(&name, "standard input"));
        }
        let output = match picture.task {
            Task::Translate { output, .. } | Task::Skip { output } => Some(output),
            Task::Unrecognised | Task::Unusable { .. } => None,
        };
        let failed = *status == Status::Failed;
        FileReport {
            input: if plan.from_stdin {
                pipe.clone()
            } else {
                picture.input
            },
            output: output.map(|output| if plan.to_stdout { pipe } else { output }),
            status: *status,
            error: text.clone().filter(|_| failed),
            note: text.filter(|_| !failed),
            width: (*width > 0).then_some(*width),
            height: (*height > 0).then_some(*height),
        }
    }
}

/// What became of all pictures.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The plan.
    pub(super) plan: Plan,
    /// One for each picture, in the plan's order.
    pub(super) outcomes: Vec<Outcome>,
    /// Duration of the run.
    pub seconds: f64,
    /// Seconds of them in which the network stood still because the next picture was not decoded yet, or the one before not
    /// encoded. They include the first picture's decoding.
    pub network_waited: f64,
}

impl Summary {
    /// What became of each picture, in the plan's order.
    pub fn files(&self) -> impl Iterator<Item = FileReport> {
        let pictures = self.plan.pictures().zip(&self.outcomes);
        pictures.map(|(picture, outcome)| outcome.report(&self.plan, picture))
    }

    /// How many pictures ended like this.
    pub fn count(&self, status: Status) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes.filter(|outcome| outcome.status == status).count()
    }

    /// The pictures that could not be translated.
    pub fn failed(&self) -> impl Iterator<Item = FileReport> {
        self.files().filter(|file| file.status == Status::Failed)
    }

    /// Pictures translated per second; 0 for none.
    pub fn pictures_per_second(&self) -> f64 {
        match self.count(Status::Done) {
            0 => 0.0,
            done => done as f64 / self.seconds.max(1e-9),
        }
    }

    /// Writes the report as JSON.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        write_atomically_with(path, |file| {
            let mut file = BufWriter::new(file);
            serde_json::to_writer_pretty(&mut file, &self.counts(Some(Files(self))))?;
            file.write_all(b"\n")?;
            file.flush()
        })
    }

    fn counts<'a>(&'a self, files: Option<Files<'a>>) -> Counts<'a> {
        Counts {
            inputs: self.outcomes.len(),
            ignored: self.plan.left_out.by_extension(),
            done: self.count(Status::Done),
            skipped: self.count(Status::Skipped),
            failed: self.count(Status::Failed),
            not_reached: self.count(Status::NotReached),
            seconds: self.seconds,
            network_waited: self.network_waited,
            pictures_per_second: self.pictures_per_second(),
            files,
        }
    }
}

#[derive(Serialize)]
struct Counts<'a> {
    inputs: usize,
    /// Files that are not called like pictures, by extension.
    ignored: &'a BTreeMap<String, usize>,
    done: usize,
    skipped: usize,
    failed: usize,
    not_reached: usize,
    seconds: f64,
    network_waited: f64,
    pictures_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Files<'a>>,
}

/// All reports, made one by one as they are written.
struct Files<'a>(&'a Summary);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.outcomes.len()))?;
        for file in self.0.files() {
            list.serialize_element(&file)?;
        }
        list.end()
    }
}

impl Serialize for FileReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            input: std::borrow::Cow<'a, str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            input_base64: Option<String>,
            output: Option<std::borrow::Cow<'a, str>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            output_base64: Option<String>,
            status: Status,
            error: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            note: Option<&'a str>,
            width: Option<u32>,
            height: Option<u32>,
        }
        let bytes = |path: &OsStr| match path.to_str() {
            Some(_) => None,
            None => Some(BASE64.encode(path.as_encoded_bytes())),
        };
        let output = self.output.as_deref().map(Path::as_os_str);
        Line {
            input: self.input.to_string_lossy(),
            input_base64: bytes(self.input.as_os_str()),
            output: output.map(OsStr::to_string_lossy),
            output_base64: output.and_then(bytes),
            status: self.status,
            error: self.error.as_deref(),
            note: self.note.as_deref(),
            width: self.width,
            height: self.height,
        }
        .serialize(serializer)
    }
}

/// A report that is written while the program runs: a line of JSON for each finished picture, and one for all at the end.
#[derive(Debug)]
pub(super) struct JsonLinesReport {
    file: File,
    path: PathBuf,
}

impl JsonLinesReport {
    /// Empties the file.
    pub(super) fn create(path: &Path) -> Result<Self, FileError> {
        let open = || {
            let mut options = OpenOptions::new();
            let file = options
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            // Another shard with the same report would write in between. Where there are no locks, nothing can be known.
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                let message = "another run is writing it; give each run a report of its own";
                return Err(std::io::Error::other(message));
            }
            file.set_len(0)?;
            Ok(file)
        };
        let file = open().map_err(FileError::context("write", path))?;
        let path = path.to_owned();
        Ok(Self { file, path })
    }

    /// Adds the line of one picture.
    pub(super) fn add(&mut self, report: &FileReport) -> Result<(), FileError> {
        self.line(report)
    }

    /// Adds the last line: `{"summary": ...}`.
    pub(super) fn finish(&mut self, summary: &Summary) -> Result<(), FileError> {
        #[derive(Serialize)]
        struct Last<'a> {
            summary: Counts<'a>,
        }
        self.line(&Last {
            summary: summary.counts(None),
        })
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), FileError> {
        let write = |file: &mut File| {
            let mut line = serde_json::to_vec(value)?;
            line.push(b'\n');
            file.write_all(&line)
        };
        write(&mut self.file).map_err(FileError::context("write", &self.path))
    }
}
