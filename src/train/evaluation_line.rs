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
