//! The threads that compute for LibTorch, for kernels of this program.

use super::shim;
use crate::kernels::workers::Workers;

/// LibTorch's threads.
#[derive(Debug, Clone, Copy)]
pub(super) struct LibTorchWorkers;

impl Workers for LibTorchWorkers {
    fn for_each(self, count: usize, task: impl Fn(usize) + Send + Sync) {
        shim::for_each(count, &task);
    }
}
