//! `evaluations.jsonl`: one line for each evaluation of a run.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// A line of `evaluations.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationLine {
    /// Steps done.
    pub step: u64,
    /// Values by metric; infinite ones are left out.
    pub metrics: BTreeMap<String, f64>,
    /// The metric that decides.
    pub decides: String,
    /// Whether it was better than all before.
    pub best: bool,
}

/// The lines of the evaluations of a style; none where there is no such file.
///
/// # Errors
/// The file cannot be read.
pub fn read_evaluations(path: &Path) -> Result<Vec<EvaluationLine>, FileError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = files::read_text(path)?;
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(lines.collect())
}

/// Whether so many evaluations were not the best that the run is over, if it ends after `stop_after` of them; 0 for never.
pub fn has_stalled(lines: &[EvaluationLine], stop_after: u64) -> bool {
    let since = lines.iter().rev().take_while(|line| !line.best);
    stop_after > 0 && since.count() as u64 >= stop_after
}
