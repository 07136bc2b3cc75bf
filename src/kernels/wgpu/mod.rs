//! GPUs of any maker, through Burn's backend for `wgpu`: which there are, and how one is opened.
//!
//! Kernels have their generic forms there.

mod adapter;
mod memory;
mod open;

pub use adapter::{Adapter, AdapterKind, adapters};
pub use open::{adapter_of, open};
