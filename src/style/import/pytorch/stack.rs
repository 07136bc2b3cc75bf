//! The values that the program of a pickle works on.

use std::collections::HashMap;

use super::error::{PickleError, Result};
use super::value::Value;

/// A stack with marks in it, and a memo of values to come back to.
#[derive(Debug, Default)]
pub(super) struct Stack {
    values: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl Stack {
    pub(super) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(super) fn mark(&mut self) {
        self.marks.push(self.values.len());
    }

    /// Removes a mark if it is on top, else the value that is.
    pub(super) fn discard(&mut self) -> Result<()> {
        if self.marks.last() == Some(&self.values.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    pub(super) fn top(&self) -> Result<&Value> {
        let bottom = self.marks.last().copied().unwrap_or_default();
        if self.values.len() <= bottom {
            return Err(underflow());
        }
        self.values.last().ok_or_else(underflow)
    }

    pub(super) fn pop(&mut self) -> Result<Value> {
        self.top()?;
        self.values.pop().ok_or_else(underflow)
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.values.split_off(mark))
    }

    pub(super) fn memoize(&mut self, index: u32) -> Result<()> {
        let value = self.top()?.clone();
        self.memo.insert(index, value);
        Ok(())
    }

    pub(super) fn recall(&self, index: u32) -> Result<Value> {
        let value = self.memo.get(&index).cloned();
        value.ok_or_else(|| PickleError::Invalid(format!("its memo has no entry {index}")))
    }

    /// Number of values in the memo.
    pub(super) fn memo_len(&self) -> u32 {
        self.memo.len() as u32
    }
}

fn underflow() -> PickleError {
    PickleError::invalid("its pickle takes more values than it has put there")
}
