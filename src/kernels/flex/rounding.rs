//! Rounding to bfloat16 within numbers of 32 bits, for processors without its products.

use pulp::Arch;

use crate::kernels::alloc::alloc_filled;

/// Elements of one task.
const CHUNK: usize = 1 << 14;

/// The nearest numbers of bfloat16; of two as near, those that end in a 0.
pub(super) fn rounded(values: &[f32]) -> Vec<f32> {
    alloc_filled(values.len(), CHUNK, |index, rounded| {
        let values = &values[index * CHUNK..][..rounded.len()];
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (rounded, value) in rounded.iter_mut().zip(values) {
                    *rounded = round(*value);
                }
            },
        );
    })
}

#[expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]
#[inline(always)]
fn round(value: f32) -> f32 {
    let bits = value.to_bits();
    let last = bits >> 16 & 1;
    let rounded = f32::from_bits(bits.wrapping_add(0x7fff + last) & 0xffff_0000);
    // Infinities stay, and the bits of what is not a number could overflow.
    if value.is_finite() { rounded } else { value }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    #[test]
    fn numbers_are_rounded_as_those_of_bfloat16() {
        let mut bits = 1_u32;
        let mut values: Vec<f32> = (0..100_000)
            .map(|_| {
                bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from_bits(bits)
            })
            .collect();
        values.extend([
            0.0,
            -0.0,
            1.003_906_3,
            f32::MAX,
            f32::INFINITY,
            f32::NEG_INFINITY,
        ]);
        values.retain(|value| !value.is_nan());
        let found = rounded(&values);
        for (value, found) in values.iter().zip(found) {
            let expected = bf16::from_f32(*value).to_f32();
            assert_eq!(found.to_bits(), expected.to_bits(), "{value}");
        }
        assert!(rounded(&[f32::NAN])[0].is_nan());
    }
}
