//! Adam in one pass over parameter, gradient and moments.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::values::{contiguous, values};
use crate::kernels::AdamStep;

/// Elements per task: four arrays of them take 256 KiB, which fit into a core's own cache.
const CHUNK: usize = 1 << 14;

/// Smaller gradients count as zero. Their share in the first moment has no effect on a parameter, and numbers this small become
/// denormal, on which arithmetic is many times slower.
const MIN_GRADIENT: f32 = 1e-30;

/// Smaller gradients count as zero in the second moment, whose root is then far below any sensible `epsilon`.
const MIN_SQUARED_GRADIENT: f32 = 1e-17;

/// Smaller second moments count as zero, for the same reasons.
const MIN_SECOND_MOMENT: f32 = 1e-34;

/// Constants of one step, prepared for the loop.
struct Factors {
    beta1: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    root_correction: f32,
    epsilon: f32,
    step_size: f32,
}

impl From<AdamStep> for Factors {
    fn from(step: AdamStep) -> Self {
        let time = step.time as f64;
        let correction1 = 1.0 - step.beta1.powf(time);
        let correction2 = 1.0 - step.beta2.powf(time);
        Self {
            beta1: step.beta1 as f32,
            one_minus_beta1: (1.0 - step.beta1) as f32,
            beta2: step.beta2 as f32,
            one_minus_beta2: (1.0 - step.beta2) as f32,
            root_correction: correction2.sqrt().recip() as f32,
            epsilon: step.epsilon as f32,
            step_size: (step.learning_rate / correction1) as f32,
        }
    }
}

/// Updates in place if nobody else owns the tensors; returns the parameter and both moments.
pub(super) fn adam(
    parameter: FloatTensor<Flex>,
    gradient: &FloatTensor<Flex>,
    first: FloatTensor<Flex>,
    second: FloatTensor<Flex>,
    step: AdamStep,
) -> (FloatTensor<Flex>, FloatTensor<Flex>, FloatTensor<Flex>) {
    let factors = Factors::from(step);
    let gradient = contiguous(gradient);
    let [mut parameter, mut first, mut second] =
        [parameter, first, second].map(|tensor| contiguous(&tensor));
    parameter
        .storage_mut::<f32>()
        .par_chunks_mut(CHUNK)
        .zip(first.storage_mut::<f32>().par_chunks_mut(CHUNK))
        .zip(second.storage_mut::<f32>().par_chunks_mut(CHUNK))
        .zip(values(&gradient).par_chunks(CHUNK))
        .for_each(|(((parameter, first), second), gradient)| {
            update(parameter, first, second, gradient, &factors);
        });
    (parameter, first, second)
}

/// Updates a chunk of parameters, written so that the compiler vectorises it.
fn update(
    parameter: &mut [f32],
    first: &mut [f32],
    second: &mut [f32],
    gradient: &[f32],
    factors: &Factors,
) {
    for (((parameter, first), second), &gradient) in
        parameter.iter_mut().zip(first).zip(second).zip(gradient)
    {
        let mean =
            *first * factors.beta1 + flush_below(gradient, MIN_GRADIENT) * factors.one_minus_beta1;
        let squared = flush_below(gradient, MIN_SQUARED_GRADIENT);
        let square = *second * factors.beta2 + squared * squared * factors.one_minus_beta2;
        *first = flush_below(mean, MIN_GRADIENT);
        *second = flush_below(square, MIN_SECOND_MOMENT);
        let denominator = second.sqrt() * factors.root_correction + factors.epsilon;
        *parameter -= *first / denominator * factors.step_size;
    }
}

/// Returns `value`, or 0 if its magnitude is below `limit`. NaN stays NaN, so that a broken run is noticed.
fn flush_below(value: f32, limit: f32) -> f32 {
    if value.abs() < limit { 0.0 } else { value }
}
