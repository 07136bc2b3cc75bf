//! Normalisation by mean and variance.

use burn::tensor::Tensor;

#[cfg(feature = "flex")]
use super::backend::{Kernels, has_kernels};
#[cfg(feature = "flex")]
use burn::backend::Dispatch;

/// Mean and biased variance of each channel over batch, height and width, each `[channels]`.
#[derive(Debug, Clone)]
pub struct ChannelStatistics {
    /// Mean of each channel.
    pub mean: Tensor<1>,
    /// Biased variance of each channel (the sum of squares divided by the count).
    pub variance: Tensor<1>,
}

/// A factor and an offset for each channel, each `[channels]`.
#[derive(Debug, Clone)]
pub struct ChannelScaling {
    /// Multiplies values.
    pub factor: Tensor<1>,
    /// Is added to the product.
    pub offset: Tensor<1>,
}

impl ChannelStatistics {
    /// Batch normalisation with these statistics as a scaling: see [`normalize_batch`].
    pub fn scaling(self, scale: Tensor<1>, shift: Tensor<1>, epsilon: f64) -> ChannelScaling {
        let factor = scale * (self.variance + epsilon).sqrt().recip();
        let offset = shift - self.mean * factor.clone();
        ChannelScaling { factor, offset }
    }
}

/// Instance normalisation without scale and shift: normalises each channel of each picture to mean 0 and variance 1.
///
/// `input` and the result are `[batch, channels, height, width]`. `epsilon` is added to the biased variance.
/// Ulyanov, Vedaldi and Lempitsky, "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016.
pub fn normalize_instance(input: Tensor<4>, epsilon: f64) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) {
        return Tensor::from_dispatch(Dispatch::instance_norm(input.into_dispatch(), epsilon));
    }
    let [batch, channels, height, width] = input.dims();
    let rows = input.reshape([batch * channels, height * width]);
    let (_, centred) = mean_and_centred(rows);
    let variance = centred.clone().square().mean_dim(1);
    let scaled = centred * (variance + epsilon).sqrt().recip();
    scaled.reshape([batch, channels, height, width])
}

/// The means of rows, `[rows, 1]`, and the rows without them; of a flat row zeros, to the bit: a rounding error would grow by 300
/// in each normalisation.
fn mean_and_centred(rows: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let pivot = rows.clone().narrow(1, 0, 1).detach();
    let distances = rows - pivot.clone();
    let offset = distances.clone().mean_dim(1);
    (pivot + offset.clone(), distances - offset)
}

/// Computes the statistics of `input`, `[batch, channels, height, width]`, for batch normalisation.
pub fn channel_statistics(input: Tensor<4>) -> ChannelStatistics {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && !input.device().is_autodiff() {
        let (mean, variance) = Dispatch::channel_statistics(input.into_dispatch());
        let [mean, variance] = [mean, variance].map(Tensor::from_dispatch);
        return ChannelStatistics { mean, variance };
    }
    let [batch, channels, height, width] = input.dims();
    let rows = input
        .swap_dims(0, 1)
        .reshape([channels, batch * height * width]);
    let (mean, centred) = mean_and_centred(rows);
    let variance = centred.square().mean_dim(1);
    ChannelStatistics {
        mean: mean.reshape([channels]),
        variance: variance.reshape([channels]),
    }
}

/// Batch normalisation with the given statistics: `(input - mean) / sqrt(variance + epsilon) * scale + shift`.
///
/// `input` and the result are `[batch, channels, height, width]`; `scale` and `shift` are `[channels]`. Gradients flow
/// through the statistics if they were computed from `input`.
/// Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training", 2015.
pub fn normalize_batch(
    input: Tensor<4>,
    statistics: ChannelStatistics,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && has_kernels(&scale) && !input.device().is_autodiff() {
        let ChannelScaling { factor, offset } = statistics.scaling(scale, shift, epsilon);
        return Tensor::from_dispatch(Dispatch::scale_channels(
            input.into_dispatch(),
            factor.into_dispatch(),
            offset.into_dispatch(),
        ));
    }
    let channels = scale.dims()[0];
    let per_channel = |tensor: Tensor<1>| tensor.reshape([1, channels, 1, 1]);
    let factor = scale * (statistics.variance + epsilon).sqrt().recip();
    (input - per_channel(statistics.mean)) * per_channel(factor) + per_channel(shift)
}

/// Batch normalisation with the statistics of `input` itself, as in training; returns the output and these statistics.
///
/// Does the same as [`channel_statistics`] and [`normalize_batch`] in one operation. The gradients of the output flow through
/// the statistics; the statistics returned, which are for running averages, carry no gradient.
pub fn batch_norm(
    input: Tensor<4>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    epsilon: f64,
) -> (Tensor<4>, ChannelStatistics) {
    #[cfg(feature = "flex")]
    if has_kernels(&input) && has_kernels(&scale) && has_kernels(&shift) {
        let (output, mean, variance) = Dispatch::batch_norm_with_statistics(
            input.into_dispatch(),
            scale.into_dispatch(),
            shift.into_dispatch(),
            epsilon,
        );
        let [mean, variance] = [mean, variance].map(Tensor::from_dispatch);
        return (
            Tensor::from_dispatch(output),
            ChannelStatistics { mean, variance },
        );
    }
    let statistics = channel_statistics(input.clone());
    let detached = ChannelStatistics {
        mean: statistics.mean.clone().detach(),
        variance: statistics.variance.clone().detach(),
    };
    let output = normalize_batch(input, statistics, scale, shift, epsilon);
    (output, detached)
}
