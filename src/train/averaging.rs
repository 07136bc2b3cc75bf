//! The gradients of a step, averaged over the processes of a group.

use std::cell::RefCell;

use crate::distributed::{Group, GroupError};
use crate::nn::Reducer;

/// Averages the gradients of one step.
#[derive(Debug)]
pub(super) struct Averaging<'a> {
    group: &'a Group,
    /// The part of the step's samples that this process has.
    part: f32,
    failure: RefCell<Option<GroupError>>,
}

impl<'a> Averaging<'a> {
    /// That of a step of whose samples this process has a `part`.
    pub(super) fn new(group: &'a Group, part: f32) -> Self {
        Self {
            group,
            part,
            failure: RefCell::new(None),
        }
    }

    /// Who averages in a step; nobody where a process is alone.
    pub(super) fn reducer(&self) -> Option<&dyn Reducer> {
        if self.group.size() > 1 {
            Some(self)
        } else {
            None
        }
    }

    /// Says whether all gradients of the step were averaged.
    ///
    /// # Errors
    /// The connection to another process was lost: what has been computed since is of no use.
    pub(super) fn finish(self) -> Result<(), GroupError> {
        self.failure.into_inner().map_or(Ok(()), Err)
    }
}

impl Reducer for Averaging<'_> {
    fn average(&self, gradients: &mut [f32]) {
        let mut failure = self.failure.borrow_mut();
        if failure.is_some() {
            return;
        }
        weigh(gradients, self.part);
        *failure = self.group.sum(gradients).err();
    }
}

/// Multiplies by `part`; what counts for nothing is 0 even if it is not finite.
pub(super) fn weigh(values: &mut [f32], part: f32) {
    if part > 0.0 {
        for value in values {
            *value *= part;
        }
    } else {
        values.fill(0.0);
    }
}
