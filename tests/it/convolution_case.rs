//! One convolution, by the program's kernel and by Burn's operation.

use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, TensorData};
use proptest::prelude::*;
use translate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, transposed_convolution,
};

use crate::device::test_device;

/// One convolution to try.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub transposed: bool,
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub size: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: usize,
    pub padding: usize,
    pub output_padding: usize,
    pub bias: bool,
}

/// Which of input, weight and bias gradients are asked for.
pub type Tracked = [bool; 3];

pub const ALL: Tracked = [true; 3];

/// Different values in a fixed order, in -0.5..0.5.
pub fn values(length: usize, seed: usize) -> Vec<f32> {
    (0..length)
        .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 - 0.5)
        .collect()
}

pub fn tensor<const D: usize>(dims: [usize; D], seed: usize) -> Tensor<D> {
    let values = values(dims.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, dims), &test_device())
}

pub fn vector<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 elements")
}

impl Case {
    /// The result with this program's kernel or with Burn's operation.
    pub fn run(
        &self,
        kernel: bool,
        input: Tensor<4>,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
    ) -> Tensor<4> {
        let Self {
            stride,
            padding,
            output_padding,
            ..
        } = *self;
        match (kernel, self.transposed) {
            (true, false) => convolution(
                input,
                weight,
                bias,
                ConvolutionShape {
                    stride,
                    padding,
                    precision: Precision::F32,
                },
            ),
            (true, true) => {
                let shape = TransposedConvolutionShape {
                    stride,
                    padding,
                    output_padding,
                    precision: Precision::F32,
                };
                transposed_convolution(input, weight, bias, shape)
            }
            (false, false) => {
                let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
                conv2d(input, weight, bias, options)
            }
            (false, true) => {
                let options = ConvTransposeOptions::new(
                    [stride; 2],
                    [padding; 2],
                    [output_padding; 2],
                    [1; 2],
                    1,
                );
                conv_transpose2d(input, weight, bias, options)
            }
        }
    }

    pub fn input(&self) -> Tensor<4> {
        tensor([self.batch, self.inputs, self.size[0], self.size[1]], 1)
    }

    pub fn weight(&self) -> Tensor<4> {
        let [height, width] = self.kernel;
        if self.transposed {
            tensor([self.inputs, self.outputs, height, width], 2)
        } else {
            tensor([self.outputs, self.inputs, height, width], 2)
        }
    }

    pub fn bias(&self) -> Option<Tensor<1>> {
        self.bias.then(|| tensor([self.outputs], 3))
    }

    /// The output and the gradients asked for, each as its shape and its elements.
    pub fn results(&self, kernel: bool, tracked: Tracked) -> Vec<Option<(Vec<usize>, Vec<f32>)>> {
        fn part<const D: usize>(tensor: Tensor<D>) -> (Vec<usize>, Vec<f32>) {
            (tensor.dims().to_vec(), vector(tensor))
        }
        fn leaf<const D: usize>(tensor: Tensor<D>, tracked: bool) -> Tensor<D> {
            let tensor = Tensor::from_inner(tensor);
            if tracked {
                tensor.require_grad()
            } else {
                tensor
            }
        }
        let input = leaf(self.input(), tracked[0]);
        let weight = leaf(self.weight(), tracked[1]);
        let bias = self.bias().map(|bias| leaf(bias, tracked[2]));
        let output = self.run(kernel, input.clone(), weight.clone(), bias.clone());
        let mut results = vec![Some(part(output.clone().inner()))];
        if tracked[0] || tracked[1] || tracked[2] && self.bias {
            let factors = Tensor::from_inner(tensor(output.dims(), 4));
            let gradients = (output * factors).sum().backward();
            results.push(input.grad(&gradients).map(part));
            results.push(weight.grad(&gradients).map(part));
            results.push(bias.and_then(|bias| bias.grad(&gradients)).map(part));
        }
        results
    }

    /// Compares everything; the error allowed is relative to the largest element.
    pub fn compare(&self, tracked: Tracked) {
        let found = self.results(true, tracked);
        let expected = self.results(false, tracked);
        let (dims, _) = expected[0].as_ref().expect("there is always an output");
        let pixels = (dims[0] * dims[2] * dims[3]) as f32;
        for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let (Some((found_dims, found)), Some((expected_dims, expected))) = (found, expected)
            else {
                assert_eq!(
                    found.is_some(),
                    expected.is_some(),
                    "part {index} of {self:?}"
                );
                continue;
            };
            assert_eq!(found_dims, expected_dims, "part {index} of {self:?}");
            let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            // Gradients of weight and bias are sums over all pixels, of numbers that may cancel out.
            let rounding = if index < 2 {
                0.0
            } else {
                0.25 * f32::EPSILON * pixels
            };
            let tolerance = (1e-4 * largest.max(1e-3)).max(rounding);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= tolerance,
                    "part {index} of {self:?}: {found} instead of {expected}"
                );
            }
        }
    }
}

pub fn cases() -> impl Strategy<Value = Case> {
    let kernel = (1..8_usize, 1..8_usize, any::<bool>())
        .prop_map(|(height, width, square)| [height, if square { height } else { width }]);
    let sizes = (
        1..4_usize,
        1..21_usize,
        1..21_usize,
        [1..20_usize, 1..20_usize],
    );
    (
        any::<bool>(),
        sizes,
        kernel,
        1..4_usize,
        0..4_usize,
        0..3_usize,
        any::<bool>(),
    )
        .prop_map(
            |(
                transposed,
                (batch, inputs, outputs, size),
                kernel,
                stride,
                padding,
                output_padding,
                bias,
            )| {
                Case {
                    transposed,
                    batch,
                    inputs,
                    outputs,
                    size,
                    kernel,
                    stride,
                    padding,
                    output_padding: output_padding.min(stride - 1),
                    bias,
                }
            },
        )
        .prop_filter("has an output", |case| {
            case.size.iter().zip(case.kernel).all(|(&size, kernel)| {
                if case.transposed {
                    (size - 1) * case.stride + kernel + case.output_padding > 2 * case.padding
                } else {
                    size + 2 * case.padding >= kernel
                }
            })
        })
}

/// Convolutions of many channels and pixels with the kernels of the networks, which are done with fewer multiplications.
pub fn large_cases() -> impl Strategy<Value = Case> {
    let sizes = (
        1..3_usize,
        32..70_usize,
        32..70_usize,
        [12..40_usize, 12..40_usize],
    );
    (any::<bool>(), sizes, 3..5_usize, 1..3_usize, 0..4_usize).prop_map(
        |(transposed, (batch, inputs, outputs, size), kernel, stride, padding)| Case {
            transposed,
            batch,
            inputs,
            outputs,
            size,
            kernel: [kernel; 2],
            stride,
            padding,
            output_padding: (stride - 1) * (padding % 2),
            bias: padding != 1,
        },
    )
}
