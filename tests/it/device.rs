//! The device that tests compute on: the processor's own, or the one that `TRANSLATE_TEST_DEVICE` names.
//!
//! The program itself takes the best device that is compiled in, so that tests of the program follow the features.

use burn::tensor::Device;
use translate::device::DeviceName;

pub fn test_device() -> Device {
    let name = std::env::var("TRANSLATE_TEST_DEVICE");
    let name = name.as_deref().unwrap_or("cpu");
    let name: DeviceName = name.parse().expect("the name of a device");
    name.open().expect("a device that answers").device
}
