//! What a normalisation of each picture has computed from its input, and the way back through it.

use burn::tensor::Tensor;

use crate::kernels::ChannelStatistics;

/// Added to variances, as in the reference implementations.
pub(crate) const NORM_EPSILON: f64 = 1e-5;

/// The result of a normalisation, before scale and shift, whose statistics are in part those of the picture itself.
#[derive(Debug, Clone)]
pub(super) struct NormTrace {
    /// `[batch, channels, height, width]`.
    output: Tensor<4>,
    /// By which the input was multiplied, `[batch, channels, 1]`, or `[1, channels, 1]` if it is the same for all pictures.
    scale: Tensor<3>,
    /// The part that each picture has in its statistics.
    share: f64,
}

impl NormTrace {
    /// Normalises `[batch, channels, height, width]` over height and width.
    pub(super) fn by_itself(input: Tensor<4>) -> Self {
        let shape = input.dims();
        let rows = input.flatten::<3>(2, 3);
        let centred = rows.clone() - rows.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let scale = (variance + NORM_EPSILON).sqrt().recip();
        Self {
            output: (centred * scale.clone()).reshape(shape),
            scale,
            share: 1.0,
        }
    }

    /// Normalises `[batch, channels, height, width]` by mean and variance of pictures that are elsewhere, together with the picture itself,
    /// which has the part `share` of them, below 1.
    pub(super) fn by_reference(input: Tensor<4>, reference: ChannelStatistics, share: f64) -> Self {
        let shape = input.dims();
        let rows = input.flatten::<3>(2, 3);
        let elsewhere = [reference.mean, reference.variance];
        let elsewhere = elsewhere.map(|values| values.reshape([1, shape[1], 1]));
        let [mean, variance] = if share > 0.0 {
            let own_mean = rows.clone().mean_dim(2);
            let own_variance = (rows.clone() - own_mean.clone()).square().mean_dim(2);
            joined(elsewhere, [own_mean, own_variance], share)
        } else {
            elsewhere
        };
        let scale = (variance + NORM_EPSILON).sqrt().recip();
        Self {
            output: ((rows - mean) * scale.clone()).reshape(shape),
            scale,
            share,
        }
    }

    /// The result.
    pub(super) fn output(&self) -> Tensor<4> {
        self.output.clone()
    }

    /// The gradient with respect to the input, from that of the result. Gradients flow through it.
    pub(super) fn input_gradient(self, gradient: Tensor<4>) -> Tensor<4> {
        let shape = gradient.dims();
        let rows = |tensor: Tensor<4>| tensor.flatten::<3>(2, 3);
        let (gradient, output) = (rows(gradient), rows(self.output));
        if self.share == 0.0 {
            return (gradient * self.scale).reshape(shape);
        }
        let along = (gradient.clone() * output.clone()).mean_dim(2);
        let mean = gradient.clone().mean_dim(2);
        ((gradient - (mean + output * along) * self.share) * self.scale).reshape(shape)
    }
}

/// Mean and biased variance of two sets of values together, of which the second has the part `share`, from those of each.
pub(super) fn joined<const D: usize>(
    [first_mean, first_variance]: [Tensor<D>; 2],
    [mean, variance]: [Tensor<D>; 2],
    share: f64,
) -> [Tensor<D>; 2] {
    let distance = mean - first_mean.clone();
    let within = first_variance * (1.0 - share) + variance * share;
    [
        first_mean + distance.clone() * share,
        within + distance.square() * (share * (1.0 - share)),
    ]
}
