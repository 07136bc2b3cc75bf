//! Files that an evaluation has written, which another may take the place of.

use std::path::Path;

use serde_json::Value;

use super::{page, study};
use crate::{files, html};

/// Whether a file is what this program has written: a report, as JSON or as a page, or the page of a study. An empty file may be, too:
/// there is nothing to lose.
pub fn is_result(path: &Path) -> bool {
    let Ok(contents) = files::read(path) else {
        return false;
    };
    let is_page = |title| contents.starts_with(html::page_start(title).as_bytes());
    contents.is_empty()
        || is_page(page::TITLE)
        || is_page(study::TITLE)
        || serde_json::from_slice(&contents).is_ok_and(|report: Value| {
            report["metrics"].is_object() && report["pictures"].is_array()
        })
}
