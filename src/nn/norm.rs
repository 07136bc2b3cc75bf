//! Normalisation layers.

use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;

use super::forward_mode::{ForwardMode, NormStats};
use super::weight_init::WeightInit;
use crate::config::NormKind;
use crate::kernels::{
    ChannelScaling, ChannelStatistics, batch_norm, joint_batch_norm, normalize_batch,
    normalize_instance,
};

/// Added to variances, as in the reference implementations.
pub(crate) const NORM_EPSILON: f64 = 1e-5;
/// Weight of the newest batch in the running averages.
const MOMENTUM: f64 = 0.1;

/// A normalisation layer of the kind that a recipe names.
#[derive(Module, Debug)]
pub struct Norm {
    /// The parameters of batch normalisation.
    batch: Option<BatchNorm>,
    /// The parameters of instance normalisation with scale and shift; the other kinds have none.
    affine: Option<Affine>,
    #[module(skip)]
    kind: NormKind,
}

/// Scale, shift and running averages of batch normalisation, each `[channels]`.
#[derive(Module, Debug)]
struct BatchNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
}

/// Scale and shift of instance normalisation, each `[channels]`.
#[derive(Module, Debug)]
struct Affine {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

/// What instance normalisation has computed from its input.
#[derive(Debug, Clone)]
pub(super) struct NormTrace {
    /// Before scale and shift, `[batch, channels, height, width]`.
    output: Tensor<4>,
    /// By which the input was multiplied, `[batch, channels, 1]`.
    scale: Tensor<3>,
}

impl Norm {
    /// Creates a layer over `channels` channels.
    pub fn new(init: &mut WeightInit, kind: NormKind, channels: usize) -> Self {
        let batch = (kind == NormKind::Batch).then(|| {
            let device = init.device().clone().inner();
            BatchNorm {
                weight: init.scale(channels),
                bias: init.bias(channels),
                running_mean: RunningState::new(Tensor::zeros([channels], &device)),
                running_var: RunningState::new(Tensor::ones([channels], &device)),
            }
        });
        let affine = (kind == NormKind::InstanceAffine).then(|| Affine {
            weight: init.ones(channels),
            bias: init.bias(channels),
        });
        Self {
            batch,
            affine,
            kind,
        }
    }

    /// Normalises `[batch, channels, height, width]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match (&self.batch, &self.affine, self.kind) {
            (Some(batch), _, _) => batch.forward(input, mode),
            (_, Some(affine), _) => affine.forward(normalize_instance(input, NORM_EPSILON)),
            (_, _, NormKind::Instance) => normalize_instance(input, NORM_EPSILON),
            _ => input,
        }
    }

    /// [`forward`](Self::forward), with what the [input gradient](Self::input_gradient) needs. Gradients flow through both.
    pub(super) fn traced(&self, input: Tensor<4>) -> (Tensor<4>, Option<NormTrace>) {
        if !self.kind.normalises_features() {
            return (input, None);
        }
        let trace = NormTrace::new(input);
        let output = match &self.affine {
            Some(affine) => affine.forward(trace.output.clone()),
            None => trace.output.clone(),
        };
        (output, Some(trace))
    }

    /// The gradient with respect to the layer's input, from that of its output. Not for batch normalisation, which gradient
    /// penalties do not go with.
    pub(super) fn input_gradient(
        &self,
        gradient: Tensor<4>,
        trace: Option<NormTrace>,
    ) -> Tensor<4> {
        let Some(NormTrace { output, scale }) = trace else {
            return gradient;
        };
        let gradient = match &self.affine {
            Some(affine) => gradient * per_channel(&affine.weight),
            None => gradient,
        };
        let shape = gradient.dims();
        let rows = |tensor: Tensor<4>| tensor.flatten::<3>(2, 3);
        let (gradient, output) = (rows(gradient), rows(output));
        let along = (gradient.clone() * output.clone()).mean_dim(2);
        let mean = gradient.clone().mean_dim(2);
        ((gradient - mean - output * along) * scale).reshape(shape)
    }

    /// Whether the layer needs mean and variance of its whole input.
    pub(super) fn needs_statistics(&self, mode: ForwardMode) -> bool {
        match self.kind {
            NormKind::Instance | NormKind::InstanceAffine => true,
            NormKind::Batch => mode.norm_stats == NormStats::Batch,
            NormKind::Spectral | NormKind::None => false,
        }
    }

    /// The scaling that the layer applies to features with these `statistics`, or with its running averages if it needs none.
    /// `None` if it leaves its input as it is.
    pub(super) fn scaling(&self, statistics: Option<&ChannelStatistics>) -> Option<ChannelScaling> {
        let statistics = match (statistics, &self.batch) {
            (Some(statistics), _) => statistics.clone(),
            (None, Some(batch)) => batch.running(),
            (None, None) => return None,
        };
        let (scale, shift) = match (&self.batch, &self.affine) {
            (Some(batch), _) => (batch.weight.val(), batch.bias.val()),
            (_, Some(affine)) => (affine.weight.val(), affine.bias.val()),
            _ => (
                Tensor::ones_like(&statistics.mean),
                Tensor::zeros_like(&statistics.mean),
            ),
        };
        Some(statistics.scaling(scale, shift, NORM_EPSILON))
    }
}

