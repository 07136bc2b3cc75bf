//! The gradients of a network's parameters, between the backward pass and the optimiser.

use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Gradients, Tensor, TensorData};

use super::reducer::Reducer;

/// The gradient of each trained parameter of a network, flattened, in the order of the parameters; none for one that has no gradient in
/// this step.
#[derive(Debug)]
pub(super) struct ParameterGradients(Vec<Option<Tensor<1>>>);

impl ParameterGradients {
    /// Takes those of `network` out of `gradients`.
    pub(super) fn take<M: Module>(network: &M, gradients: &mut Gradients) -> Self {
        let mut visitor = Take {
            gradients,
            taken: Vec::new(),
        };
        network.visit(&mut visitor);
        Self(visitor.taken)
    }

    /// Multiplied by `share`, in (0, 1].
    pub(super) fn scaled(self, share: f64) -> Self {
        if share >= 1.0 {
            return self;
        }
        let all = self.0.into_iter();
        Self(all.map(|own| own.map(|own| own * share)).collect())
    }

    /// The sum with those of the same network for other samples.
    pub(super) fn plus(self, other: Self) -> Self {
        let pairs = self.0.into_iter().zip(other.0);
        let sum = |pair| match pair {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        Self(pairs.map(sum).collect())
    }

    /// Their average over the processes that train together, all in one buffer.
    pub(super) fn averaged(self, reducer: &dyn Reducer) -> Self {
        let Some(device) = self.0.iter().flatten().map(Tensor::device).next() else {
            return self;
        };
        let started = Instant::now();
        let counts: Vec<Option<usize>> = self
            .0
            .iter()
            .map(|own| own.as_ref().map(|own| own.dims()[0]))
            .collect();
        let parts = self.0.into_iter().flatten();
        let own = Tensor::cat(parts.map(|part| part.cast(DType::F32)).collect(), 0);
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
        let mut start = 0;
        let mut next = |count| {
            start += count;
            values.clone().narrow(0, start - count, count)
        };
        Self(
            counts
                .into_iter()
                .map(|count| count.map(&mut next))
                .collect(),
        )
    }
}

impl IntoIterator for ParameterGradients {
    type Item = Option<Tensor<1>>;
    type IntoIter = std::vec::IntoIter<Option<Tensor<1>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Takes the gradients out, parameter after parameter.
struct Take<'a> {
    gradients: &'a mut Gradients,
    taken: Vec<Option<Tensor<1>>>,
}

impl ModuleVisitor for Take<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Running averages are visited too; they have no gradient.
        if !param.is_require_grad() {
            return;
        }
        let gradient = param.val().grad_remove(self.gradients);
        self.taken.push(gradient.map(|gradient| {
            let count = gradient.shape().num_elements();
            gradient.reshape([count])
        }));
    }
}
