//! Leaky ReLU in one pass forward and one back.

use std::hint::select_unpredictable;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::values::{contiguous, dims, tensor, values};
use crate::kernels::alloc::alloc_filled;

/// Elements of one task: with those that it reads they fit into a core's first cache.
const CHUNK: usize = 1 << 11;

/// The leaky ReLU of `kernels::leaky_relu`, in place if nobody else has the input.
pub(super) fn leaky_relu(mut input: FloatTensor<Flex>, slope: f64) -> FloatTensor<Flex> {
    let count = input.layout().num_elements();
    if input.is_contiguous()
        && let Some(values) = input.try_storage_mut::<f32>()
        && values.len() == count
    {
        let slope = slope as f32;
        values.par_chunks_mut(CHUNK).for_each(|values| {
            for value in values {
                *value = select_unpredictable(*value > 0.0, *value, *value * slope);
            }
        });
        return input;
    }
    leaky_relu_gradient(&input, &input, slope)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_that_others_have_stays_as_it_is() {
        let numbers: Vec<f32> = (0..5000).map(|index| (index % 7) as f32 - 3.0).collect();
        let input = tensor(numbers.clone(), [1, 5, 10, 100]);
        let shared = leaky_relu(input.clone(), 0.5);
        assert_eq!(values(&input), numbers);
        let start = values(&input).as_ptr();
        let own = leaky_relu(input, 0.5);
        assert_eq!(values(&own).as_ptr(), start, "no other memory");
        assert_eq!(values(&own), values(&shared));
        assert_eq!(values(&own)[..7], [-1.5, -1.0, -0.5, 0.0, 1.0, 2.0, 3.0]);
    }
}
