//! The operations whose speed matters, as functions over Burn tensors.
//!
//! Networks call these instead of Burn's own operations, so that a backend can have its own implementation.
//!
//! A kernel is a function whose generic form, of ordinary tensor operations, defines the result. A native one adds an operation
//! to the trait `Kernels` and its gradient to `KernelGradients`, with implementations for Flex (`flex`), LibTorch (`libtorch`)
//! and graphics adapters (`cube`), and a test in `tests/it/kernels_*.rs` that compares values and gradients with Burn's own
//! operations. Convolutions have traits of their own, which Flex and LibTorch implement. A backend with kernels is named in
//! `#[backend_extension(..)]` and in `has_kernels`.
//!
//! The only `unsafe` code of the package stands here, and each block says why it is sound.

mod activation;
mod adam;
mod adam_step;
mod alloc;
#[cfg(feature = "flex")]
mod autodiff;
#[cfg(feature = "flex")]
mod backend;
mod convolution;
#[cfg(feature = "flex")]
mod convolution_autodiff;
#[cfg(feature = "flex")]
mod convolution_backend;
mod convolution_shape;
#[cfg(feature = "wgpu")]
mod cube;
mod device_failure;
mod device_memory;
mod doubling;
mod emulation;
mod exchange;
#[cfg(feature = "flex")]
mod flex;
mod joint_norm;
#[cfg(feature = "flex")]
mod joint_norm_passes;
#[cfg(feature = "libtorch")]
pub mod libtorch;
mod mapped;
mod mean;
mod memory;
mod norm;
mod precision;
mod processor;
mod reflection;
mod row_source;
mod rows;
#[cfg(feature = "wgpu")]
pub mod wgpu;
#[cfg(feature = "flex")]
mod workers;

pub use activation::{leaky_relu, relu, tanh};
pub use adam::{AdamMoments, adam};
pub use adam_step::AdamStep;
pub(crate) use alloc::try_alloc_filled;
pub use convolution::{convolution, prepack_weight, transposed_convolution};
pub use convolution_shape::{ConvolutionShape, TransposedConvolutionShape};
pub use device_failure::DeviceFailure;
pub use device_memory::DeviceMemory;
pub use doubling::double_bilinear;
pub use emulation::is_emulated;
pub use exchange::Exchange;
pub use joint_norm::{JointNorm, has_joint_norm, joint_batch_norm};
pub(crate) use mapped::{map_file, mapped_numbers, tensor_from_mapped};
pub use mean::mean;
pub use memory::{exit_process, retain_freed_memory, retain_memory_of_steps};
pub use norm::{
    ChannelScaling, ChannelStatistics, batch_norm, channel_statistics, normalize_batch,
    normalize_instance,
};
pub use precision::Precision;
pub use processor::{computes_on_own_threads, computes_on_processor};
pub use reflection::reflection_pad;
pub use row_source::{Merge, RowPadding, RowSource};
pub use rows::{convolution_of_rows, copy_rows, fuse_rows, has_fused_rows};
