//! Devices that compute on the threads of this program.

#[cfg(feature = "flex")]
use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Whether `device` computes on the threads of this program: then parts of a work that do not depend on each other gain by running
/// side by side.
#[cfg(feature = "flex")]
pub fn computes_on_own_threads(device: &Device) -> bool {
    let device = device.clone().inner();
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

/// Whether the device computes on the threads of this program: without Flex none does.
#[cfg(not(feature = "flex"))]
pub fn computes_on_own_threads(_: &Device) -> bool {
    false
}
