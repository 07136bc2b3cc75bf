//! Instance and batch normalisation against their formulas in tensor operations, values and gradients.

use burn::tensor::{Tensor, TensorData};
use proptest::prelude::*;
use translate::kernels::{
    ChannelStatistics, batch_norm, channel_statistics, normalize_batch, normalize_instance,
};

use crate::device::test_device;

const EPSILON: f64 = 1e-5;

/// Different values in a fixed order, in 2.5..3.5, so that mean and variance differ clearly.
fn tensor<const D: usize>(dims: [usize; D], seed: usize) -> Tensor<D> {
    let values: Vec<f32> = (0..dims.iter().product::<usize>())
        .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 + 2.5)
        .collect();
    Tensor::from_data(TensorData::new(values, dims), &test_device())
}

fn leaf<const D: usize>(dims: [usize; D], seed: usize) -> Tensor<D> {
    Tensor::from_inner(tensor(dims, seed)).require_grad()
}

fn vector<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 elements")
}

fn assert_close<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims());
    let (found, expected) = (vector(found), vector(expected));
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    for (found, expected) in found.into_iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 2e-4 * largest.max(1e-2),
            "{found} instead of {expected}"
        );
    }
}

/// Instance normalisation in single tensor operations.
fn instance(input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let rows = input.reshape([batch * channels, height * width]);
    let centred = rows.clone() - rows.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    (centred / (variance + EPSILON).sqrt()).reshape([batch, channels, height, width])
}

fn dims() -> impl Strategy<Value = [usize; 4]> {
    (1..4_usize, 1..21_usize, 1..24_usize, 1..24_usize)
        .prop_filter("more than a few pixels", |dims| dims.2 * dims.3 > 3)
        .prop_map(|(batch, channels, height, width)| [batch, channels, height, width])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn instance_norm_follows_its_formula(dims in dims()) {
        let run = |norm: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            let input = leaf(dims, 1);
            let output = norm(input.clone());
            let factors = Tensor::from_inner(tensor(dims, 2)).square();
            let gradients = (output.clone() * factors).sum().backward();
            (output.inner(), input.grad(&gradients).expect("a tracked leaf"))
        };
        let found = run(&|input| normalize_instance(input, EPSILON));
        let expected = run(&instance);
        // Where no gradient is asked for there may be another kernel.
        assert_close(normalize_instance(tensor(dims, 1), EPSILON), expected.0.clone());
        assert_close(found.0, expected.0);
        assert_close(found.1, expected.1);
    }

    #[test]
    fn batch_norm_is_its_two_halves_in_one(dims in dims()) {
        let run = |fused: bool| {
            let (input, scale, shift) = (leaf(dims, 1), leaf([dims[1]], 2), leaf([dims[1]], 3));
            let (output, statistics) = if fused {
                batch_norm(input.clone(), scale.clone(), shift.clone(), EPSILON)
            } else {
                let statistics = channel_statistics(input.clone());
                let output = normalize_batch(
                    input.clone(), statistics.clone(), scale.clone(), shift.clone(), EPSILON,
                );
                (output, statistics)
            };
            let factors = Tensor::from_inner(tensor(dims, 4)).square();
            let gradients = (output.clone() * factors).sum().backward();
            (
                [output.inner(), input.grad(&gradients).expect("a tracked leaf")],
                [
                    statistics.mean.inner(),
                    statistics.variance.inner(),
                    scale.grad(&gradients).expect("a tracked leaf"),
                    shift.grad(&gradients).expect("a tracked leaf"),
                ],
            )
        };
        let (found, expected) = (run(true), run(false));
        for (found, expected) in found.0.into_iter().zip(expected.0) {
            assert_close(found, expected);
        }
        for (found, expected) in found.1.into_iter().zip(expected.1) {
            assert_close(found, expected);
        }
    }
}

#[test]
fn without_gradients_statistics_and_given_ones_are_the_same() {
    let dims = [2, 3, 17, 19];
    let run = |on: &dyn Fn(Tensor<4>) -> Tensor<4>,
               per_channel: &dyn Fn(Tensor<1>) -> Tensor<1>| {
        let found = channel_statistics(on(tensor(dims, 1)));
        let given = ChannelStatistics {
            mean: per_channel(tensor([3], 2)),
            variance: per_channel(tensor([3], 3).square()),
        };
        let (scale, shift) = (per_channel(tensor([3], 4)), per_channel(tensor([3], 5)));
        let output = normalize_batch(on(tensor(dims, 1)), given, scale, shift, EPSILON);
        (output.inner(), found.mean.inner(), found.variance.inner())
    };
    let generic = run(&Tensor::from_inner, &Tensor::from_inner);
    let native = run(&|tensor| tensor, &|tensor| tensor);
    assert_close(native.0, generic.0);
    assert_close(native.1, generic.1);
    assert_close(native.2, generic.2);
}

#[test]
fn a_constant_plane_has_its_value_as_mean_and_becomes_zero() {
    for (value, [height, width]) in [
        (0.7_f32, [5, 5]),
        (-1.0, [96, 96]),
        (0.1, [37, 501]),
        (1e4, [64, 33]),
        (-0.333_333, [1, 1023]),
    ] {
        let input = Tensor::<4>::full([2, 3, height, width], value, &test_device());
        let statistics = channel_statistics(input.clone());
        assert_eq!(vector(statistics.mean), [value; 3], "mean of {value}");
        assert_eq!(vector(statistics.variance), [0.0; 3], "variance of {value}");
        let outputs = vector(normalize_instance(input, EPSILON));
        assert!(outputs.iter().all(|&output| output == 0.0), "{value}");
    }
}

#[test]
fn planes_that_are_not_contiguous_are_read_in_order() {
    let input = tensor([2, 3, 6, 5], 1);
    let copy = Tensor::<4>::from_data(input.clone().swap_dims(2, 3).into_data(), &test_device());
    assert_eq!(
        vector(normalize_instance(copy.swap_dims(2, 3), EPSILON)),
        vector(normalize_instance(input, EPSILON))
    );
}

#[test]
fn a_frozen_scale_gets_no_gradient() {
    let (input, scale) = (leaf([2, 3, 4, 4], 1), Tensor::from_inner(tensor([3], 2)));
    let (output, statistics) = batch_norm(input.clone(), scale.clone(), leaf([3], 3), EPSILON);
    let gradients = output.square().sum().backward();
    assert!(input.grad(&gradients).is_some());
    assert!(scale.grad(&gradients).is_none());
    assert!(!statistics.mean.is_require_grad());
}
