//! The adversarial losses of generator and discriminator.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, relu};

use crate::config::GanObjective;
use crate::kernels::mean;

/// Weights of a Wasserstein critic are clipped to this distance from zero (Arjovsky, Chintala and Bottou, 2017).
pub const WEIGHT_CLIP: f32 = 0.01;

/// The losses of both players as functions of the discriminator's logits. All are means, `[1]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GanLoss {
    kind: GanObjective,
    label_smoothing: f64,
}

impl GanLoss {
    /// Creates the losses of one objective. With one-sided label smoothing the discriminator's target for real pictures is
    /// `1 - label_smoothing` (Salimans et al., "Improved Techniques for Training GANs", 2016).
    pub fn new(kind: GanObjective, label_smoothing: f64) -> Self {
        Self {
            kind,
            label_smoothing,
        }
    }

    /// Loss of the discriminator on real pictures.
    pub fn discriminator_on_real(&self, logits: Tensor<4>) -> Tensor<1> {
        let target = 1.0 - self.label_smoothing;
        match self.kind {
            GanObjective::Vanilla | GanObjective::Saturating | GanObjective::Likelihood => {
                cross_entropy(logits, target)
            }
            GanObjective::Lsgan => squared_error(logits, target),
            GanObjective::Hinge => mean(relu(-logits + 1.0)),
            GanObjective::Wgan | GanObjective::WganGp => -mean(logits),
        }
    }

    /// Loss of the discriminator on generated pictures.
    pub fn discriminator_on_fake(&self, logits: Tensor<4>) -> Tensor<1> {
        match self.kind {
            GanObjective::Vanilla | GanObjective::Saturating | GanObjective::Likelihood => {
                cross_entropy(logits, 0.0)
            }
            GanObjective::Lsgan => squared_error(logits, 0.0),
            GanObjective::Hinge => mean(relu(logits + 1.0)),
            GanObjective::Wgan | GanObjective::WganGp => mean(logits),
        }
    }

    /// Loss of the generator on its pictures.
    pub fn generator(&self, logits: Tensor<4>) -> Tensor<1> {
        match self.kind {
            GanObjective::Vanilla => cross_entropy(logits, 1.0),
            // log(1 - D): its gradient vanishes once the discriminator is sure, as Goodfellow et al., 2014, note.
            GanObjective::Saturating => -cross_entropy(logits, 0.0),
            // With the best discriminator the gradient is that of the likelihood: Goodfellow, "On Distinguishability Criteria for
            // Estimating Generative Models", 2014.
            GanObjective::Likelihood => -mean(logits.exp()),
            GanObjective::Lsgan => squared_error(logits, 1.0),
            GanObjective::Hinge | GanObjective::Wgan | GanObjective::WganGp => -mean(logits),
        }
    }

    /// Whether the discriminator's weights must be clipped to [`WEIGHT_CLIP`] after each of its steps.
    pub fn clips_weights(&self) -> bool {
        self.kind == GanObjective::Wgan
    }
}

/// Cross entropy of logits with a target probability; stable for logits of any size.
fn cross_entropy(logits: Tensor<4>, target: f64) -> Tensor<1> {
    let minus_log = |logits: Tensor<4>| -mean(log_sigmoid(logits));
    minus_log(logits.clone()) * target + minus_log(-logits) * (1.0 - target)
}

fn squared_error(logits: Tensor<4>, target: f64) -> Tensor<1> {
    mean((logits - target).square())
}
