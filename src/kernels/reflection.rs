//! Padding by reflection.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;

#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// Pads `input`, `[batch, channels, height, width]`, with `width` rows and columns on each side, mirrored at the border, which is
/// not repeated. Height and width of `input` are larger than `width`.
pub fn reflection_pad(input: Tensor<4>, width: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) {
        return Tensor::from_dispatch(Dispatch::reflection_pad(input.into_dispatch(), width));
    }
    input.pad((width, width, width, width), PadMode::Reflect)
}
