//! The threads that do the tasks of a kernel.

use rayon::prelude::*;

/// Whose threads. Those of one library that wait for work take time from those of another that does it, so that a kernel
/// takes the threads of the tensors that it is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Workers {
    /// This program's.
    Own,
    /// LibTorch's.
    #[cfg(feature = "libtorch")]
    LibTorch,
}

impl Workers {
    /// Calls `task` with each number below `count`, on all threads.
    pub(super) fn for_each(self, count: usize, task: impl Fn(usize) + Send + Sync) {
        match self {
            Self::Own => (0..count).into_par_iter().for_each(task),
            #[cfg(feature = "libtorch")]
            Self::LibTorch => super::libtorch::for_each(count, &task),
        }
    }
}
