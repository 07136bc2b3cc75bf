//! Counting pictures while they are finished by several threads, and telling a listener and the report.

use super::plan::{Plan, PlannedPicture};
use super::report::{FileReport, JsonLinesReport, Outcome, Status};
use crate::files::FileError;

/// One picture is finished.
#[derive(Debug)]
pub struct Event<'a> {
    /// The picture and what became of it.
    pub file: &'a FileReport,
    /// Pictures finished so far, this one among them.
    pub finished: usize,
    /// How many of these were left because their translation exists.
    pub skipped: usize,
    /// How many of these have failed.
    pub failed: usize,
    /// Pictures in the plan.
    pub total: usize,
}

/// What has become of the pictures so far.
pub(super) struct Recorder<'a, F> {
    plan: &'a Plan,
    pub(super) outcomes: Vec<Outcome>,
    finished: usize,
    skipped: usize,
    failed: usize,
    /// The error after which nothing more can be written.
    pub(super) lost: Option<FileError>,
    /// The report, if it is written in lines, until it cannot be written.
    pub(super) lines: Option<JsonLinesReport>,
    /// Why it cannot.
    pub(super) unreported: Option<FileError>,
    on_event: F,
}

impl<'a, F: FnMut(Event<'_>)> Recorder<'a, F> {
    pub(super) fn new(plan: &'a Plan, lines: Option<JsonLinesReport>, on_event: F) -> Self {
        Self {
            plan,
            outcomes: vec![Outcome::default(); plan.len()],
            finished: 0,
            skipped: 0,
            failed: 0,
            lost: None,
            lines,
            unreported: None,
            on_event,
        }
    }

    pub(super) fn fail(&mut self, index: usize, picture: PlannedPicture, message: String) {
        self.failed += 1;
        let outcome = Outcome {
            status: Status::Failed,
            message: Some(message.into()),
            size: (0, 0),
        };
        self.end(index, picture, outcome);
    }

    pub(super) fn skip(&mut self, index: usize, picture: PlannedPicture) {
        self.skipped += 1;
        let outcome = Outcome {
            status: Status::Skipped,
            ..Outcome::default()
        };
        self.end(index, picture, outcome);
    }

    /// A translation of this size has been written.
    pub(super) fn done(
        &mut self,
        index: usize,
        picture: PlannedPicture,
        size: (u32, u32),
        note: Option<String>,
    ) {
        let outcome = Outcome {
            status: Status::Done,
            message: note.map(Into::into),
            size,
        };
        self.end(index, picture, outcome);
    }

    fn end(&mut self, index: usize, picture: PlannedPicture, outcome: Outcome) {
        self.finished += 1;
        let file = outcome.report(self.plan, picture);
        self.outcomes[index] = outcome;
        if let Some(Err(error)) = self.lines.as_mut().map(|lines| lines.add(&file)) {
            self.lines = None;
            self.unreported = Some(error);
        }
        (self.on_event)(Event {
            file: &file,
            finished: self.finished,
            skipped: self.skipped,
            failed: self.failed,
            total: self.outcomes.len(),
        });
    }
}
