//! What processes have in common in one step: the average of their gradients and, where the recipe says so, the statistics of batch
//! normalisation.

use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Tensor;

use crate::distributed::{Group, GroupError};
use crate::kernels::Exchange;
use crate::nn::Reducer;

/// Averages the gradients of one step.
#[derive(Debug)]
pub(super) struct Averaging {
    link: Link,
    /// The same link, where batch normalisation goes through it.
    exchange: Option<Arc<dyn Exchange>>,
}

/// The way to the other processes in one step.
#[derive(Debug, Clone)]
struct Link {
    group: Group,
    /// The part of the step's samples that this process has.
    part: f32,
    /// After one, nothing is sent any more.
    failure: Arc<Mutex<Option<GroupError>>>,
}

impl Averaging {
    /// That of a step of whose samples this process has a `part`; `shares_statistics` where batch normalisation takes those of all.
    pub(super) fn new(group: &Group, part: f32, shares_statistics: bool) -> Self {
        let link = Link {
            group: group.clone(),
            part,
            failure: Arc::default(),
        };
        let shared = (shares_statistics && group.size() > 1).then(|| link.clone());
        Self {
            link,
            exchange: shared.map(|link| Arc::new(link) as Arc<dyn Exchange>),
        }
    }

    /// Who averages in a step; nobody where a process is alone.
    pub(super) fn reducer(&self) -> Option<&dyn Reducer> {
        if self.link.group.size() > 1 {
            Some(self)
        } else {
            None
        }
    }

    /// Says whether all gradients of the step were averaged.
    ///
    /// # Errors
    /// The connection to another process was lost: what has been computed since is of no use.
    pub(super) fn finish(self) -> Result<(), GroupError> {
        let mut failure = self
            .link
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take().map_or(Ok(()), Err)
    }
}

impl Link {
    /// The result of `work` with the other processes; none where they are lost, or were before.
    fn with_others<T>(&self, work: impl FnOnce() -> Result<T, GroupError>) -> Option<T> {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if failure.is_some() {
            return None;
        }
        match work() {
            Ok(value) => Some(value),
            Err(error) => {
                *failure = Some(error);
                None
            }
        }
    }
}

impl Reducer for Averaging {
    fn average(&self, gradients: &mut [f32]) {
        let Link { group, part, .. } = &self.link;
        self.link.with_others(|| {
            weigh(gradients, *part);
            group.sum(gradients)
        });
    }

    fn average_on_device(&self, gradients: &Tensor<1>) -> Option<Tensor<1>> {
        let Link { group, part, .. } = &self.link;
        if !group.has_gpus() {
            return None;
        }
        let own = if *part > 0.0 {
            gradients.clone() * *part
        } else {
            gradients.zeros_like()
        };
        let summed = self.link.with_others(|| group.sum_on_gpus(own.clone()));
        // After a failure it does not matter what is learnt.
        Some(summed.unwrap_or(own))
    }

    fn exchange(&self) -> Option<&Arc<dyn Exchange>> {
        self.exchange.as_ref()
    }
}

impl Exchange for Link {
    fn collect(&self, own: &[f32]) -> Vec<(f32, Vec<f32>)> {
        let sent = [&[self.part], own].concat();
        match self.with_others(|| self.group.collect_numbers(&sent)) {
            Some(all) => all
                .into_iter()
                .map(|mut numbers| (numbers.remove(0), numbers))
                .collect(),
            // As if the others had nothing: the step comes to its end, and is thrown away.
            None => vec![(1.0, own.to_vec())],
        }
    }
}

/// Multiplies by `part`; what counts for nothing is 0 even if it is not finite.
pub(super) fn weigh(values: &mut [f32], part: f32) {
    if part > 0.0 {
        for value in values {
            *value *= part;
        }
    } else {
        values.fill(0.0);
    }
}
