//! The file that a report goes to, and may take the place of.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::ApplyError;
use crate::picture::has_picture_extension;

/// Whether it is written in lines while the program runs: its extension is `jsonl`.
pub(super) fn is_in_lines(path: &Path) -> bool {
    has_extension(path, "jsonl")
}

/// Refuses a file that would be lost: what is no report of an earlier run. What is no file, such as a pipe or a device, is none.
pub(super) fn check_report(path: &Path) -> Result<(), ApplyError> {
    let refuse = if has_picture_extension(path) {
        ApplyError::ReportIsAPicture
    } else if path.is_dir() {
        ApplyError::ReportIsAFolder
    } else if !path.is_file() {
        return Ok(());
    } else if !has_extension(path, "json") && !is_in_lines(path) {
        ApplyError::ReportExists
    } else if !is_report(path) {
        ApplyError::ReportIsAnotherFile
    } else {
        return Ok(());
    };
    Err(refuse(path.to_owned()))
}

/// How the lines of a report begin.
const LINES: [&str; 2] = [r#"{"input":"#, r#"{"summary":"#];

/// Whether a file is a report, as far as its first value tells: all of it, or a line. An empty file may be one, too, and of lines what a run
/// leaves that ends in the first of them, or with the power: there is nothing to lose.
fn is_report(path: &Path) -> bool {
    let Ok(mut file) = File::open(path).map(BufReader::new) else {
        return false;
    };
    let Ok(beginning) = file.fill_buf() else {
        return false;
    };
    let beginning = beginning.trim_ascii_start().to_vec();
    let in_lines = is_in_lines(path);
    if beginning.is_empty() || in_lines && beginning.iter().all(|byte| *byte == 0) {
        return true;
    }
    let is_cut_line = || {
        let mut lines = LINES.map(str::as_bytes).into_iter();
        in_lines && lines.any(|line| line.starts_with(&beginning) || beginning.starts_with(line))
    };
    // What is derived would take a list for the values in order.
    if !beginning.starts_with(b"{") {
        return false;
    }
    let values = serde_json::Deserializer::from_reader(file);
    match values.into_iter::<Beginning>().next() {
        None => true,
        Some(Ok(first)) => first.is_of_report(),
        Some(Err(error)) => error.is_eof() && is_cut_line(),
    }
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// What the first value of a report has, of whichever kind it is.
#[derive(Deserialize)]
struct Beginning {
    /// Of a report as a whole.
    not_reached: Option<u64>,
    files: Option<Vec<IgnoredAny>>,
    /// Of the line of a picture.
    input: Option<String>,
    status: Option<String>,
    /// Of the last line, which is the first of a run that was stopped at once.
    summary: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    not_reached: Option<u64>,
}

impl Beginning {
    fn is_of_report(&self) -> bool {
        let is_whole = self.not_reached.is_some() && self.files.is_some();
        let is_picture = self.input.is_some() && self.status.is_some();
        let is_end = self.summary.as_ref();
        is_whole || is_picture || is_end.is_some_and(|counts| counts.not_reached.is_some())
    }
}
