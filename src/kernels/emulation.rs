//! Precisions that a processor has no instructions for.

use burn::tensor::Device;

#[cfg(all(feature = "flex", target_arch = "x86_64"))]
use super::flex::has_products_of_bfloat16;
use super::precision::Precision;
use super::processor::computes_on_own_threads;

/// Whether convolutions of this precision round what they multiply on `device`, and multiply it in 32 bits, for want of instructions:
/// they take longer than those of [`Precision::F32`].
pub fn is_emulated(precision: Precision, device: &Device) -> bool {
    precision == Precision::Bf16 && computes_on_own_threads(device) && !has_products_of_bfloat16()
}

#[cfg(not(all(feature = "flex", target_arch = "x86_64")))]
fn has_products_of_bfloat16() -> bool {
    false
}
