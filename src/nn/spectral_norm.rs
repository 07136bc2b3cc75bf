//! Spectral normalisation of weights.

use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::weight_init::WeightInit;

/// Least length of a vector that is divided by its length, as in PyTorch.
const MIN_LENGTH: f64 = 1e-12;
/// Power iterations for fresh weights, as in PyTorch's parametrisation.
const FIRST_ITERATIONS: usize = 15;

/// Divides a weight by its largest singular value, so that its layer lengthens no difference between inputs.
///
/// The weight is taken as a matrix of outputs and all else. Estimates of its first singular vectors are kept, and get one power
/// iteration better with each forward pass in training. Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for
/// Generative Adversarial Networks", 2018.
#[derive(Module, Debug)]
pub(crate) struct SpectralNorm {
    /// The left singular vector, `[out]`.
    running_u: RunningState<Tensor<1>>,
    /// The right singular vector, `[in * kernel * kernel]`.
    running_v: RunningState<Tensor<1>>,
    /// Whether the outputs are the second dimension of the weight.
    #[module(skip)]
    is_transposed: bool,
}

impl SpectralNorm {
    /// The normalisation of a fresh `weight`, if `init` makes layers with one.
    pub(crate) fn new(
        init: &mut WeightInit,
        weight: &Param<Tensor<4>>,
        is_transposed: bool,
    ) -> Option<Self> {
        if !init.has_spectral_norm() {
            return None;
        }
        let matrix = as_matrix(weight.val().inner(), is_transposed);
        let [outputs, inputs] = matrix.dims();
        let left = init.direction(outputs).inner();
        let right = Tensor::zeros([inputs], &left.device());
        let norm = Self {
            running_u: RunningState::new(left),
            running_v: RunningState::new(right),
            is_transposed,
        };
        for _ in 0..FIRST_ITERATIONS {
            norm.iterate(matrix.clone());
        }
        Some(norm)
    }

    /// `weight` divided by its largest singular value; gradients flow through both, and the singular vectors are constants.
    pub(crate) fn normalise(&self, weight: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let matrix = as_matrix(weight.clone(), self.is_transposed);
        if mode.update_running {
            self.iterate(matrix.clone().inner());
        }
        let left = self.running_u.value_sync().unsqueeze_dim::<2>(0);
        let right = self.running_v.value_sync().unsqueeze_dim::<2>(1);
        let norm = (matrix.matmul(right) * left.transpose()).sum();
        weight / norm.reshape([1, 1, 1, 1])
    }

    /// One power iteration.
    fn iterate(&self, matrix: Tensor<2>) {
        let left = self.running_u.value_sync().unsqueeze_dim::<2>(0);
        let right = unit(left.matmul(matrix.clone()));
        let left = unit(matrix.matmul(right.clone().transpose()).transpose());
        for (vector, newest) in [(&self.running_u, left), (&self.running_v, right)] {
            vector.update(newest.squeeze_dim(0));
            // An update that is still pending would replace vectors that are loaded after it.
            let _ = vector.value_sync();
        }
    }
}

/// `[out, in * kernel * kernel]` of a weight whose outputs are its first dimension, or its second one.
fn as_matrix(weight: Tensor<4>, is_transposed: bool) -> Tensor<2> {
    let weight = if is_transposed {
        weight.swap_dims(0, 1)
    } else {
        weight
    };
    weight.flatten(1, 3)
}

/// A row divided by its length.
fn unit(row: Tensor<2>) -> Tensor<2> {
    let length = row.clone().square().sum_dim(1).sqrt();
    row / length.clamp_min(MIN_LENGTH)
}
