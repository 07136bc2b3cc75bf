//! What the encoder of a ResNet generator sees in a picture.

use std::convert::Infallible;
use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::convolution::{STEM_BORDER, full_precision};
use super::forward_mode::ForwardMode;
use super::resnet::ResnetGenerator;
use crate::kernels::reflection_pad;

impl ResnetGenerator {
    /// What the layers at these places of PyTorch's sequence, in ascending order and all before the first upsampling, give for
    /// `input`: `[batch, channels, height, width]` each. Layer 0 is the padded input. Layers after the last of them are
    /// not computed.
    pub fn features(
        &self,
        input: Tensor<4>,
        layers: &[usize],
        mode: ForwardMode,
    ) -> Vec<Tensor<4>> {
        let mut found = Found::new(&input, layers);
        if found.is_complete() {
            return found.features;
        }
        let _ = self.encode(&mut self.eager(mode), input, &mut |features| {
            found.take(features);
            if found.is_complete() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        found.features
    }

    /// The output of [`forward`](Self::forward) and the [`features`](Self::features) on the way to it.
    pub fn forward_with_features(
        &self,
        input: Tensor<4>,
        layers: &[usize],
        mode: ForwardMode,
    ) -> (Tensor<4>, Vec<Tensor<4>>) {
        let mut found = Found::new(&input, layers);
        let mut ops = self.eager(mode);
        let ControlFlow::Continue(encoded) = self.encode(&mut ops, input, &mut |features| {
            found.take(features);
            ControlFlow::<Infallible>::Continue(())
        });
        (self.decode(&mut ops, encoded), found.features)
    }
}

/// Layers that have been passed, and those of them that were asked for.
struct Found<'a> {
    layers: &'a [usize],
    next: usize,
    features: Vec<Tensor<4>>,
}

impl<'a> Found<'a> {
    fn new(input: &Tensor<4>, layers: &'a [usize]) -> Self {
        let mut found = Self {
            layers,
            next: 0,
            features: Vec::with_capacity(layers.len()),
        };
        if layers.first() == Some(&0) {
            found
                .features
                .push(reflection_pad(input.clone(), STEM_BORDER));
        }
        found.next = 1;
        found
    }

    fn take(&mut self, features: &Tensor<4>) {
        if self.layers.get(self.features.len()) == Some(&self.next) {
            self.features.push(full_precision(features.clone()));
        }
        self.next += 1;
    }

    fn is_complete(&self) -> bool {
        self.features.len() == self.layers.len()
    }
}
