//! The threads that do the tasks of a kernel.

use rayon::prelude::*;

/// Threads that share the tasks of a kernel.
///
/// Threads of one library that wait for work take time from those of another that computes, so a kernel runs on the threads of
/// the tensors that it is called with.
pub(super) trait Workers: Copy + Sync {
    /// Calls `task` with each number below `count`, on all threads.
    fn for_each(self, count: usize, task: impl Fn(usize) + Send + Sync);
}

/// The threads of this program.
#[derive(Debug, Clone, Copy)]
pub(super) struct RayonWorkers;

impl Workers for RayonWorkers {
    fn for_each(self, count: usize, task: impl Fn(usize) + Send + Sync) {
        (0..count).into_par_iter().for_each(task);
    }
}
