//! The Adam kernel against the formula in double precision.

use burn::tensor::{Tensor, TensorData};
use translate::kernels::{AdamMoments, AdamStep, adam};

use crate::device::test_device;

const STEP: AdamStep = AdamStep {
    learning_rate: 2e-4,
    beta1: 0.5,
    beta2: 0.999,
    epsilon: 1e-8,
    time: 1,
};

/// Different values in a fixed order, in -0.5..0.5.
fn spread(length: usize, seed: usize) -> Vec<f32> {
    (0..length)
        .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 - 0.5)
        .collect()
}

fn tensor(values: &[f32]) -> Tensor<1> {
    Tensor::from_data(
        TensorData::new(values.to_vec(), [values.len()]),
        &test_device(),
    )
}

fn vector(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 elements")
}

#[test]
fn three_steps_follow_the_formula() {
    // More than one task's share of elements, and not a multiple of it.
    let length = 40_003;
    let start = spread(length, 1);
    let mut parameter = tensor(&start);
    let mut moments = AdamMoments {
        first: tensor(&vec![0.0; length]),
        second: tensor(&vec![0.0; length]),
    };
    let mut expected: Vec<f64> = start.iter().map(|&value| f64::from(value)).collect();
    let (mut first, mut second) = (vec![0.0; length], vec![0.0; length]);
    for time in 1..=3 {
        let gradient = spread(length, 10 + time);
        let step = AdamStep {
            time: time as u64,
            ..STEP
        };
        (parameter, moments) = adam(parameter, tensor(&gradient), moments, step);
        for index in 0..length {
            let gradient = f64::from(gradient[index]);
            first[index] = 0.5 * first[index] + 0.5 * gradient;
            second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
            let corrected = first[index] / (1.0 - 0.5_f64.powi(time as i32));
            let root = (second[index] / (1.0 - 0.999_f64.powi(time as i32))).sqrt();
            expected[index] -= 2e-4 * corrected / (root + 1e-8);
        }
    }
    let found = [
        (vector(parameter), expected),
        (vector(moments.first), first),
        (vector(moments.second), second),
    ];
    for (found, expected) in found {
        for (found, expected) in found.into_iter().zip(expected) {
            let error = (f64::from(found) - expected).abs();
            assert!(
                error <= 1e-6 * expected.abs() + 1e-8,
                "{found} instead of {expected}"
            );
        }
    }
}

#[test]
fn a_shared_parameter_keeps_its_values() {
    let parameter = tensor(&[1.0, 2.0]);
    let moments = AdamMoments {
        first: tensor(&[0.0, 0.0]),
        second: tensor(&[0.0, 0.0]),
    };
    let (updated, changed) = adam(
        parameter.clone(),
        tensor(&[1.0, -1.0]),
        moments.clone(),
        STEP,
    );
    assert_eq!(vector(parameter), [1.0, 2.0]);
    assert_eq!(vector(moments.first), [0.0, 0.0]);
    assert_eq!(vector(changed.first), [0.5, -0.5]);
    let updated = vector(updated);
    assert!((updated[0] - 0.9998).abs() < 1e-6 && (updated[1] - 2.0002).abs() < 1e-6);
}

#[test]
fn a_gradient_that_is_not_contiguous_is_read_in_order() {
    let gradient = Tensor::<2>::from_data([[1.0_f32, -2.0], [3.0, -4.0]], &test_device());
    let moments = || AdamMoments {
        first: tensor(&[0.0; 4]),
        second: tensor(&[0.0; 4]),
    };
    let (_, changed) = adam(
        tensor(&[0.0; 4]),
        gradient.transpose().reshape([4]),
        moments(),
        STEP,
    );
    assert_eq!(vector(changed.first), [0.5, 1.5, -1.0, -2.0]);
    let wide = tensor(&[9.0, 1.0, 2.0, 3.0, 4.0, 9.0]);
    let (_, changed) = adam(tensor(&[0.0; 4]), wide.narrow(0, 1, 4), moments(), STEP);
    assert_eq!(vector(changed.first), [0.5, 1.0, 1.5, 2.0]);
}

#[test]
fn moments_do_not_become_denormal() {
    let moments = AdamMoments {
        first: tensor(&[1.2e-38, 0.0, 0.5]),
        second: tensor(&[1.1755e-38, 0.0, 0.5]),
    };
    let (parameter, moments) = adam(
        tensor(&[1.0, 1.0, 1.0]),
        tensor(&[0.0, 1e-25, 0.0]),
        moments,
        STEP,
    );
    let (first, second) = (vector(moments.first), vector(moments.second));
    let tiny = [first[0], second[0], second[1]];
    assert!(tiny.iter().all(|value| !value.is_subnormal()), "{tiny:?}");
    assert!(first[2] > 0.2 && second[2] > 0.4);
    assert!(
        vector(parameter)[..2]
            .iter()
            .all(|value| value.to_bits() == 1.0_f32.to_bits())
    );
}

#[test]
fn not_a_number_is_not_hidden() {
    let moments = AdamMoments {
        first: tensor(&[0.0]),
        second: tensor(&[0.0]),
    };
    let (parameter, moments) = adam(tensor(&[1.0]), tensor(&[f32::NAN]), moments, STEP);
    assert!(vector(parameter)[0].is_nan() && vector(moments.second)[0].is_nan());
}
