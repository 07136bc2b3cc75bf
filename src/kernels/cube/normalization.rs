//! Normalisation with given statistics, and its gradients.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, elementwise, empty};
use super::statistics::{Groups, gradient_sums};

/// `(input - mean) / sqrt(variance + epsilon)`, for each group its own, times `scale` plus `shift` where they are given.
pub(super) fn normalize(
    input: CubeTensor,
    [mean, variance]: [CubeTensor; 2],
    scaling: Option<[CubeTensor; 2]>,
    groups: Groups,
    epsilon: f64,
) -> CubeTensor {
    let input = contiguous(input);
    let output = empty(&input, input.meta.shape());
    let is_scaled = scaling.is_some();
    // The kernel does not look at what stands in for missing ones.
    let [scale, shift] = scaling
        .unwrap_or_else(|| [mean.clone(), mean.clone()])
        .map(contiguous);
    let (count, dim) = elementwise(&output);
    let client = output.client.clone();
    normalize_kernel::launch(
        &client,
        count,
        dim,
        input.into_tensor_arg(),
        mean.into_tensor_arg(),
        variance.into_tensor_arg(),
        scale.into_tensor_arg(),
        shift.into_tensor_arg(),
        output.clone().into_tensor_arg(),
        groups.plane as u32,
        epsilon as f32,
        is_scaled,
    );
    output
}

/// The gradients of [`normalize`] with the group's own statistics, with respect to input, scale and shift, from gradient and input.
pub(super) fn gradients(
    operands: [CubeTensor; 2],
    [mean, variance]: [CubeTensor; 2],
    scale: Option<CubeTensor>,
    groups: Groups,
    epsilon: f64,
) -> [CubeTensor; 3] {
    let [gradient, input] = operands.map(contiguous);
    let operands = [gradient.clone(), input.clone()];
    let statistics = [mean.clone(), variance.clone()];
    let [sum, product] = gradient_sums(operands, statistics, groups, epsilon);
    let result = empty(&input, input.meta.shape());
    let is_scaled = scale.is_some();
    let scale = contiguous(scale.unwrap_or_else(|| mean.clone()));
    let (count, dim) = elementwise(&result);
    let client = result.client.clone();
    gradient_kernel::launch(
        &client,
        count,
        dim,
        gradient.into_tensor_arg(),
        input.into_tensor_arg(),
        mean.into_tensor_arg(),
        variance.into_tensor_arg(),
        scale.into_tensor_arg(),
        sum.clone().into_tensor_arg(),
        product.clone().into_tensor_arg(),
        result.clone().into_tensor_arg(),
        groups.plane as u32,
        groups.size() as u32,
        epsilon as f32,
        is_scaled,
    );
    [result, product, sum]
}

#[cube(launch)]
fn normalize_kernel(
    input: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    scale: &Tensor<f32>,
    shift: &Tensor<f32>,
    output: &mut Tensor<f32>,
    plane: u32,
    epsilon: f32,
    #[comptime] is_scaled: bool,
) {
    let position = ABSOLUTE_POS;
    if position >= output.len() {
        terminate!();
    }
    let group = (position / plane as usize) % mean.len();
    let deviation = (variance[group] + epsilon).sqrt();
    let normal = (input[position] - mean[group]) / deviation;
    if is_scaled {
        output[position] = normal * scale[group] + shift[group];
    } else {
        output[position] = normal;
    }
}

#[cube(launch)]
fn gradient_kernel(
    gradient: &Tensor<f32>,
    input: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    scale: &Tensor<f32>,
    sum: &Tensor<f32>,
    product: &Tensor<f32>,
    result: &mut Tensor<f32>,
    plane: u32,
    size: u32,
    epsilon: f32,
    #[comptime] is_scaled: bool,
) {
    let position = ABSOLUTE_POS;
    if position >= result.len() {
        terminate!();
    }
    let group = (position / plane as usize) % mean.len();
    let deviation = (variance[group] + epsilon).sqrt();
    let normal = (input[position] - mean[group]) / deviation;
    let elements = f32::cast_from(size);
    let common = sum[group] / elements + normal * (product[group] / elements);
    let slope = (gradient[position] - common) / deviation;
    if is_scaled {
        result[position] = slope * scale[group];
    } else {
        result[position] = slope;
    }
}
