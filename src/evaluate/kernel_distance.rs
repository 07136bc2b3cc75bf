//! The kernel Inception distance: the squared maximum mean discrepancy with a polynomial kernel (Bińkowski et al.,
//! "Demystifying MMD GANs", 2018).

use nalgebra::DMatrix;
use serde::Serialize;

use super::features::SetFeatures;
use super::numpy_random::RandomState;

/// The seed of torch-fidelity.
const SEED: u32 = 2020;
/// Most pictures of a set for which the kernel of all pairs is kept, 72 MB for each of the three products; beyond it is
/// calculated for each subset anew.
const MAX_KEPT: usize = 3000;

/// How many subsets are drawn, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KidSubsets {
    /// Number of subsets.
    pub count: usize,
    /// Pictures of each set in a subset; of smaller sets all pictures are taken.
    pub size: usize,
}

impl Default for KidSubsets {
    fn default() -> Self {
        Self {
            count: 100,
            size: 1000,
        }
    }
}

/// Mean and standard deviation over the subsets of the unbiased estimate, which can be below zero: with the kernel
/// `(x . y / features + 1)^3`, as torch-fidelity calculates it, the translations first. Two pictures or more a set.
pub(super) fn kernel_distance(
    fake: &SetFeatures,
    real: &SetFeatures,
    subsets: KidSubsets,
) -> (f64, f64) {
    let size = subsets.size.min(fake.count()).min(real.count());
    let mut state = RandomState::new(SEED);
    let draws: Vec<[Vec<usize>; 2]> = (0..subsets.count)
        .map(|_| {
            let fake = state.choice(fake.count(), size);
            let real = state.choice(real.count(), size);
            [fake, real]
        })
        .collect();
    let values: Vec<f64> = if fake.count().max(real.count()) <= MAX_KEPT {
        let all = [fake, real].map(|set| matrix(set, &(0..set.count()).collect::<Vec<_>>()));
        let kernels = Kernels::new(&all[0], &all[1]);
        let chosen = draws.iter();
        chosen
            .map(|[fake, real]| kernels.discrepancy(fake, real))
            .collect()
    } else {
        let all: Vec<usize> = (0..size).collect();
        let chosen = draws.iter();
        chosen
            .map(|[first, second]| {
                let kernels = Kernels::new(&matrix(fake, first), &matrix(real, second));
                kernels.discrepancy(&all, &all)
            })
            .collect()
    };
    mean_and_deviation(&values)
}

/// Mean and population standard deviation.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// Features of some pictures, a column each.
fn matrix(set: &SetFeatures, chosen: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(set.width(), chosen.len(), |feature, column| {
        f64::from(set.features(chosen[column])[feature])
    })
}

/// The kernel between all pictures: of the first set, of the second, of both.
struct Kernels {
    first: DMatrix<f64>,
    second: DMatrix<f64>,
    cross: DMatrix<f64>,
}

impl Kernels {
    fn new(first: &DMatrix<f64>, second: &DMatrix<f64>) -> Self {
        let kernel = |first: &DMatrix<f64>, second: &DMatrix<f64>| {
            let gamma = 1.0 / first.nrows() as f64;
            let mut products = first.transpose() * second;
            products.apply(|value| *value = (*value * gamma + 1.0).powi(3));
            products
        };
        Self {
            first: kernel(first, first),
            second: kernel(second, second),
            cross: kernel(first, second),
        }
    }

    /// The unbiased estimate from as many pictures of each set.
    fn discrepancy(&self, first: &[usize], second: &[usize]) -> f64 {
        let sum = |kernel: &DMatrix<f64>, rows: &[usize], columns: &[usize]| -> f64 {
            let column = |column: &usize| {
                let values = kernel.column(*column);
                rows.iter().map(|row| values[*row]).sum::<f64>()
            };
            columns.iter().map(column).sum()
        };
        let diagonal = |kernel: &DMatrix<f64>, chosen: &[usize]| -> f64 {
            chosen.iter().map(|index| kernel[(*index, *index)]).sum()
        };
        let size = first.len() as f64;
        let own = sum(&self.first, first, first) - diagonal(&self.first, first)
            + sum(&self.second, second, second)
            - diagonal(&self.second, second);
        let between = sum(&self.cross, first, second);
        own / (size * (size - 1.0)) - 2.0 * between / (size * size)
    }
}
