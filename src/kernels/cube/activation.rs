//! The leaky ReLU and its gradient.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, elementwise, empty};

/// `input` where it is positive, `slope * input` elsewhere.
pub(super) fn leaky_relu(input: CubeTensor, slope: f64) -> CubeTensor {
    leaky_relu_gradient(input.clone(), input, slope)
}

/// `gradient` where `output` is positive, `slope * gradient` elsewhere.
pub(super) fn leaky_relu_gradient(
    gradient: CubeTensor,
    output: CubeTensor,
    slope: f64,
) -> CubeTensor {
    let [gradient, output] = [gradient, output].map(contiguous);
    let result = empty(&gradient, gradient.meta.shape());
    let (count, dim) = elementwise(&result);
    let client = result.client.clone();
    scale_where_negative::launch(
        &client,
        count,
        dim,
        gradient.into_tensor_arg(),
        output.into_tensor_arg(),
        result.clone().into_tensor_arg(),
        slope as f32,
    );
    result
}

#[cube(launch)]
fn scale_where_negative(
    values: &Tensor<f32>,
    signs: &Tensor<f32>,
    result: &mut Tensor<f32>,
    slope: f32,
) {
    let position = ABSOLUTE_POS;
    if position >= result.len() {
        terminate!();
    }
    let value = values[position];
    result[position] = select(signs[position] > 0.0, value, value * slope);
}
