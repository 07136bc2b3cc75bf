//! The forward pass in bands of rows, for pictures whose features do not fit into memory at once.
//!
//! The result is that of the whole pass. A [`Graph`](graph::Graph) holds the layers; a normalisation that needs mean and variance of all
//! its input cuts the work into passes over the picture, of which each gathers the statistics for one of them. In a pass
//! each layer goes down the picture as its input does and keeps the last rows that its successors still need, so that no
//! row is computed twice. Between passes features are kept where computing them again would cost more.

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
