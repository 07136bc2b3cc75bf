//! Leaky ReLU in one pass forward and one back.

use std::hint::select_unpredictable;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;

use super::values::{contiguous, dims, tensor, values};
use crate::kernels::alloc::alloc_filled;

/// Elements of one task.
const CHUNK: usize = 1 << 14;

/// The leaky ReLU of `kernels::leaky_relu`.
pub(super) fn leaky_relu(input: &FloatTensor<Flex>, slope: f64) -> FloatTensor<Flex> {
    leaky_relu_gradient(input, input, slope)
}

/// `gradient` where `input` is positive, `slope * gradient` elsewhere.
pub(super) fn leaky_relu_gradient(
    gradient: &FloatTensor<Flex>,
    input: &FloatTensor<Flex>,
    slope: f64,
) -> FloatTensor<Flex> {
    let (dims, slope) = (dims(input), slope as f32);
    let [gradient, input] = [gradient, input].map(contiguous);
    let (gradient, input) = (values(&gradient), values(&input));
    let output = alloc_filled(input.len(), CHUNK, |chunk, output| {
        let (gradient, input) = (&gradient[chunk * CHUNK..], &input[chunk * CHUNK..]);
        for ((output, &gradient), &input) in output.iter_mut().zip(gradient).zip(input) {
            // With `if` this compiles to a jump per number, which takes four times as long.
            *output = select_unpredictable(input > 0.0, gradient, gradient * slope);
        }
    });
    tensor(output, dims)
}
