//! The forward pass in bands of rows, for pictures whose features do not fit into memory at once.
//!
//! The result is that of the whole pass.
//!
//! ```text
//! Graph ─> Plan (passes, stored features) ─> for each pass: PassRunner, from the picture or a FeatureStore to its target
//!       ─> Moments of the target, for the normalisation ─> last pass: rows of the output
//! ```
//!
//! A [`Graph`](graph::Graph) records the layers. A normalisation that needs mean and variance of its whole input ends a pass
//! over the picture, which gathers them. Take convolution 1, instance norm, ReLU, convolution 2: the first pass runs
//! convolution 1 down the picture and gathers its moments; the second runs convolution 2 on its rows, scaled by these moments
//! and cut off at zero while they are read, and writes the output. Rows of convolution 1 are stored in the first pass, or
//! computed again in the second, whichever costs less ([`Plan`](plan::Plan) compares): in memory if all that is stored fits
//! there, else in files.
//!
//! Within a pass each layer follows its inputs row by row and keeps the last rows that its consumers still need, so that no
//! row is computed twice. Normalisations, ReLUs, sums and padding have no rows of their own: they are fused into one pass over
//! memory when the input of the next convolution is assembled ([`fuse_rows`](crate::kernels::fuse_rows)).

mod feature_store;
mod graph;
mod memory;
mod moments;
mod operation;
mod pass_runner;
mod plan;
mod run;
mod schedule;
mod tensor_rows;

pub use feature_store::StoreError;
pub use memory::forward_memory;
pub use run::{BandLimits, forward_in_bands};
pub use tensor_rows::TensorRows;
