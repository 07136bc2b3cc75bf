//! The precision that a command computes in.

use crate::device::{DeviceError, OpenDevice};
use crate::kernels::{Precision, is_emulated};

/// Checks that `device` offers `precision`, and says where it makes nothing faster.
pub(super) fn check_precision(
    device: &OpenDevice,
    precision: Precision,
) -> Result<(), DeviceError> {
    device.check(precision)?;
    if is_emulated(precision, &device.device) {
        tracing::info!(
            "this processor has no instructions for bfloat16 (AVX512-BF16 or AMX), and bf16 takes longer on it than f32: compute with \
             `--precision f32`"
        );
    }
    Ok(())
}