impl NormTrace {
    /// Normalises `[batch, channels, height, width]` over height and width.
    fn new(input: Tensor<4>) -> Self {
        let shape = input.dims();
        let rows = input.flatten::<3>(2, 3);
        let centred = rows.clone() - rows.mean_dim(2);
        let variance = centred.clone().square().mean_dim(2);
        let scale = (variance + NORM_EPSILON).sqrt().recip();
        Self {
            output: (centred * scale.clone()).reshape(shape),
            scale,
        }
    }
}

/// One number for each channel, `[1, channels, 1, 1]`.
fn per_channel(param: &Param<Tensor<1>>) -> Tensor<4> {
    let channels = param.dims()[0];
    param.val().reshape([1, channels, 1, 1])
}

impl Affine {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        input * per_channel(&self.weight) + per_channel(&self.bias)
    }
}

impl BatchNorm {
    fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let (scale, shift) = (self.weight.val(), self.bias.val());
        match mode.norm_stats {
            NormStats::Batch => {
                let (output, mean, variance) = if let Some(exchange) = mode.exchange {
                    let joint = joint_batch_norm(input, scale, shift, NORM_EPSILON, exchange);
                    (joint.output, joint.mean, joint.unbiased_variance)
                } else {
                    let [batch, _, height, width] = input.dims();
                    let (output, statistics) = batch_norm(input, scale, shift, NORM_EPSILON);
                    let unbiased = unbiased_variance(&statistics, batch * height * width);
                    (output, statistics.mean, unbiased)
                };
                if mode.update_running {
                    self.update(mean, variance);
                }
                output
            }
            NormStats::Running => {
                normalize_batch(input, self.running(), scale, shift, NORM_EPSILON)
            }
        }
    }

    /// The running averages.
    fn running(&self) -> ChannelStatistics {
        ChannelStatistics {
            mean: self.running_mean.value_sync(),
            variance: self.running_var.value_sync(),
        }
    }

    /// Updates the running averages, with the unbiased variance as in PyTorch.
    fn update(&self, mean: Tensor<1>, unbiased_variance: Tensor<1>) {
        let blend = |running: &RunningState<Tensor<1>>, newest: Tensor<1>| {
            running.update(running.value_sync() * (1.0 - MOMENTUM) + newest * MOMENTUM);
        };
        blend(&self.running_mean, mean.inner());
        blend(&self.running_var, unbiased_variance.inner());
    }
}

/// The variance of `count` values as in PyTorch: the sum of squares divided by one less than the count.
fn unbiased_variance(statistics: &ChannelStatistics, count: usize) -> Tensor<1> {
    let factor = count as f64 / (count.max(2) - 1) as f64;
    statistics.variance.clone() * factor
}
