//! Devices that are the processor.

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

/// Whether `device` is the processor: passes of one sample then cost little more than those of many.
#[cfg_attr(
    feature = "libtorch",
    expect(
        deprecated,
        reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
    )
)]
pub fn computes_on_processor(device: &Device) -> bool {
    #[cfg(feature = "libtorch")]
    if device.clone().inner() == Device::libtorch() {
        return true;
    }
    computes_on_own_threads(device)
}
