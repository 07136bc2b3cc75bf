//! The Adam update of one parameter.

use burn::tensor::Tensor;

use super::adam_step::AdamStep;
#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};

/// The running means of one parameter, flattened to one dimension.
#[derive(Debug, Clone)]
pub struct AdamMoments {
    /// Running mean of the gradients.
    pub first: Tensor<1>,
    /// Running mean of the squared gradients.
    pub second: Tensor<1>,
}

/// Takes one Adam step; returns the new parameter and the new moments, all of the length of `parameter`.
///
/// The tensors are outside automatic differentiation. The bias correction is applied as PyTorch does: the root
/// of the second moment is divided by `sqrt(1 - beta2^time)` before `epsilon` is added.
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
pub fn adam(
    parameter: Tensor<1>,
    gradient: Tensor<1>,
    moments: AdamMoments,
    step: AdamStep,
) -> (Tensor<1>, AdamMoments) {
    #[cfg(feature = "flex")]
    if has_kernels(&parameter) && has_kernels(&gradient) {
        let (parameter, first, second) = <burn::backend::Dispatch as Kernels>::adam(
            parameter.into_dispatch(),
            gradient.into_dispatch(),
            moments.first.into_dispatch(),
            moments.second.into_dispatch(),
            step,
        );
        let [parameter, first, second] = [parameter, first, second].map(Tensor::from_dispatch);
        return (parameter, AdamMoments { first, second });
    }
    let time = step.time as f64;
    let correction1 = 1.0 - step.beta1.powf(time);
    let correction2 = 1.0 - step.beta2.powf(time);
    let first = moments.first * step.beta1 + gradient.clone() * (1.0 - step.beta1);
    let second = moments.second * step.beta2 + gradient.square() * (1.0 - step.beta2);
    let denominator = second.clone().sqrt() / correction2.sqrt() + step.epsilon;
    let parameter = parameter - first.clone() / denominator * (step.learning_rate / correction1);
    (parameter, AdamMoments { first, second })
}
