//! `metrics.jsonl`: one line for each logged step.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::event::{Event, Listener};
use crate::files::{self, FileError};

/// A line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricsLine {
    /// Number of the step, from 1.
    pub step: u64,
    /// Epoch, from 1.
    pub epoch: u64,
    /// Learning rate of the generator.
    pub lr: f64,
    /// Seconds per step.
    pub seconds: f64,
    /// Losses by name.
    pub losses: BTreeMap<String, f64>,
}

/// Reads a metrics file; empty if it does not exist. A last line that a kill cut off is dropped.
///
/// # Errors
/// The file cannot be read.
pub fn read_metrics(path: &Path) -> Result<Vec<MetricsLine>, FileError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_text(path)?;
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(lines.collect())
}

/// Appends logged steps to the metrics file.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    file: File,
}

impl MetricsFile {
    /// Opens the file at `path` to append to it after `done` steps; lines that an interrupted run wrote for later steps are
    /// removed.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(path: &Path, done: u64) -> Result<Self, FileError> {
        let mut kept = Vec::new();
        for line in read_metrics(path)?
            .into_iter()
            .filter(|line| line.step <= done)
        {
            write_line(&mut kept, &line).map_err(FileError::context("write", path))?;
        }
        files::write_atomically(path, &kept)?;
        let file = File::options()
            .append(true)
            .open(path)
            .map_err(FileError::context("write", path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }
}

impl Listener for MetricsFile {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        let Event::Step {
            record,
            logged: true,
        } = event
        else {
            return Ok(());
        };
        let losses = record
            .losses
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value));
        let line = MetricsLine {
            step: record.step,
            epoch: record.epoch,
            lr: record.learning_rate,
            seconds: record.seconds,
            losses: losses.collect(),
        };
        let mut bytes = Vec::new();
        write_line(&mut bytes, &line)
            .and_then(|()| self.file.write_all(&bytes))
            .map_err(FileError::context("write", &self.path))?;
        Ok(())
    }
}

fn write_line(out: &mut Vec<u8>, line: &MetricsLine) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event::StepRecord;

    #[test]
    fn lines_after_the_resumed_step_and_cut_lines_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let step = |step| Event::Step {
            record: StepRecord {
                step,
                epoch: 1,
                learning_rate: 2e-4,
                seconds: 0.5,
                losses: vec![("G_L1", 1.0 / 3.0)],
            },
            logged: true,
        };
        let mut file = MetricsFile::open(&path, 0).unwrap();
        for number in 1..=4 {
            file.on_event(&step(number)).unwrap();
        }
        std::fs::write(
            &path,
            std::fs::read_to_string(&path).unwrap() + "{\"step\":5,",
        )
        .unwrap();
        let mut file = MetricsFile::open(&path, 2).unwrap();
        file.on_event(&step(3)).unwrap();
        let lines = read_metrics(&path).unwrap();
        assert_eq!(
            lines.iter().map(|line| line.step).collect::<Vec<_>>(),
            [1, 2, 3]
        );
        assert_eq!(lines[2].losses["G_L1"].to_bits(), (1.0f64 / 3.0).to_bits());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.lines().next().unwrap(),
            r#"{"step":1,"epoch":1,"lr":0.0002,"seconds":0.5,"losses":{"G_L1":0.3333333333333333}}"#
        );
    }
}
