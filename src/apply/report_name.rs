//! What the name of a report says.

use std::path::Path;

/// Whether it is written in lines while the program runs: its extension is `jsonl`.
pub(super) fn is_in_lines(path: &Path) -> bool {
    has_extension(path, "jsonl")
}

/// Whether a file of this name can be the report of an earlier run.
pub(super) fn is_report(path: &Path) -> bool {
    has_extension(path, "json") || is_in_lines(path)
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}
