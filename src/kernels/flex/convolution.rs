//! Convolution and its input gradient, which is the transposed convolution.
#![expect(
    unsafe_code,
    reason = "outputs are not cleared before they are written"
)]

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;

#[cfg(target_arch = "x86_64")]
use super::bfloat16;
use super::direct;
use super::disjoint_slices::DisjointSlices;
use super::forward::forward;
use super::geometry::Geometry;
use super::input_gradient::input_gradient as scatter_input_gradient;
#[cfg(target_arch = "x86_64")]
use super::packed;
use super::products::Products;
use super::rounding::rounded;
use super::values::{contiguous, dims, tensor, values};
use super::weight_gradient::{bias_gradient, weight_gradient};
use super::winograd;
use crate::kernels::convolution_backend::{ConvolutionGradients, ConvolutionSaved};
use crate::kernels::workers::RayonWorkers;
use crate::kernels::{ConvolutionShape, TransposedConvolutionShape};

/// The convolution of `kernels::convolution`; `bias` may be empty.
pub(super) fn convolution(
    input: &FloatTensor<Flex>,
    weight: &FloatTensor<Flex>,
    bias: &FloatTensor<Flex>,
    shape: ConvolutionShape,
) -> FloatTensor<Flex> {
    let geometry = Geometry::new(dims(input), dims(weight), shape);
    let [input, weight, bias] = [input, weight, bias].map(contiguous);
    let (input, bias) = (values(&input), values(&bias));
    let output = match Products::of(&geometry, shape.precision) {
        Products::Full => convolved(&geometry, input, values(&weight), bias),
        #[cfg(target_arch = "x86_64")]
        Products::Half => bfloat16::forward(&geometry, input, packed::weight(&weight), bias),
        Products::Rounded => convolved(&geometry, &rounded(input), &rounded(values(&weight)), bias),
    };
    tensor(output, geometry.output_dims())
}

/// The convolution in 32 bits.
fn convolved(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    if winograd::is_applicable(geometry) {
        let length = geometry.batch * geometry.outputs * geometry.output_pixels();
        // SAFETY: it takes all of the output.
        unsafe {
            DisjointSlices::fill_vec(length, |output| {
                winograd::convolution(geometry, input, weight, bias, RayonWorkers, output);
            })
        }
    } else if direct::has_few_outputs(geometry) {
        direct::to_few_outputs(geometry, input, weight, bias)
    } else if direct::is_applicable(geometry) {
        direct::forward(geometry, input, weight, bias)
    } else if let Some(exchanged) = geometry.exchanged() {
        let weight = geometry.flip_taps(weight);
        scatter_input_gradient(&exchanged, input, &weight, bias)
    } else {
        forward(geometry, input, weight, bias)
    }
}

/// The transposed convolution of `kernels::transposed_convolution`; `bias` may be empty.
pub(super) fn transposed_convolution(
    input: &FloatTensor<Flex>,
    weight: &FloatTensor<Flex>,
    bias: &FloatTensor<Flex>,
    shape: TransposedConvolutionShape,
) -> FloatTensor<Flex> {
    let [_, _, height, width] = dims(input);
    let [_, _, kernel_height, kernel_width] = dims(weight);
    let size = |size: usize, kernel: usize| {
        (size - 1) * shape.stride + kernel + shape.output_padding - 2 * shape.padding
    };
    let output_size = [size(height, kernel_height), size(width, kernel_width)];
    spread(input, weight, bias, output_size, opposite(shape))
}

/// The convolution whose input gradient is this transposed convolution.
fn opposite(shape: TransposedConvolutionShape) -> ConvolutionShape {
    ConvolutionShape {
        stride: shape.stride,
        padding: shape.padding,
        precision: shape.precision,
    }
}

/// The requested gradients of a convolution.
pub(super) fn gradients(
    gradient: &FloatTensor<Flex>,
    saved: &ConvolutionSaved<FloatTensor<Flex>>,
    shape: ConvolutionShape,
) -> ConvolutionGradients<FloatTensor<Flex>> {
    let [_, _, height, width] = saved.input_dims;
    let [_, _, kernel_height, kernel_width] = saved.weight_dims;
    let (size, kernel) = ([height, width], [kernel_height, kernel_width]);
    let none = tensor(Vec::new(), [0]);
    let weight = saved.weight.as_ref();
    let input = saved.input.as_ref();
    [
        weight.map(|weight| spread(gradient, weight, &none, size, shape)),
        input.map(|input| weight_gradient(input, gradient, kernel, shape)),
        saved.bias.then(|| bias_gradient(gradient)),
    ]
}

/// The requested gradients of a transposed convolution. It is the input gradient of a convolution, so its own gradients are
/// that convolution and its weight gradient, with input and gradient exchanged.
pub(super) fn transposed_gradients(
    gradient: &FloatTensor<Flex>,
    saved: &ConvolutionSaved<FloatTensor<Flex>>,
    shape: TransposedConvolutionShape,
) -> ConvolutionGradients<FloatTensor<Flex>> {
    let shape = opposite(shape);
    let [_, _, kernel_height, kernel_width] = saved.weight_dims;
    let kernel = [kernel_height, kernel_width];
    let none = tensor(Vec::new(), [0]);
    let weight = saved.weight.as_ref();
    let input = saved.input.as_ref();
    [
        weight.map(|weight| convolution(gradient, weight, &none, shape)),
        input.map(|input| weight_gradient(gradient, input, kernel, shape)),
        saved.bias.then(|| bias_gradient(gradient)),
    ]
}

/// Spreads `output` through the kernels to an input of height and width `size`, and adds `bias`.
fn spread(
    output: &FloatTensor<Flex>,
    weight: &FloatTensor<Flex>,
    bias: &FloatTensor<Flex>,
    size: [usize; 2],
    shape: ConvolutionShape,
) -> FloatTensor<Flex> {
    let [batch, outputs, height, width] = dims(output);
    let inputs = dims(weight)[1];
    let input_dims = [batch, inputs, size[0], size[1]];
    let geometry = Geometry::new(input_dims, dims(weight), shape);
    assert_eq!(
        [batch, outputs, height, width],
        geometry.output_dims(),
        "a convolution's gradient must have the shape of its output"
    );
    let [output, weight, bias] = [output, weight, bias].map(contiguous);
    let (output, bias) = (values(&output), values(&bias));
    let input = match Products::of(&geometry, shape.precision) {
        Products::Full => spread_out(&geometry, output, values(&weight), bias),
        #[cfg(target_arch = "x86_64")]
        Products::Half => {
            bfloat16::input_gradient(&geometry, output, packed::weight(&weight), bias)
        }
        Products::Rounded => {
            spread_out(&geometry, &rounded(output), &rounded(values(&weight)), bias)
        }
    };
    tensor(input, geometry.input_dims())
}

/// The input gradient in 32 bits.
fn spread_out(geometry: &Geometry, output: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    if winograd::has_input_gradient(geometry) {
        let length = geometry.batch * geometry.inputs * geometry.input_pixels();
        // SAFETY: it takes all of the input.
        unsafe {
            DisjointSlices::fill_vec(length, |input| {
                winograd::input_gradient(geometry, output, weight, bias, RayonWorkers, input);
            })
        }
    } else if direct::is_transposed_few(geometry) {
        direct::transposed_few(geometry, output, weight, bias)
    } else if let Some(exchanged) = geometry.exchanged() {
        let weight = geometry.flip_taps(weight);
        forward(&exchanged, output, &weight, bias)
    } else {
        scatter_input_gradient(geometry, output, weight, bias)
    }
}
