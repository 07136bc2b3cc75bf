//! The order of the work: single pictures first come first served, before folders.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::jobs::Job;
use super::tasks::Task;

/// What the network does next.
pub(super) enum Work {
    /// A single picture.
    Task(Arc<Task>),
    /// A folder.
    Job(Arc<Job>),
}

/// There is no room in the queue.
#[derive(Debug)]
pub(super) struct QueueFull;

/// Waiting work, bounded.
#[derive(Debug)]
pub(super) struct WorkQueue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    tasks: VecDeque<Arc<Task>>,
    jobs: VecDeque<Arc<Job>>,
    closed: bool,
}

impl WorkQueue {
    /// A queue in which so many tasks can wait, and as many jobs.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            capacity,
        }
    }

    /// Adds a task at the end.
    ///
    /// # Errors
    /// There is no room, or the server stops.
    pub(super) fn push_task(&self, task: Arc<Task>) -> Result<(), QueueFull> {
        let mut waiting = self.waiting();
        waiting.tasks.retain(|task| !task.status().is_over());
        if waiting.closed || waiting.tasks.len() >= self.capacity {
            return Err(QueueFull);
        }
        waiting.tasks.push_back(task);
        self.changed.notify_one();
        Ok(())
    }

    /// Adds a job at the end.
    ///
    /// # Errors
    /// There is no room, or the server stops.
    pub(super) fn push_job(&self, job: Arc<Job>) -> Result<(), QueueFull> {
        let mut waiting = self.waiting();
        if waiting.closed || waiting.jobs.len() >= self.capacity {
            return Err(QueueFull);
        }
        waiting.jobs.push_back(job);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the next work; waits for it. None when the server stops.
    pub(super) fn next(&self) -> Option<Work> {
        let mut waiting = self.waiting();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(task) = waiting.tasks.pop_front() {
                return Some(Work::Task(task));
            }
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(Work::Job(job));
            }
            let next = self.changed.wait(waiting);
            waiting = next.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes the next task, if one waits.
    pub(super) fn next_task(&self) -> Option<Arc<Task>> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return None;
        }
        waiting.tasks.pop_front()
    }

    /// How many tasks are before this one, while it waits.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        let waiting = self.waiting();
        let mut open = waiting.tasks.iter().filter(|task| !task.status().is_over());
        open.position(|task| task.id() == id)
    }

    /// How many tasks wait.
    pub(super) fn len(&self) -> usize {
        self.waiting().tasks.len()
    }

    /// Gives no work from now on; what waits is stopped.
    pub(super) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        for task in waiting.tasks.drain(..) {
            task.stop();
        }
        for job in waiting.jobs.drain(..) {
            job.stop();
        }
        self.changed.notify_all();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
