//! Gradients averaged over processes that train together.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::Tensor;

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
