//! Counting pictures while they are finished by several threads, and telling a listener.

use std::path::Path;

use super::plan::Plan;
use super::report::{FileReport, Status};
use crate::files::FileError;

/// One picture is finished.
#[derive(Debug)]
pub struct Event<'a> {
    /// The picture and what became of it.
    pub file: &'a FileReport,
    /// Pictures finished so far, this one among them.
    pub finished: usize,
    /// Pictures in the plan.
    pub total: usize,
}

/// What has become of the pictures so far.
pub(super) struct Tally<F> {
    pub(super) files: Vec<FileReport>,
    finished: usize,
    /// The error after which nothing more can be written.
    pub(super) lost: Option<FileError>,
    on_event: F,
}

impl<F: FnMut(Event<'_>)> Tally<F> {
    pub(super) fn new(plan: &Plan, on_event: F) -> Self {
        let files = plan.pictures.iter().map(|picture| FileReport {
            input: picture.input.clone(),
            output: picture.task.output().map(Path::to_owned),
            status: Status::NotReached,
            error: None,
            note: None,
            width: None,
            height: None,
        });
        Self {
            files: files.collect(),
            finished: 0,
            lost: None,
            on_event,
        }
    }

    pub(super) fn fail(&mut self, index: usize, message: String) {
        self.files[index].error = Some(message);
        self.end(index, Status::Failed, None);
    }

    pub(super) fn note(&mut self, index: usize, note: Option<String>) {
        self.files[index].note = note;
    }

    pub(super) fn end(&mut self, index: usize, status: Status, size: Option<(u32, u32)>) {
        let file = &mut self.files[index];
        file.status = status;
        (file.width, file.height) = (size.map(|size| size.0), size.map(|size| size.1));
        self.finished += 1;
        (self.on_event)(Event {
            file: &self.files[index],
            finished: self.finished,
            total: self.files.len(),
        });
    }
}
