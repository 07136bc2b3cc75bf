//! Hyperbolic tangent by vector instructions, on all threads.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use burn::tensor::{Tensor, TensorData};
use pulp::Arch;

use super::values::{contiguous, plain_primitive, values};
use crate::kernels::alloc::alloc_filled;

/// Elements of one task.
const CHUNK: usize = 1 << 11;

/// From here on the hyperbolic tangent of half of a number is 1.
const MOST: f32 = 20.0;

/// Added to a small number, it rounds it to a whole one, which is then in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// Powers of the natural logarithm of 1/2, each divided by the factorial of its exponent: the series of two to the power of `-x`.
#[expect(
    clippy::unreadable_literal,
    clippy::excessive_precision,
    reason = "all digits count"
)]
const SERIES: [f32; 8] = [
    1.0,
    -std::f32::consts::LN_2,
    0.240226507,
    -0.0555041087,
    0.00961812911,
    -0.00133335581,
    0.000154035304,
    -0.0000152527338,
];

/// `kernels::tanh`, if the tensor lies on this backend and is not differentiated.
pub(in crate::kernels) fn tanh(input: &Tensor<4>) -> Option<Tensor<4>> {
    let (dims, device) = (input.dims(), input.device());
    let input = contiguous(&plain_primitive(input.clone())?);
    let input = values(&input);
    let output = alloc_filled(input.len(), CHUNK, |chunk, output| {
        let input = &input[chunk * CHUNK..];
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (output, &input) in output.iter_mut().zip(input) {
                    *output = tanh_of(input);
                }
            },
        );
    });
    Some(Tensor::from_data(TensorData::new(output, dims), &device))
}

/// The hyperbolic tangent, `(1 - e) / (1 + e)` with `e` to the power of `-2 * |number|`, to 2e-7.
#[inline(always)]
fn tanh_of(number: f32) -> f32 {
    let twice = (2.0 * number.abs()).min(MOST);
    let power = twice * std::f32::consts::LOG2_E;
    let rounded = power + ROUNDING;
    let rest = power - (rounded - ROUNDING);
    let whole = rounded.to_bits() & 0xff;
    let half_to_whole = f32::from_bits((127 - whole) << 23);
    let sum = SERIES.iter().rev().fold(0.0, |sum, term| sum * rest + term);
    let exponential = half_to_whole * sum;
    let tanh = (1.0 - exponential) / (1.0 + exponential);
    if number.is_nan() {
        number
    } else {
        tanh.copysign(number)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn it_is_that_of_the_standard_library() {
        let numbers: Vec<f32> = (-60_000..60_000).map(|step| step as f32 / 4000.0).collect();
        let data = TensorData::new(numbers.clone(), [2, 3, 200, 100]);
        let found = tanh(&Tensor::from_data(data, &Device::flex())).unwrap();
        let found = found.into_data();
        for (found, number) in found.iter::<f32>().zip(numbers) {
            let expected = f64::from(number).tanh();
            assert!(
                (f64::from(found) - expected).abs() < 2e-7,
                "{number}: {found}"
            );
        }
        for number in [f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0] {
            assert_eq!(tanh_of(number).to_bits(), number.tanh().to_bits());
        }
        assert!(tanh_of(f32::NAN).is_nan());
    }
}
