//! The forward and the backward pass of a joint batch normalisation, on every backend with kernels.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{Device, FloatTensor};
use burn::backend::{Autodiff, Backend, TensorMetadata};
use burn::tensor::{TensorData, read_sync};

use super::backend::{KernelGradients, Kernels};
use super::exchange::Exchange;

/// Output, mean and unbiased variance.
type Results<T> = (T, T, T);

/// Results and what the gradients need.
struct Joint<T> {
    output: T,
    mean: T,
    /// Biased.
    variance: T,
    unbiased_variance: T,
}

/// The normalised input, mean and unbiased variance.
pub(super) fn normalise<B: Kernels>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    epsilon: f64,
    exchange: &Arc<dyn Exchange>,
) -> Results<FloatTensor<B>> {
    let joint = forward::<B>(input, scale, shift, epsilon, exchange);
    (joint.output, joint.mean, joint.unbiased_variance)
}

/// The same under automatic differentiation.
pub(super) fn normalise_recorded<B: KernelGradients, C: CheckpointStrategy>(
    input: FloatTensor<Autodiff<B, C>>,
    scale: FloatTensor<Autodiff<B, C>>,
    shift: FloatTensor<Autodiff<B, C>>,
    epsilon: f64,
    exchange: Arc<dyn Exchange>,
) -> Results<FloatTensor<Autodiff<B, C>>> {
    let (input, input_node) = input.into_parts();
    let (scale, scale_node) = scale.into_parts();
    let (shift, shift_node) = shift.into_parts();
    let prepared =
        Backward::<B, 3>::prepare::<C>(JointNormBackward, [input_node, scale_node, shift_node]);
    let joint = forward::<B>(input.clone(), scale.clone(), shift, epsilon, &exchange);
    let output = match prepared.compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let statistics = [joint.mean.clone(), joint.variance];
            let state = (input, scale, statistics, epsilon, exchange);
            prepared.finish(state, joint.output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(joint.output),
    };
    let [mean, unbiased_variance] =
        [joint.mean, joint.unbiased_variance].map(FloatTensor::<Autodiff<B, C>>::new);
    (output, mean, unbiased_variance)
}

#[derive(Debug)]
struct JointNormBackward;

