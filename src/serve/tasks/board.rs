//! All tasks that clients can still ask about.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::order::Order;
use super::task::Task;
use crate::files::{FileError, create_folder};
use crate::serve::identifier::identifier;

/// Tasks that are kept once they are over; the oldest goes first, with its files.
const MAX_TASKS: usize = 256;

/// The tasks, by their identifiers.
#[derive(Debug)]
pub(in crate::serve) struct TaskBoard {
    folder: PathBuf,
    /// Bytes of results that are kept.
    room: u64,
    tasks: Mutex<VecDeque<Arc<Task>>>,
}

impl TaskBoard {
    /// A board that keeps results of so many bytes in a folder of its own.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(in crate::serve) fn new(folder: PathBuf, room: u64) -> Result<Self, FileError> {
        create_folder(&folder)?;
        Ok(Self {
            folder,
            room,
            tasks: Mutex::default(),
        })
    }

    /// Puts a task on the board.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub(in crate::serve) fn add(&self, order: Order) -> Result<Arc<Task>, FileError> {
        let id = identifier();
        let folder = self.folder.join(&id);
        create_folder(&folder)?;
        let task = Arc::new(Task::new(id, folder, order));
        let mut tasks = self.tasks();
        let bytes =
            |tasks: &VecDeque<Arc<Task>>| tasks.iter().map(|task| task.bytes()).sum::<u64>();
        while tasks.len() >= MAX_TASKS || bytes(&tasks) > self.room {
            let Some(index) = tasks.iter().position(|task| task.status().is_over()) else {
                break;
            };
            tasks.remove(index);
        }
        tasks.push_back(Arc::clone(&task));
        Ok(task)
    }

    /// The task with this identifier.
    pub(in crate::serve) fn find(&self, id: &str) -> Option<Arc<Task>> {
        self.tasks().iter().find(|task| task.id() == id).cloned()
    }

    /// Forgets a task.
    pub(in crate::serve) fn remove(&self, id: &str) {
        self.tasks().retain(|task| task.id() != id);
    }

    fn tasks(&self) -> MutexGuard<'_, VecDeque<Arc<Task>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
