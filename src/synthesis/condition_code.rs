//! Conditioning augmentation.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::config::NormKind;
use crate::nn::{Convolution, ForwardMode, NormalLaw, Padding, WeightInit, full_precision};

/// A code of a class or vector: drawn from the normal law whose mean and variance a linear layer makes of it.
///
/// Like conditions so have overlapping codes, and the networks learn what lies between them. Zhang et al., "StackGAN: Text to
/// Photo-realistic Image Synthesis with Stacked Generative Adversarial Networks", 2017.
#[derive(Module, Debug)]
pub(super) struct ConditionCode {
    /// To the means, and behind them the logarithms of the variances.
    linear: Convolution,
    #[module(skip)]
    length: usize,
}

impl ConditionCode {
    /// From conditions of `condition` values to codes of `length` values.
    pub(super) fn new(init: &mut WeightInit, condition: usize, length: usize) -> Self {
        init.set_norm(NormKind::None);
        let channels = [condition, 2 * length];
        Self {
            linear: Convolution::new(init, channels, 1, 1, Padding::Zero(0), true),
            length,
        }
    }

    /// The codes, `[batch, length, 1, 1]`, of `condition`, `[batch, condition, 1, 1]`, from standard normal `noise` of their shape.
    pub(super) fn forward(
        &self,
        condition: Tensor<4>,
        noise: Tensor<4>,
        mode: ForwardMode,
    ) -> Tensor<4> {
        self.law(condition, mode).draw(noise)
    }

    /// The divergence of the laws of the codes from the standard normal one, `[1]`: a mean over the batch.
    pub(super) fn divergence(&self, condition: Tensor<4>, mode: ForwardMode) -> Tensor<1> {
        self.law(condition, mode).divergence()
    }

    fn law(&self, condition: Tensor<4>, mode: ForwardMode) -> NormalLaw<4> {
        let both = full_precision(self.linear.forward(condition, mode));
        NormalLaw {
            mean: both.clone().narrow(1, 0, self.length),
            log_variance: both.narrow(1, self.length, self.length),
        }
    }
}
