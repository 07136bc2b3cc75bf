//! Normalisation layers.

use burn::module::{Module, Param, RunningState};
use burn::tensor::Tensor;

use super::forward_mode::{ForwardMode, NormStats};
use super::norm_trace::{NORM_EPSILON, NormTrace, joined};
use super::weight_init::WeightInit;
use crate::config::NormKind;
use crate::kernels::{
    ChannelScaling, ChannelStatistics, batch_norm, channel_statistics, joint_batch_norm,
    normalize_batch, normalize_instance,
};

/// Weight of the newest batch in the running averages.
const MOMENTUM: f64 = 0.1;

/// A normalisation layer of the kind that a recipe names.
#[derive(Module, Debug)]
pub struct Norm {
    /// The parameters of batch normalisation of all kinds.
    batch: Option<BatchNorm>,
    /// The parameters of instance normalisation with scale and shift; the other kinds have none.
    affine: Option<Affine>,
    #[module(skip)]
    kind: NormKind,
    /// The part that each picture has in its statistics, beside the pictures of the reference batch.
    #[module(skip)]
    share: f64,
}

/// Scale and shift, where they are the layer's own, and running averages of batch normalisation, each `[channels]`.
#[derive(Module, Debug)]
struct BatchNorm {
    weight: Option<Param<Tensor<1>>>,
    bias: Option<Param<Tensor<1>>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
}

/// Scale and shift of instance normalisation, each `[channels]`.
#[derive(Module, Debug)]
struct Affine {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

impl Norm {
    /// Creates a layer over `channels` channels.
    pub fn new(init: &mut WeightInit, kind: NormKind, channels: usize) -> Self {
        let norm = Self::without_scale(init, kind, channels);
        let batch = norm.batch.map(|batch| BatchNorm {
            weight: Some(init.scale(channels)),
            bias: Some(init.bias(channels)),
            ..batch
        });
        Self { batch, ..norm }
    }

    /// The same, where batch normalisation has no scale and shift of its own.
    pub fn without_scale(init: &WeightInit, kind: NormKind, channels: usize) -> Self {
        let batch = kind.is_batch().then(|| {
            let device = init.device().clone().inner();
            BatchNorm {
                weight: None,
                bias: None,
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
            share: if kind == NormKind::VirtualBatch {
                1.0 / (init.reference_batch() + 1) as f64
            } else {
                0.0
            },
        }
    }

    /// Whether the layer takes its statistics from a reference batch.
    pub(super) fn has_reference(&self) -> bool {
        self.kind.has_reference()
    }

    /// Normalises `[batch, channels, height, width]`: where a reference batch is asked for, by the statistics of it that are
    /// kept.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        match (&self.batch, &self.affine, self.kind) {
            (Some(batch), _, NormKind::Batch)
                if mode.each_alone && mode.norm_stats == NormStats::Batch =>
            {
                batch.forward_each(input)
            }
            (Some(batch), _, NormKind::Batch) => batch.forward(input, mode),
            (Some(batch), _, NormKind::ReferenceBatch) => batch.forward_by_running(input),
            (Some(batch), ..) => self.forward_by(input, batch.running()),
            (_, Some(affine), _) => affine.forward(normalize_instance(input, NORM_EPSILON)),
            (_, _, NormKind::Instance) => normalize_instance(input, NORM_EPSILON),
            _ => input,
        }
    }

    /// Normalises the reference batch, by its own statistics; returns the output and these. They are kept if asked for.
    pub(super) fn forward_reference(
        &self,
        input: Tensor<4>,
        keeps: bool,
    ) -> (Tensor<4>, ChannelStatistics) {
        let statistics = channel_statistics(input.clone());
        if let (Some(batch), true) = (&self.batch, keeps) {
            batch.keep(&statistics);
        }
        let trace = NormTrace::by_reference(input, statistics.clone(), 0.0);
        (self.scaled(trace.output()), statistics)
    }

    /// Normalises by these statistics of the reference batch, with those of each picture where the kind asks for it. Gradients flow
    /// through all of them.
    pub(super) fn forward_by(&self, input: Tensor<4>, reference: ChannelStatistics) -> Tensor<4> {
        self.scaled(NormTrace::by_reference(input, reference, self.share).output())
    }

    /// The same, with what the [input gradient](Self::input_gradient) needs.
    pub(super) fn traced_by(
        &self,
        input: Tensor<4>,
        reference: ChannelStatistics,
    ) -> (Tensor<4>, Option<NormTrace>) {
        let trace = NormTrace::by_reference(input, reference, self.share);
        (self.scaled(trace.output()), Some(trace))
    }

    /// Applies scale and shift, where the kind has them.
    fn scaled(&self, input: Tensor<4>) -> Tensor<4> {
        match self.scale_and_shift() {
            Some((scale, shift)) => input * per_channel(scale) + per_channel(shift),
            None => input,
        }
    }

