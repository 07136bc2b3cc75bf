//! What a checkpoint keeps of a method besides its weights.

use std::collections::{BTreeMap, BTreeSet};

use crate::nn::{ImagePool, NamedTensors, Network, TensorError, Trainable};

/// The part of a [`MethodState`] with the averaged weights of `network`, where it has any. They are the weights that a
/// style shows.
pub fn average_part(network: &str) -> String {
    format!("{network}_average")
}

/// State of a method besides its weights: optimisers, averaged weights and image pools.
#[derive(Debug, Clone, Default)]
pub struct MethodState {
    /// Tensors by part, such as an optimiser or a pool.
    pub tensors: BTreeMap<String, NamedTensors>,
    /// Counts by part.
    pub counts: BTreeMap<String, u64>,
    /// Parts that each of several processes has for itself; the others are the same in all.
    pub own: BTreeSet<String>,
}

impl MethodState {
    /// Inserts one part.
    pub fn insert(&mut self, part: &str, (tensors, count): (NamedTensors, u64)) {
        self.tensors.insert(part.to_owned(), tensors);
        self.counts.insert(part.to_owned(), count);
    }

    /// Inserts an image pool, which each process has for itself.
    pub fn insert_pool(&mut self, part: &str, pool: &ImagePool) {
        self.insert(part, (pool.state(), 0));
        self.own.insert(part.to_owned());
    }

    /// Inserts the optimiser of `network` and, if it keeps them, its averaged weights.
    pub fn insert_optimiser<N: Network>(&mut self, part: &str, network: &Trainable<N>) {
        self.insert(part, network.optimiser_state());
        if let Some(average) = network.average_state() {
            self.insert(&average_part(part), average);
        }
    }

    /// Takes out the optimiser of `network` and its averaged weights, and restores them.
    ///
    /// # Errors
    /// They belong to another network.
    pub fn restore_optimiser<N: Network>(
        &mut self,
        part: &str,
        network: &mut Trainable<N>,
    ) -> Result<(), TensorError> {
        let (tensors, time) = self.take(part);
        network.load_optimiser(tensors, time)?;
        let (weights, count) = self.take(&average_part(part));
        network.load_average(weights, count)
    }

    /// Takes out one part; empty if it is missing.
    pub fn take(&mut self, part: &str) -> (NamedTensors, u64) {
        let tensors = self.tensors.remove(part).unwrap_or_default();
        (tensors, self.counts.remove(part).unwrap_or_default())
    }
}
