//! All jobs that clients can still ask about.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::job::Job;
use super::request::{JobChoices, JobRequest};
use crate::files::{FileError, create_folder};
use crate::serve::identifier::identifier;

/// Jobs that are kept once they are over.
const MAX_JOBS: usize = 64;

/// The jobs, the newest last.
#[derive(Debug)]
pub(in crate::serve) struct JobBoard {
    folder: PathBuf,
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

impl JobBoard {
    /// A board that keeps reports in a folder of its own.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(in crate::serve) fn new(folder: PathBuf) -> Result<Self, FileError> {
        create_folder(&folder)?;
        Ok(Self {
            folder,
            jobs: Mutex::default(),
        })
    }

    /// Puts a job on the board.
    pub(in crate::serve) fn add(&self, request: JobRequest, choices: JobChoices) -> Arc<Job> {
        let id = identifier();
        let report = self.folder.join(format!("{id}.jsonl"));
        let job = Arc::new(Job::new(id, request, choices, report));
        let mut jobs = self.jobs();
        while jobs.len() >= MAX_JOBS {
            let Some(index) = jobs.iter().position(|job| job.is_over()) else {
                break;
            };
            jobs.remove(index);
        }
        jobs.push_back(Arc::clone(&job));
        job
    }

    /// The job with this identifier.
    pub(in crate::serve) fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.jobs().iter().find(|job| job.id() == id).cloned()
    }

    /// All of them, the newest first.
    pub(in crate::serve) fn all(&self) -> Vec<Arc<Job>> {
        self.jobs().iter().rev().cloned().collect()
    }

    /// Forgets a job.
    pub(in crate::serve) fn remove(&self, id: &str) {
        self.jobs().retain(|job| job.id() != id);
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