    fn scale_and_shift(&self) -> Option<(&Param<Tensor<1>>, &Param<Tensor<1>>)> {
        match (&self.batch, &self.affine) {
            (Some(batch), _) => batch.weight.as_ref().zip(batch.bias.as_ref()),
            (_, Some(affine)) => Some((&affine.weight, &affine.bias)),
            _ => None,
        }
    }

    /// [`forward`](Self::forward), with what the [input gradient](Self::input_gradient) needs. Gradients flow through both.
    pub(super) fn traced(&self, input: Tensor<4>) -> (Tensor<4>, Option<NormTrace>) {
        if !self.kind.normalises_features() {
            return (input, None);
        }
        if let (Some(batch), true) = (&self.batch, self.has_reference()) {
            return self.traced_by(input, batch.running());
        }
        let trace = NormTrace::by_itself(input);
        (self.scaled(trace.output()), Some(trace))
    }

    /// The gradient with respect to the layer's input, from that of its output. Not for batch normalisation, which gradient
    /// penalties do not go with.
    pub(super) fn input_gradient(
        &self,
        gradient: Tensor<4>,
        trace: Option<NormTrace>,
    ) -> Tensor<4> {
        let Some(trace) = trace else {
            return gradient;
        };
        trace.input_gradient(match self.scale_and_shift() {
            Some((scale, _)) => gradient * per_channel(scale),
            None => gradient,
        })
    }

    /// Whether the layer needs mean and variance of its whole input.
    pub(super) fn needs_statistics(&self, mode: ForwardMode) -> bool {
        match self.kind {
            NormKind::Instance | NormKind::InstanceAffine | NormKind::VirtualBatch => true,
            NormKind::Batch => mode.norm_stats == NormStats::Batch,
            NormKind::ReferenceBatch | NormKind::Spectral | NormKind::None => false,
        }
    }

    /// The scaling that the layer applies to features with these `statistics`, of all channels of one or more pictures, or with its running
    /// averages if it needs none. `None` if it leaves its input as it is.
    pub(super) fn scaling(&self, statistics: Option<&ChannelStatistics>) -> Option<ChannelScaling> {
        let statistics = match (statistics, &self.batch) {
            (Some(own), Some(batch)) if self.has_reference() => {
                let reference = batch.running();
                let [mean, variance] = joined(
                    [reference.mean, reference.variance],
                    [own.mean.clone(), own.variance.clone()],
                    self.share,
                );
                ChannelStatistics { mean, variance }
            }
            (Some(statistics), _) => statistics.clone(),
            (None, Some(batch)) => batch.running(),
            (None, None) => return None,
        };
        let (scale, shift) = match self.scale_and_shift() {
            Some((scale, shift)) => {
                let pictures = statistics.mean.dims()[0] / scale.dims()[0];
                let for_each = |param: &Param<Tensor<1>>| param.val().repeat_dim(0, pictures);
                (for_each(scale), for_each(shift))
            }
            None => (
                Tensor::ones_like(&statistics.mean),
                Tensor::zeros_like(&statistics.mean),
            ),
        };
        Some(statistics.scaling(scale, shift, NORM_EPSILON))
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
        match mode.norm_stats {
            NormStats::Batch => {
                let (scale, shift) = self.scale_and_shift(&input);
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
            NormStats::Running => self.forward_by_running(input),
        }
    }

    /// Normalises each picture by its own statistics, as if it were alone.
    fn forward_each(&self, input: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        let (scale, shift) = self.scale_and_shift(&input);
        let [scale, shift] = [scale, shift].map(|numbers| numbers.repeat_dim(0, batch));
        let one = input.reshape([1, batch * channels, height, width]);
        let (output, _) = batch_norm(one, scale, shift, NORM_EPSILON);
        output.reshape([batch, channels, height, width])
    }

    fn forward_by_running(&self, input: Tensor<4>) -> Tensor<4> {
        let (scale, shift) = self.scale_and_shift(&input);
        normalize_batch(input, self.running(), scale, shift, NORM_EPSILON)
    }

    /// Scale and shift of `input`: 1 and 0 where they are not the layer's own.
    fn scale_and_shift(&self, input: &Tensor<4>) -> (Tensor<1>, Tensor<1>) {
        let own = |param: &Option<Param<Tensor<1>>>, usual: f64| match param {
            Some(param) => param.val(),
            None => Tensor::full([input.dims()[1]], usual, &input.device()),
        };
        (own(&self.weight, 1.0), own(&self.bias, 0.0))
    }

    /// Takes these statistics for the running averages.
    fn keep(&self, statistics: &ChannelStatistics) {
        for (running, newest) in [
            (&self.running_mean, &statistics.mean),
            (&self.running_var, &statistics.variance),
        ] {
            running.update(newest.clone());
            // An update that is still pending would replace averages that are loaded after it.
            let _ = running.value_sync();
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
