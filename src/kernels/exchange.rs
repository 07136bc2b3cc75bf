//! What processes that compute together pass to each other in the middle of an operation.

use std::fmt::Debug;

/// Passes numbers between processes that compute the same operations in the same order, each on samples of its own.
pub trait Exchange: Debug + Send + Sync {
    /// The numbers of all processes, in order of rank, each with the part of all samples that the process has, in [0, 1].
    ///
    /// All processes give as many. Errors are kept by who exchanges: what is returned is then of no use, and nothing that follows from
    /// it may be.
    fn collect(&self, own: &[f32]) -> Vec<(f32, Vec<f32>)>;
}
