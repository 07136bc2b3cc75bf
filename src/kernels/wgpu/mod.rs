//! GPUs of any maker, through Burn's backend for `wgpu`: which there are, and how one is opened.
//!
//! Convolutions have their generic forms there; other kernels are in `cube`.

mod adapter;
mod memory;
mod open;
#[cfg(target_os = "linux")]
mod quiet;

pub use adapter::{Adapter, AdapterKind, adapters};
pub use open::{adapter_of, open};
#[cfg(target_os = "linux")]
pub use quiet::quiet_drivers;
