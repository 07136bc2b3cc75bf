//! Opening of graphics adapters.

use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::wgpu::wgpu::{DeviceDescriptor, Features, MemoryHints};
use futures_util::FutureExt;

use super::adapter::Adapter;

/// The adapters that are open: one that were opened twice would be two devices.
static OPEN: Mutex<Vec<(&'static Adapter, Device)>> = Mutex::new(Vec::new());

/// Opens an adapter.
///
/// # Errors
/// It does not open.
pub fn open(adapter: &'static Adapter) -> Result<Device, String> {
    let mut opened = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = opened.iter().find(|(open, _)| std::ptr::eq(*open, adapter));
    if let Some((_, device)) = known {
        return Ok(device.clone());
    }
    let device = start(adapter)?;
    opened.push((adapter, device.clone()));
    Ok(device)
}

/// The adapter behind a device that [`open`] gave; `None` for any other device.
pub fn adapter_of(device: &Device) -> Option<&'static Adapter> {
    let opened = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let device = device.clone().inner();
    let found = opened.iter().find(|(_, open)| *open == device);
    found.map(|&(adapter, _)| adapter)
}

fn start(adapter: &Adapter) -> Result<Device, String> {
    let handle = &adapter.handle;
    let descriptor = DeviceDescriptor {
        // Memory that the processor sees is slower on most adapters.
        required_features: handle
            .features()
            .difference(Features::MAPPABLE_PRIMARY_BUFFERS)
            .difference(Features::all_experimental_mask()),
        // All that it has: the defaults are those of browsers.
        required_limits: handle.limits(),
        // Burn divides large blocks itself.
        memory_hints: MemoryHints::MemoryUsage,
        ..DeviceDescriptor::default()
    };
    let opened = handle.request_device(&descriptor).now_or_never();
    let (device, queue) = opened
        .ok_or("it does not open at once")?
        .map_err(|error| error.to_string())?;
    let setup = WgpuSetup {
        instance: adapter.instance.clone(),
        adapter: handle.clone(),
        device,
        queue,
        backend: handle.get_info().backend,
    };
    let device = Device::wgpu_options().setup(setup).init();
    device.map_err(|error| error.to_string())
}
