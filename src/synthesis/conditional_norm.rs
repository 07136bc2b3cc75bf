//! Normalisation whose scale and shift depend on the class.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::config::NormKind;
use crate::nn::{Convolution, ForwardMode, Norm, Padding, WeightInit};

/// A normalisation whose scale and shift are linear in a condition, where there is one, such as the class.
///
/// De Vries et al., "Modulating early visual processing by language", 2017; Brock, Donahue and Simonyan, "Large Scale GAN Training for
/// High Fidelity Natural Image Synthesis", 2019.
#[derive(Module, Debug)]
pub(super) struct ConditionalNorm {
    norm: Norm,
    /// From the condition to how far the scale is from 1.
    gain: Option<Convolution>,
    /// From the condition to the shift.
    shift: Option<Convolution>,
}

impl ConditionalNorm {
    /// A layer over `channels` channels, for conditions of so many values; 0 for a scale and shift of its own.
    pub(super) fn new(
        init: &mut WeightInit,
        kind: NormKind,
        channels: usize,
        condition: usize,
    ) -> Self {
        if condition == 0 {
            return Self {
                norm: Norm::new(init, kind, channels),
                gain: None,
                shift: None,
            };
        }
        let mut linear =
            || Convolution::new(init, [condition, channels], 1, 1, Padding::Zero(0), false);
        let (gain, shift) = (Some(linear()), Some(linear()));
        Self {
            norm: Norm::without_scale(init, kind, channels),
            gain,
            shift,
        }
    }

    /// Normalises `[batch, channels, height, width]`, with a condition, `[batch, values, 1, 1]`, for each picture.
    pub(super) fn forward(
        &self,
        input: Tensor<4>,
        condition: Option<&Tensor<4>>,
        mode: ForwardMode,
    ) -> Tensor<4> {
        let output = self.norm.forward(input, mode);
        let (Some(gain), Some(shift), Some(condition)) = (&self.gain, &self.shift, condition)
        else {
            return output;
        };
        let scale = gain.forward(condition.clone(), mode) + 1.0;
        output * scale + shift.forward(condition.clone(), mode)
    }
}
