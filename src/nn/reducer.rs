//! Gradients averaged over processes that train together.

use std::fmt::Debug;

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor, TensorData};

use super::tensors::Network;

/// Averages gradients over processes that train together.
pub trait Reducer: Debug {
    /// Replaces `gradients` by their average over all processes, each weighted as its share of the samples.
    ///
    /// All processes give those of the same parameters in the same order. Errors are kept by who averages: the numbers are then of
    /// no use, and nothing that follows from them may be.
    fn average(&self, gradients: &mut [f32]);
}

/// How far an optimiser goes, and along whose gradients.
#[derive(Debug, Clone, Copy)]
pub struct OptimiserStep<'a> {
    /// Learning rate.
    pub rate: f64,
    /// Who averages the gradients; nobody in a process that is alone.
    pub reducer: Option<&'a dyn Reducer>,
}

/// Replaces the gradients of `network` by their averages, all in one buffer in the order of the parameters.
pub(super) fn average_gradients<N: Network>(
    network: &N,
    gradients: &mut Gradients,
    reducer: &dyn Reducer,
) {
    let mut collect = Collect {
        gradients,
        parts: Vec::new(),
        counts: Vec::new(),
    };
    network.visit(&mut collect);
    let Collect { parts, counts, .. } = collect;
    let Some(device) = parts.first().map(Tensor::device) else {
        return;
    };
    let mut values: Vec<f32> = Tensor::cat(parts, 0)
        .into_data()
        .try_into_vec()
        .expect("gradients are cast to 32 bits");
    reducer.average(&mut values);
    let count = values.len();
    let averaged = Tensor::from_data(TensorData::new(values, [count]), &device);
    network.visit(&mut Replace {
        gradients,
        averaged,
        counts: counts.into_iter(),
        start: 0,
    });
}

/// Takes the gradients out.
struct Collect<'a> {
    gradients: &'a mut Gradients,
    /// Flattened.
    parts: Vec<Tensor<1>>,
    /// Elements of each trained parameter, in order; none for one that has no gradient in this step.
    counts: Vec<Option<usize>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let gradient = param.val().grad_remove(self.gradients);
        self.counts.push(
            gradient
                .as_ref()
                .map(|gradient| gradient.shape().num_elements()),
        );
        self.parts.extend(gradient.map(|gradient| {
            let count = gradient.shape().num_elements();
            gradient.reshape([count]).cast(DType::F32)
        }));
    }
}

/// Puts their averages in their places.
struct Replace<'a> {
    gradients: &'a mut Gradients,
    averaged: Tensor<1>,
    counts: std::vec::IntoIter<Option<usize>>,
    start: usize,
}

impl ModuleVisitor for Replace<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        // As many as parameters were visited before.
        let Some(count) = self.counts.next().flatten() else {
            return;
        };
        let averaged = self.averaged.clone().narrow(0, self.start, count);
        self.start += count;
        let tensor = param.val();
        let averaged = averaged.reshape(tensor.shape());
        tensor.grad_replace(self.gradients, averaged);
    }
}
