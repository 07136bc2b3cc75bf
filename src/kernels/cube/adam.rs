//! Adam in one kernel.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, elementwise, empty};
use crate::kernels::AdamStep;

/// New parameter, first and second moment, of parameter, gradient, first and second moment.
pub(super) fn adam(
    tensors: [CubeTensor; 4],
    step: AdamStep,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [parameter, gradient, first, second] = tensors.map(contiguous);
    let time = step.time as f64;
    let correction1 = 1.0 - step.beta1.powf(time);
    let correction2 = 1.0 - step.beta2.powf(time);
    let [new_parameter, new_first, new_second] =
        std::array::from_fn(|_| empty(&parameter, parameter.meta.shape()));
    let (count, dim) = elementwise(&parameter);
    let client = parameter.client.clone();
    adam_kernel::launch(
        &client,
        count,
        dim,
        parameter.into_tensor_arg(),
        gradient.into_tensor_arg(),
        first.into_tensor_arg(),
        second.into_tensor_arg(),
        new_parameter.clone().into_tensor_arg(),
        new_first.clone().into_tensor_arg(),
        new_second.clone().into_tensor_arg(),
        step.beta1 as f32,
        (1.0 - step.beta1) as f32,
        step.beta2 as f32,
        (1.0 - step.beta2) as f32,
        correction2.sqrt() as f32,
        step.epsilon as f32,
        (step.learning_rate / correction1) as f32,
    );
    (new_parameter, new_first, new_second)
}

#[cube(launch)]
fn adam_kernel(
    parameter: &Tensor<f32>,
    gradient: &Tensor<f32>,
    first: &Tensor<f32>,
    second: &Tensor<f32>,
    new_parameter: &mut Tensor<f32>,
    new_first: &mut Tensor<f32>,
    new_second: &mut Tensor<f32>,
    beta1: f32,
    rest1: f32,
    beta2: f32,
    rest2: f32,
    correction: f32,
    epsilon: f32,
    rate: f32,
) {
    let position = ABSOLUTE_POS;
    if position >= parameter.len() {
        terminate!();
    }
    let slope = gradient[position];
    let mean = without_denormals(first[position] * beta1 + slope * rest1);
    let square = without_denormals(second[position] * beta2 + slope * slope * rest2);
    new_first[position] = mean;
    new_second[position] = square;
    let denominator = square.sqrt() / correction + epsilon;
    new_parameter[position] = parameter[position] - mean / denominator * rate;
}

/// 0 in place of a number too small for full precision: moments that fade away would be slow.
#[cube]
fn without_denormals(value: f32) -> f32 {
    select(value.abs() < f32::MIN_POSITIVE, 0.0, value)
}
