//! Gradients averaged over processes that train together.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::module::{ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor, TensorData};

use super::tensors::Network;
use crate::kernels::Exchange;

/// Averages gradients over processes that train together.
pub trait Reducer: Debug {
    /// Replaces `gradients` by their average over all processes, each weighted as its share of the samples.
    ///
    /// All processes give those of the same parameters in the same order. Errors are kept by who averages: the numbers are then of
    /// no use, and nothing that follows from them may be.
    fn average(&self, gradients: &mut [f32]);

    /// The average of gradients that stay on their device; `None` where processes have no such way, and go by [`Reducer::average`].
    fn average_on_device(&self, gradients: &Tensor<1>) -> Option<Tensor<1>> {
        let _ = gradients;
        None
    }

    /// How batch normalisation takes its statistics from the samples of all processes, where it does.
    fn exchange(&self) -> Option<&Arc<dyn Exchange>> {
        None
    }
}

/// How far an optimiser goes, and along whose gradients.
#[derive(Debug, Clone, Copy)]
pub struct OptimiserStep<'a> {
    /// Learning rate.
    pub rate: f64,
    /// Who averages the gradients; nobody in a process that is alone.
    pub reducer: Option<&'a dyn Reducer>,
}

/// The gradients of a network's trained parameters, taken one after the other in the order of the parameters.
pub(super) enum ParameterGradients<'a> {
    /// As the backward pass has left them.
    Own(&'a mut Gradients),
    /// All in one buffer.
    Flat {
        /// One after the other, flattened.
        values: Tensor<1>,
        /// Elements of each parameter's; none for one that has no gradient in this step.
        counts: std::vec::IntoIter<Option<usize>>,
        /// Elements that were taken.
        start: usize,
    },
}

impl<'a> ParameterGradients<'a> {
    /// The gradients of `network`, averaged by `reducer`.
    pub(super) fn averaged<N: Network>(
        network: &N,
        gradients: &'a mut Gradients,
        reducer: &dyn Reducer,
    ) -> Self {
        let mut collect = Collect {
            gradients,
            parts: Vec::new(),
            counts: Vec::new(),
        };
        network.visit(&mut collect);
        let Collect {
            gradients,
            parts,
            counts,
        } = collect;
        let Some(device) = parts.first().map(Tensor::device) else {
            return Self::Own(gradients);
        };
        let started = Instant::now();
        let own = Tensor::cat(parts, 0);
        let weights = own.dims()[0];
        let mut exchanging = Duration::ZERO;
        let values = reducer.average_on_device(&own).unwrap_or_else(|| {
            let mut values: Vec<f32> = own
                .into_data()
                .try_into_vec()
                .expect("gradients are cast to 32 bits");
            let copied = Instant::now();
            reducer.average(&mut values);
            exchanging = copied.elapsed();
            Tensor::from_data(TensorData::new(values, [weights]), &device)
        });
        tracing::debug!(
            weights,
            seconds = started.elapsed().as_secs_f64(),
            exchanging = exchanging.as_secs_f64(),
            "averaged gradients"
        );
        Self::Flat {
            values,
            counts: counts.into_iter(),
            start: 0,
        }
    }

    /// The gradient of the next trained parameter, which is `parameter`, flattened.
    pub(super) fn take<const D: usize>(&mut self, parameter: &Tensor<D>) -> Option<Tensor<1>> {
        match self {
            Self::Own(gradients) => {
                let gradient = parameter.grad_remove(gradients)?;
                let count = gradient.shape().num_elements();
                Some(gradient.reshape([count]))
            }
            Self::Flat {
                values,
                counts,
                start,
            } => {
                let count = counts.next().flatten()?;
                let gradient = values.clone().narrow(0, *start, count);
                *start += count;
                Some(gradient)
            }
        }
    }
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
        let count = |gradient: &Tensor<D>| gradient.shape().num_elements();
        self.counts.push(gradient.as_ref().map(count));
        self.parts.extend(gradient.map(|gradient| {
            let count = count(&gradient);
            gradient.reshape([count]).cast(DType::F32)
        }));
    }
}
