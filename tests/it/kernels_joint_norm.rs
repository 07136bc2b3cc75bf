//! Batch normalisation over the samples of several processes against that of all samples at once, values and gradients.

use std::sync::{Arc, Barrier, Mutex};

use burn::tensor::{Tensor, TensorData};
use translate::kernels::{Exchange, batch_norm, joint_batch_norm};

use crate::device::test_device;

const EPSILON: f64 = 1e-5;
/// Channels, height and width.
const SIZE: [usize; 3] = [3, 4, 5];
/// Samples of each process; the last one's count for nothing.
const SAMPLES: [usize; 3] = [2, 1, 1];
const PARTS: [f32; 3] = [2.0 / 3.0, 1.0 / 3.0, 0.0];

/// Where threads in the role of processes meet.
#[derive(Debug)]
struct Table {
    barrier: Barrier,
    numbers: Mutex<Vec<(f32, Vec<f32>)>>,
}

#[derive(Debug)]
struct Member {
    rank: usize,
    table: Arc<Table>,
}

impl Exchange for Member {
    fn collect(&self, own: &[f32]) -> Vec<(f32, Vec<f32>)> {
        self.table.numbers.lock().unwrap()[self.rank] = (PARTS[self.rank], own.to_vec());
        self.table.barrier.wait();
        let all = self.table.numbers.lock().unwrap().clone();
        self.table.barrier.wait();
        all
    }
}

/// Output, mean, unbiased variance, and the gradients of input, scale and shift.
type Results = [Vec<f32>; 6];

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn leaf<const D: usize>(values: Vec<f32>, dims: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values, dims);
    Tensor::from_inner(Tensor::from_data(data, &test_device())).require_grad()
}

/// Different values in a fixed order, in 1..2 for the first samples and in 2..3 for those after them.
fn values(count: usize, seed: usize) -> Vec<f32> {
    let value = |index: usize| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0;
    let offset = |index: usize| 1.0 + (index * 2 / count) as f32;
    (0..count)
        .map(|index| value(index) + offset(index))
        .collect()
}

/// Normalises samples, and follows a loss that is the mean over them back.
fn run(
    input: &[f32],
    factors: &[f32],
    norm: impl Fn(Tensor<4>, Tensor<1>, Tensor<1>) -> (Tensor<4>, Tensor<1>, Tensor<1>),
) -> Results {
    let [channels, height, width] = SIZE;
    let samples = input.len() / SIZE.iter().product::<usize>();
    let dims = [samples, channels, height, width];
    let input = leaf(input.to_vec(), dims);
    let (scale, shift) = (
        leaf(values(channels, 3), [channels]),
        leaf(values(channels, 4), [channels]),
    );
    let (output, mean, variance) = norm(input.clone(), scale.clone(), shift.clone());
    let factors = leaf(factors.to_vec(), dims).detach();
    let loss = (output.clone().square() * factors).sum() / samples as f64;
    let gradients = loss.backward();
    [
        numbers(output.inner()),
        numbers(mean.inner()),
        numbers(variance.inner()),
        numbers(input.grad(&gradients).unwrap()),
        numbers(scale.grad(&gradients).unwrap()),
        numbers(shift.grad(&gradients).unwrap()),
    ]
}

fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= 1e-5 * largest,
            "{what}: {found} instead of {expected}"
        );
    }
}

#[test]
fn processes_normalise_as_one_that_has_all_samples() {
    let sample = SIZE.iter().product::<usize>();
    let counted = SAMPLES[0] + SAMPLES[1];
    let (input, factors) = (values(counted * sample, 1), values(counted * sample, 2));
    let pixels = counted * SIZE[1] * SIZE[2];
    let whole = run(&input, &factors, |input, scale, shift| {
        let (output, statistics) = batch_norm(input, scale, shift, EPSILON);
        let unbiased = statistics.variance * (pixels as f64 / (pixels - 1) as f64);
        (output, statistics.mean, unbiased)
    });

    let table = Arc::new(Table {
        barrier: Barrier::new(SAMPLES.len()),
        numbers: Mutex::new(vec![(0.0, Vec::new()); SAMPLES.len()]),
    });
    let of_process = |rank: usize| -> Results {
        // What counts for nothing is far away from all others.
        let first: usize = SAMPLES[..rank].iter().sum();
        let range = first * sample..(first + SAMPLES[rank]) * sample;
        let (input, factors) = if PARTS[rank] > 0.0 {
            (input[range.clone()].to_vec(), factors[range].to_vec())
        } else {
            (vec![1e3; sample], vec![1e3; sample])
        };
        let exchange: Arc<dyn Exchange> = Arc::new(Member {
            rank,
            table: Arc::clone(&table),
        });
        run(&input, &factors, |input, scale, shift| {
            let joint = joint_batch_norm(input, scale, shift, EPSILON, &exchange);
            (joint.output, joint.mean, joint.unbiased_variance)
        })
    };
    let all: Vec<Results> = std::thread::scope(|scope| {
        let of_process = &of_process;
        let threads: Vec<_> = (0..SAMPLES.len())
            .map(|rank| scope.spawn(move || of_process(rank)))
            .collect();
        let threads = threads.into_iter();
        threads.map(|thread| thread.join().unwrap()).collect()
    });

    for results in &all {
        assert_close("mean", &results[1], &whole[1]);
        assert_close("variance", &results[2], &whole[2]);
    }
    let outputs = [&all[0][0][..], &all[1][0]].concat();
    assert_close("output", &outputs, &whole[0]);
    let weighed = |index: usize, rank: usize| {
        let gradients = all[rank][index].iter();
        gradients.map(move |value| value * PARTS[rank])
    };
    let of_input: Vec<f32> = weighed(3, 0).chain(weighed(3, 1)).collect();
    assert_close("gradient of the input", &of_input, &whole[3]);
    for (what, index) in [("scale", 4), ("shift", 5)] {
        let sums: Vec<f32> = (weighed(index, 0).zip(weighed(index, 1)))
            .map(|(one, other)| one + other)
            .collect();
        assert_close(&format!("gradient of the {what}"), &sums, &whole[index]);
    }
}
