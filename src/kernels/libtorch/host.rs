//! Tensors in the host's memory as slices.
#![expect(unsafe_code, reason = "reads and writes the memory of tensors")]

use tch::{Device, Kind, Tensor};

/// The numbers of a tensor whose elements lie in order.
pub(super) fn numbers(tensor: &Tensor) -> &[f32] {
    check(tensor);
    // SAFETY: the tensor has this many elements of this type from this place on, which nobody changes while it is borrowed:
    // operations in place are done on tensors that nobody else holds.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// Allocates a tensor and lets `fill` write all of its numbers, before it reads any.
pub(super) fn alloc_filled(dims: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Tensor {
    let dims = dims.map(|side| side as i64);
    let tensor = Tensor::empty(dims, (Kind::Float, Device::Cpu));
    check(&tensor);
    // SAFETY: the tensor has this many elements of this type from this place on, and nobody else holds it. LibTorch has
    // allocated them, so that they hold numbers, whichever.
    fill(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) });
    tensor
}

fn check(tensor: &Tensor) {
    assert!(
        tensor.is_contiguous() && tensor.kind() == Kind::Float && tensor.device() == Device::Cpu,
        "only numbers of 32 bits that lie in order in the processor's memory can be reached"
    );
}
