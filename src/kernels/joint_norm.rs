//! Batch normalisation whose statistics are those of the samples of several processes.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};
use super::exchange::Exchange;
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// What a joint batch normalisation returns.
#[derive(Debug, Clone)]
pub struct JointNorm {
    /// The normalised input.
    pub output: Tensor<4>,
    /// Mean of each channel over the samples of all processes, `[channels]`, without gradient.
    pub mean: Tensor<1>,
    /// Its variance, the sum of squares divided by one less than the count, `[channels]`, without gradient.
    pub unbiased_variance: Tensor<1>,
}

/// Whether [`joint_batch_norm`] takes tensors of `device`.
pub fn has_joint_norm(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    let has = has_kernels(&Tensor::<1>::zeros([1], device));
    #[cfg(not(feature = "flex"))]
    let has = {
        let _ = device;
        false
    };
    has
}

/// Batch normalisation with the statistics of the inputs of all processes that call it together: [`batch_norm`](super::batch_norm) of
/// all samples at once, each process with its own.
///
/// `input` is `[batch, channels, height, width]`, with the same height and width in all processes; `scale` and `shift` are
/// `[channels]`. Gradients flow through the statistics, from the outputs of all processes to the inputs of all, as they do where the
/// loss of all is the mean of theirs, weighted by their parts: the backward pass exchanges numbers as well.
///
/// # Panics
/// The device has no kernels: [`has_joint_norm`] says so before.
pub fn joint_batch_norm(
    input: Tensor<4>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
    exchange: &Arc<dyn Exchange>,
) -> JointNorm {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && has_kernels(&scale) && has_kernels(&shift) {
        let (output, mean, variance) = Dispatch::joint_batch_norm(
            input.into_dispatch(),
            scale.into_dispatch(),
            shift.into_dispatch(),
            epsilon,
            Arc::clone(exchange),
        );
        let [mean, unbiased_variance] = [mean, variance].map(Tensor::from_dispatch);
        return JointNorm {
            output: Tensor::from_dispatch(output),
            mean,
            unbiased_variance,
        };
    }
    panic!(
        "{:?} has no joint batch normalisation with {exchange:?}, scale {scale:?} and shift {shift:?}, epsilon {epsilon}: \
         a session refuses such a device before its first step",
        input.device()
    )
}
