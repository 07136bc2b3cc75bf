//! Convolution and transposed convolution against Burn's own operations, values and gradients.

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
struct Case {
    transposed: bool,
    batch: usize,
    inputs: usize,
    outputs: usize,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
    output_padding: usize,
    bias: bool,
}

/// Which of input, weight and bias gradients are asked for.
type Tracked = [bool; 3];

const ALL: Tracked = [true; 3];

/// Different values in a fixed order, in -0.5..0.5.
fn values(length: usize, seed: usize) -> Vec<f32> {
    (0..length)
        .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 - 0.5)
        .collect()
}

fn tensor<const D: usize>(dims: [usize; D], seed: usize) -> Tensor<D> {
    let values = values(dims.iter().product(), seed);
    Tensor::from_data(TensorData::new(values, dims), &test_device())
}

fn vector<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 elements")
}

impl Case {
    /// The result with this program's kernel or with Burn's operation.
    fn run(
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

    fn input(&self) -> Tensor<4> {
        tensor([self.batch, self.inputs, self.size[0], self.size[1]], 1)
    }

    fn weight(&self) -> Tensor<4> {
        let [height, width] = self.kernel;
        if self.transposed {
            tensor([self.inputs, self.outputs, height, width], 2)
        } else {
            tensor([self.outputs, self.inputs, height, width], 2)
        }
    }

    fn bias(&self) -> Option<Tensor<1>> {
        self.bias.then(|| tensor([self.outputs], 3))
    }

    /// The output and the gradients asked for, each as its shape and its elements.
    fn results(&self, kernel: bool, tracked: Tracked) -> Vec<Option<(Vec<usize>, Vec<f32>)>> {
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
    fn compare(&self, tracked: Tracked) {
        let found = self.results(true, tracked);
        let expected = self.results(false, tracked);
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
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() <= 1e-4 * largest.max(1e-3),
                    "part {index} of {self:?}: {found} instead of {expected}"
                );
            }
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_and_gradients_are_those_of_burn(case in cases()) {
        case.compare(ALL);
    }

    #[test]
    fn only_the_gradients_asked_for_are_there(case in cases(), tracked in any::<Tracked>()) {
        case.compare(tracked);
    }
}

/// Convolutions of many channels and pixels with the kernels of the networks, which are done with fewer multiplications.
fn large_cases() -> impl Strategy<Value = Case> {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn large_convolutions_are_those_of_burn(case in large_cases(), tracked in any::<Tracked>()) {
        case.compare(tracked);
    }
}

const LARGE: Case = Case {
    transposed: false,
    batch: 2,
    inputs: 20,
    outputs: 24,
    size: [70, 66],
    kernel: [4, 4],
    stride: 2,
    padding: 1,
    output_padding: 0,
    bias: true,
};

/// Sizes at which the work is cut into several blocks in every direction.
#[test]
fn sizes_of_several_blocks_agree_too() {
    let cases = [
        LARGE,
        Case {
            transposed: true,
            inputs: 70,
            size: [45, 36],
            ..LARGE
        },
        Case {
            stride: 1,
            inputs: 130,
            outputs: 40,
            kernel: [3, 3],
            ..LARGE
        },
        // Fewer outputs than inputs at stride 1: calculated in the other direction.
        Case {
            stride: 1,
            inputs: 40,
            outputs: 3,
            kernel: [7, 7],
            padding: 3,
            ..LARGE
        },
        // Wider than a block.
        Case {
            batch: 1,
            inputs: 3,
            size: [9, 1300],
            ..LARGE
        },
        // Several blocks of tiles.
        Case {
            stride: 1,
            inputs: 33,
            outputs: 150,
            size: [81, 64],
            kernel: [3, 3],
            ..LARGE
        },
        Case {
            inputs: 150,
            outputs: 33,
            size: [131, 62],
            ..LARGE
        },
        // Few pixels and many channels.
        Case {
            batch: 3,
            inputs: 80,
            outputs: 150,
            size: [5, 4],
            ..LARGE
        },
    ];
    for case in cases {
        case.compare(ALL);
    }
}

#[test]
fn plain_tensors_give_the_same_output_as_tracked_ones() {
    for case in [
        LARGE,
        Case {
            transposed: true,
            ..LARGE
        },
    ] {
        let plain = case.run(true, case.input(), case.weight(), case.bias());
        let tracked = case.results(true, ALL);
        assert_eq!(
            Some(vector(plain)),
            tracked[0].as_ref().map(|part| part.1.clone())
        );
    }
}

#[test]
fn tensors_that_are_not_contiguous_are_read_in_order() {
    let case = Case {
        batch: 3,
        size: [11, 9],
        ..LARGE
    };
    let expected = case.run(true, case.input(), case.weight(), case.bias());
    let turned = |tensor: Tensor<4>| {
        let copy = tensor.swap_dims(2, 3).swap_dims(0, 1).into_data();
        Tensor::<4>::from_data(copy, &test_device())
            .swap_dims(0, 1)
            .swap_dims(2, 3)
    };
    let found = case.run(
        true,
        turned(case.input()),
        turned(case.weight()),
        case.bias(),
    );
    assert_eq!(vector(found), vector(expected.clone()));
    let wide = Tensor::cat(vec![tensor([3, 20, 11, 4], 9), case.input()], 3);
    let sliced = wide.slice([0..3, 0..20, 0..11, 4..13]);
    let found = case.run(true, sliced, case.weight(), case.bias());
    assert_eq!(vector(found), vector(expected));
}

/// The same bits with one thread, with three, and again.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let cases = [
        LARGE,
        Case {
            transposed: true,
            ..LARGE
        },
        Case {
            batch: 1,
            inputs: 3,
            ..LARGE
        },
        Case {
            size: [8, 8],
            ..LARGE
        },
    ];
    for case in cases {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build()
                .expect("a thread pool")
                .install(|| case.results(true, ALL))
        };
        let one = with(1);
        assert_eq!(one, with(3));
        assert_eq!(one, with(3));
    }
}
