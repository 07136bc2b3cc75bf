//! The memory of graphics adapters, which `wgpu` itself does not tell.
#![expect(unsafe_code, reason = "asks Vulkan itself")]

use burn::tensor::wgpu::wgpu::Adapter;
use burn::tensor::wgpu::wgpu::hal::api::Vulkan;

/// Vulkan's flag of memory that belongs to the adapter.
const DEVICE_LOCAL: u32 = 1;

/// Bytes of the largest memory that belongs to the adapter; `None` where the interface is not Vulkan.
pub(super) fn local_memory(adapter: &Adapter) -> Option<u64> {
    // SAFETY: what is borrowed is only asked, and neither destroyed nor kept.
    let adapter = unsafe { adapter.as_hal::<Vulkan>() }?;
    let instance = adapter.shared_instance().raw_instance();
    // SAFETY: the device is one of the instance, which lives as long as the adapter.
    let memory =
        unsafe { instance.get_physical_device_memory_properties(adapter.raw_physical_device()) };
    memory
        .memory_heaps_as_slice()
        .iter()
        .filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0)
        .map(|heap| heap.size)
        .max()
}
