//! Convolution and transposed convolution against Burn's own operations, values and gradients.

use burn::tensor::Tensor;
use proptest::prelude::*;

use crate::convolution_case::{ALL, Case, Tracked, cases, large_cases, tensor, vector};
use crate::device::test_device;

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
