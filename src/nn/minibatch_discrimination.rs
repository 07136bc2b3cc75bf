//! How like the other pictures of its batch each picture is, in learnt respects, as features.

use burn::module::Module;
use burn::tensor::Tensor;

use super::convolution::{Convolution, Padding, full_precision};
use super::forward_mode::ForwardMode;
use super::weight_init::WeightInit;

/// Numbers by which one kernel compares two pictures, as in the paper's code.
const NUMBERS: usize = 5;

/// Minibatch discrimination: one more channel for each kernel, with the sum over all pictures of the batch (the picture itself,
/// too) of `exp(-distance)`. The distance of two pictures is the L1 distance of `NUMBERS` learnt combinations of their
/// features, here of the means over all places.
///
/// Salimans et al., "Improved Techniques for Training GANs", 2016, section 3.2.
#[derive(Module, Debug)]
pub struct MinibatchDiscrimination {
    /// From the features of a picture to the numbers of all kernels, those of each side by side.
    projection: Convolution,
}

/// All pictures of a batch compared with each other.
struct Comparison {
    /// Of the numbers, `[batch, batch, kernels, numbers]`.
    differences: Tensor<4>,
    /// Of each pair, `[batch, batch, kernels, 1]`: 1 for a picture and itself.
    likeness: Tensor<4>,
}

impl MinibatchDiscrimination {
    /// `kernels` of them, for features of so many channels.
    pub(super) fn new(init: &mut WeightInit, channels: usize, kernels: usize) -> Self {
        let channels = [channels, kernels * NUMBERS];
        Self {
            projection: Convolution::new(init, channels, 1, 1, Padding::Zero(0), false),
        }
    }

    /// `[batch, channels, height, width]` with one more channel for each kernel.
    pub(super) fn forward(&self, features: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        self.forward_with(features, self.weight_in_use(mode))
    }

    /// The weight as the layer computes with it.
    pub(super) fn weight_in_use(&self, mode: ForwardMode) -> Tensor<4> {
        self.projection.weight_in_use(mode)
    }

    /// [`forward`](Self::forward) with the [weight in use](Self::weight_in_use).
    pub(super) fn forward_with(&self, features: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = features.dims();
        let likeness = self.compare(features.clone(), weight).likeness.sum_dim(1);
        let kernels = likeness.dims()[2];
        let maps = likeness
            .reshape([batch, kernels, 1, 1])
            .repeat_dim(2, height)
            .repeat_dim(3, width)
            .cast(features.dtype());
        Tensor::cat(vec![features, maps], 1)
    }

    /// The gradient with respect to `features`, from that of the output, with the [weight in use](Self::weight_in_use).
    pub(super) fn input_gradient(
        &self,
        gradient: Tensor<4>,
        features: Tensor<4>,
        weight: Tensor<4>,
    ) -> Tensor<4> {
        let [batch, channels, height, width] = features.dims();
        let kernels = gradient.dims()[1] - channels;
        let own = gradient.clone().narrow(1, 0, channels);
        let of_sums = gradient.narrow(1, channels, kernels);
        let of_sums = of_sums
            .sum_dim(3)
            .sum_dim(2)
            .reshape([batch, 1, kernels, 1]);
        // Each pair counts in the sums of both of its pictures.
        let of_pairs = of_sums.clone() + of_sums.swap_dims(0, 1);
        let Comparison {
            differences,
            likeness,
        } = self.compare(features, weight.clone());
        // The sign is constant almost everywhere: no gradient flows through it.
        let signs = differences.inner().sign();
        let of_numbers = (of_pairs * likeness * signs).sum_dim(1).neg();
        let of_numbers = of_numbers.reshape([batch, kernels * NUMBERS, 1, 1]);
        let of_means = self.projection.input_gradient(of_numbers, weight, [1, 1]);
        own + of_means / (height * width) as f64
    }

    fn compare(&self, features: Tensor<4>, weight: Tensor<4>) -> Comparison {
        let means = features.mean_dim(3).mean_dim(2);
        let numbers = full_precision(self.projection.forward_with(means, weight));
        let [batch, count, ..] = numbers.dims();
        let numbers = numbers.reshape([batch, 1, count / NUMBERS, NUMBERS]);
        let differences = numbers.clone() - numbers.swap_dims(0, 1);
        let likeness = differences.clone().abs().sum_dim(3).neg().exp();
        Comparison {
            differences,
            likeness,
        }
    }
}