impl<B: KernelGradients> Backward<B, 3> for JointNormBackward {
    /// Input, scale, statistics, epsilon and the way to the other processes.
    type State = (
        FloatTensor<B>,
        FloatTensor<B>,
        [FloatTensor<B>; 2],
        f64,
        Arc<dyn Exchange>,
    );

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (input, scale, statistics, epsilon, exchange) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let gradients = gradients::<B>(gradient, input, scale, statistics, epsilon, &exchange);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

/// The normalised input with the statistics of all processes.
fn forward<B: Kernels>(
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    shift: FloatTensor<B>,
    epsilon: f64,
    exchange: &Arc<dyn Exchange>,
) -> Joint<FloatTensor<B>> {
    let device = input.device();
    let count = pixels(&input) as f32;
    let (mean, variance) = B::channel_statistics(input.clone());
    let own = [vec![count], numbers::<B>(mean), numbers::<B>(variance)].concat();
    let (total, moments) = combine(&exchange.collect(&own));
    let (scale, shift) = (numbers::<B>(scale), numbers::<B>(shift));
    let per_channel = |value: &dyn Fn(usize, f32, f32) -> f32| {
        let values = moments.iter().enumerate();
        let values = values.map(|(channel, &(mean, variance))| value(channel, mean, variance));
        tensor::<B>(values.collect(), &device)
    };
    let factor = |channel: usize, variance| scale[channel] * inverse_deviation(variance, epsilon);
    let output = B::scale_channels(
        input,
        per_channel(&|channel, _, variance| factor(channel, variance)),
        per_channel(&|channel, mean, variance| shift[channel] - mean * factor(channel, variance)),
    );
    let unbiased = (total / (total - 1.0).max(1.0)) as f32;
    Joint {
        output,
        mean: per_channel(&|_, mean, _| mean),
        variance: per_channel(&|_, _, variance| variance),
        unbiased_variance: per_channel(&|_, _, variance| variance * unbiased),
    }
}

/// The gradients with respect to input, scale and shift, from that of the output.
///
/// The gradients that the kernels compute hold where the sums over the group, of the gradient and of its product with the normalised
/// input, are those of this process; what those of the others change is linear in the input.
fn gradients<B: KernelGradients>(
    gradient: FloatTensor<B>,
    input: FloatTensor<B>,
    scale: FloatTensor<B>,
    statistics: [FloatTensor<B>; 2],
    epsilon: f64,
    exchange: &Arc<dyn Exchange>,
) -> [FloatTensor<B>; 3] {
    let device = input.device();
    let count = pixels(&input) as f64;
    let [mean, variance] = statistics.clone().map(numbers::<B>);
    let [of_input, of_scale, of_shift] =
        B::batch_norm_gradients(gradient, input.clone(), scale.clone(), statistics, epsilon);
    let own = [
        numbers::<B>(of_scale.clone()),
        numbers::<B>(of_shift.clone()),
    ]
    .concat();
    // What the mean over all samples makes of the sums of each process.
    let mut missing: Vec<f64> = own.iter().map(|&sum| f64::from(sum)).collect();
    for (part, sums) in exchange.collect(&own) {
        if part > 0.0 {
            for (missing, sum) in missing.iter_mut().zip(sums) {
                *missing -= f64::from(part) * f64::from(sum);
            }
        }
    }
    let (of_products, of_gradients) = missing.split_at(mean.len());
    let scale = numbers::<B>(scale);
    let channels = (0..mean.len()).map(|channel| {
        let inverse = f64::from(inverse_deviation(variance[channel], epsilon));
        let factor = f64::from(scale[channel]) * inverse / count;
        let slope = factor * inverse * of_products[channel];
        let offset = factor * of_gradients[channel] - slope * f64::from(mean[channel]);
        (slope as f32, offset as f32)
    });
    let (slopes, offsets) = channels.unzip();
    let change = B::scale_channels(
        input,
        tensor::<B>(slopes, &device),
        tensor::<B>(offsets, &device),
    );
    [B::float_add(of_input, change), of_scale, of_shift]
}

/// The pixels of all samples, and mean and biased variance of each channel over them, from count, means and variances of each process.
fn combine(all: &[(f32, Vec<f32>)]) -> (f64, Vec<(f32, f32)>) {
    let all = || all.iter().filter(|(part, _)| *part > 0.0);
    let parts: f64 = all().map(|(part, _)| f64::from(*part)).sum();
    let total = all().map(|(_, own)| f64::from(own[0])).sum();
    let channels = all().next().map_or(0, |(_, own)| (own.len() - 1) / 2);
    let moments = (0..channels).map(|channel| {
        let of_each = || {
            all().map(|(part, own)| {
                let (mean, variance) = (own[1 + channel], own[1 + channels + channel]);
                (
                    f64::from(*part) / parts,
                    f64::from(mean),
                    f64::from(variance),
                )
            })
        };
        let mean: f64 = of_each().map(|(weight, mean, _)| weight * mean).sum();
        let variance = |(weight, own, variance): (f64, f64, f64)| {
            weight * (variance + (own - mean) * (own - mean))
        };
        (mean as f32, of_each().map(variance).sum::<f64>() as f32)
    });
    (total, moments.collect())
}

fn inverse_deviation(variance: f32, epsilon: f64) -> f32 {
    (f64::from(variance) + epsilon).sqrt().recip() as f32
}

/// Pixels of a batch.
fn pixels<T: TensorMetadata>(input: &T) -> usize {
    let shape = input.shape();
    shape[0] * shape[2] * shape[3]
}

/// The numbers of a tensor.
fn numbers<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    let data = read_sync(B::float_into_data(tensor));
    let data = data.expect("a tensor that was computed can be read");
    data.iter::<f32>().collect()
}

fn tensor<B: Backend>(values: Vec<f32>, device: &Device<B>) -> FloatTensor<B> {
    let count = values.len();
    B::float_from_data(TensorData::new(values, [count]), device)
}

#[cfg(test)]
mod tests {
    use super::combine;

    #[test]
    fn moments_are_those_of_all_samples_together() {
        // Two samples of one pixel: 1 and 3. One sample: 8. What counts for nothing may be anything.
        let all = [
            (2.0 / 3.0, vec![2.0, 2.0, 1.0]),
            (1.0 / 3.0, vec![1.0, 8.0, 0.0]),
            (0.0, vec![1.0, f32::NAN, f32::INFINITY]),
        ];
        let (total, moments) = combine(&all);
        assert!((total - 3.0).abs() < 1e-9);
        let [(mean, variance)] = moments[..] else {
            panic!("one channel");
        };
        assert!((mean - 4.0).abs() < 1e-6);
        assert!((variance - 26.0 / 3.0).abs() < 1e-5);
    }
}
