//! What fits on a device that has memory of its own.

use burn::tensor::Device;

/// Bounds of a device's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceMemory {
    /// Bytes of its own memory, if it tells.
    pub total: Option<u64>,
    /// Bytes that a tensor may have.
    pub largest_tensor: u64,
}

impl DeviceMemory {
    /// Those of `device`; `None` where tensors lie in the memory of the program, or nothing is known.
    pub fn of(device: &Device) -> Option<Self> {
        #[cfg(feature = "wgpu")]
        if let Some(adapter) = super::wgpu::adapter_of(device) {
            return Some(Self {
                total: adapter.memory(),
                largest_tensor: adapter.largest_tensor(),
            });
        }
        let _ = device;
        None
    }
}
