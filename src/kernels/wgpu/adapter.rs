//! The graphics adapters of this machine.

use std::sync::OnceLock;

use burn::tensor::wgpu::wgpu::{
    Adapter as Handle, Backend, Backends, DeviceType, Instance, InstanceDescriptor,
};
use futures_util::FutureExt;

use super::memory::local_memory;
use crate::panics;

/// Interfaces to graphics adapters, best first: the first that has a GPU is used.
const INTERFACES: [Backends; 3] = [Backends::VULKAN, Backends::METAL, Backends::DX12];

/// What an adapter is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU that a virtual machine offers.
    Virtual,
    /// What its driver does not tell.
    Other,
    /// The processor in the role of a GPU.
    Software,
}

/// A GPU, or what stands in for one.
#[derive(Debug)]
pub struct Adapter {
    pub(super) instance: Instance,
    pub(super) handle: Handle,
    /// What it is.
    pub kind: AdapterKind,
}

impl Adapter {
    /// Bytes of its own memory; `None` where its driver does not tell.
    pub fn memory(&self) -> Option<u64> {
        local_memory(&self.handle)
    }

    /// Bytes that a tensor may have.
    pub fn largest_tensor(&self) -> u64 {
        let limits = self.handle.limits();
        limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size)
    }
}

impl std::fmt::Display for Adapter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let info = self.handle.get_info();
        let kind = match self.kind {
            AdapterKind::Discrete => "discrete GPU",
            AdapterKind::Integrated => "integrated GPU",
            AdapterKind::Virtual => "virtual GPU",
            AdapterKind::Other => "GPU",
            AdapterKind::Software => "software, no GPU",
        };
        let interface = match info.backend {
            Backend::Vulkan => "Vulkan",
            Backend::Metal => "Metal",
            Backend::Dx12 => "DirectX 12",
            _ => "another interface",
        };
        write!(formatter, "{} ({kind}; {interface}", info.name)?;
        let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
        match driver.trim() {
            "" => {}
            driver => write!(formatter, ", driver {driver}")?,
        }
        if let Some(bytes) = self.memory() {
            write!(formatter, "; {} MiB of memory", bytes >> 20)?;
        }
        write!(
            formatter,
            "; tensors up to {} MiB)",
            self.largest_tensor() >> 20
        )
    }
}

/// The adapters of this machine, in the order of their numbers: those of the first interface that has a GPU, or else, that has
/// any at all. They are looked up once.
pub fn adapters() -> &'static [Adapter] {
    static ADAPTERS: OnceLock<Vec<Adapter>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let mut without_gpu = Vec::new();
        for interface in INTERFACES {
            // Drivers are foreign code.
            let found = panics::catch(|| adapters_of(interface)).unwrap_or_default();
            if found
                .iter()
                .any(|adapter| adapter.kind != AdapterKind::Software)
            {
                return found;
            }
            if without_gpu.is_empty() {
                without_gpu = found;
            }
        }
        without_gpu
    })
}

fn adapters_of(interface: Backends) -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: interface,
        ..InstanceDescriptor::new_without_display_handle()
    });
    // Outside browsers this waits for nothing.
    let handles = instance.enumerate_adapters(interface).now_or_never();
    let handles = handles.unwrap_or_default().into_iter();
    handles
        .map(|handle| Adapter {
            instance: instance.clone(),
            kind: match handle.get_info().device_type {
                DeviceType::DiscreteGpu => AdapterKind::Discrete,
                DeviceType::IntegratedGpu => AdapterKind::Integrated,
                DeviceType::VirtualGpu => AdapterKind::Virtual,
                DeviceType::Other => AdapterKind::Other,
                DeviceType::Cpu => AdapterKind::Software,
            },
            handle,
        })
        .collect()
}
