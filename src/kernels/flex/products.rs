//! Which products a convolution is made of.

#[cfg(target_arch = "x86_64")]
use super::bfloat16;
use super::geometry::Geometry;
use crate::kernels::Precision;

/// How a convolution multiplies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Products {
    /// In 32 bits.
    Full,
    /// In bfloat16, with sums of 32 bits.
    #[cfg(target_arch = "x86_64")]
    Half,
    /// In 32 bits, of numbers that are first rounded to bfloat16: the same but for the order of sums, for processors that have nothing faster.
    Rounded,
}

impl Products {
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(unused_variables, reason = "there are no products of bfloat16")
    )]
    pub(super) fn of(geometry: &Geometry, precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::Full,
            #[cfg(target_arch = "x86_64")]
            Precision::Bf16 if bfloat16::is_applicable(geometry) => Self::Half,
            Precision::Bf16 => Self::Rounded,
        }
    }
}
