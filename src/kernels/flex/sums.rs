//! Sums of many values, accurate at the speed of `f32`.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use pulp::Arch;

/// Values added in `f32` before their sum is added in `f64`.
const CHUNK: usize = 256;

/// Sums carried side by side, so that the compiler vectorises them.
const LANES: usize = 16;

/// The sum of `term(left, right)` over two slices of the same length: the same with all vector instructions.
pub(super) fn sum_of(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    Arch::new().dispatch(
        #[inline(always)]
        || lanes_of(left, right, term),
    )
}

#[inline(always)]
fn lanes_of(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    let mut total = 0.0;
    for (left, right) in left.chunks(CHUNK).zip(right.chunks(CHUNK)) {
        let (left_lanes, left_rest) = left.as_chunks::<LANES>();
        let (right_lanes, right_rest) = right.as_chunks::<LANES>();
        let mut sums = [0.0_f32; LANES];
        for (left, right) in left_lanes.iter().zip(right_lanes) {
            for lane in 0..LANES {
                sums[lane] += term(left[lane], right[lane]);
            }
        }
        for ((sum, &left), &right) in sums.iter_mut().zip(left_rest).zip(right_rest) {
            *sum += term(left, right);
        }
        total += f64::from(sums.iter().sum::<f32>());
    }
    total
}

/// The sum of the values.
pub(super) fn sum(values: &[f32]) -> f64 {
    sum_of(values, values, |value, _| value)
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_million_equal_values_keep_their_sum() {
        let expected = 1_000_003.0 * f64::from(0.1_f32);
        assert!((sum(&vec![0.1; 1_000_003]) - expected).abs() < 1e-6 * expected);
    }

    #[test]
    fn no_value_is_left_out() {
        for length in [0, 1, 15, 16, 17, 255, 256, 257, 300] {
            assert!((sum(&vec![1.0; length]) - length as f64).abs() < 0.5);
        }
    }
}
