//! The operations whose speed matters, as functions over Burn tensors.
//!
//! Networks call these instead of Burn's own operations, so that a backend can bring its own implementation in one place.

mod activation;
mod adam;
#[cfg(feature = "flex")]
mod autodiff;
#[cfg(feature = "flex")]
mod backend;
mod convolution;
mod filled;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "libtorch")]
pub mod libtorch;
mod mapped;
mod memory;
mod norm;
mod precision;
mod reflection;
mod rows;
#[cfg(feature = "flex")]
mod workers;

pub use activation::{leaky_relu, relu};
pub use adam::{AdamMoments, AdamStep, adam};
pub use convolution::{
    ConvolutionShape, TransposedConvolutionShape, convolution, prepack_weight,
    transposed_convolution,
};
pub(crate) use filled::try_filled;
pub(crate) use mapped::{mapped, numbers, tensor_in_place};
pub use memory::{end, keep_freed_memory};
pub use norm::{
    ChannelScaling, ChannelStatistics, batch_norm, channel_statistics, normalize_batch,
    normalize_instance,
};
pub use precision::Precision;
pub use reflection::reflection_pad;
pub use rows::{Border, Combination, RowSource, copied_rows, join_rows};
