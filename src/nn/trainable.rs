//! A network with its optimiser.

use burn::tensor::Gradients;

use super::adam::{Adam, clip_weights};
use super::average::WeightAverage;
use super::gradients::ParameterGradients;
use super::reducer::OptimiserStep;
use super::reference_batch::ReferenceBatch;
use super::tensors::{NamedTensors, Network, TensorError};

/// A network in training.
#[derive(Debug)]
pub struct Trainable<N> {
    /// Absent only while it is being updated.
    network: Option<N>,
    optimiser: Adam,
    average: Option<WeightAverage<N>>,
    /// What has been collected for the next step.
    gradients: Option<ParameterGradients>,
}

impl<N: Network> Trainable<N> {
    /// Pairs a network with an optimiser that has taken no step.
    pub fn new(network: N, optimiser: Adam) -> Self {
        Self {
            network: Some(network),
            optimiser,
            average: None,
            gradients: None,
        }
    }

    /// The same with a moving average of the weights, of which each update keeps the share `decay`; without one where
    /// that is 0.
    pub fn with_average(mut self, decay: f64) -> Self {
        self.average = (decay > 0.0).then(|| WeightAverage::new(self.network(), decay));
        self
    }

    /// The network, for a pass whose gradients train it.
    pub fn network(&self) -> &N {
        self.network
            .as_ref()
            .expect("the network is put back after every update")
    }

    /// A copy with frozen weights: gradients flow through it, and none are computed for it.
    pub fn frozen(&self) -> N {
        self.network().clone().no_grad()
    }

    /// The network as it is used, without automatic differentiation: with the averaged weights where they are kept.
    pub fn in_use(&self) -> N {
        match &self.average {
            Some(average) => average.network().clone(),
            None => self.network().valid(),
        }
    }

    /// Takes one step of the optimiser along `gradients`, averaged over all processes where there are several.
    pub fn update(&mut self, gradients: &mut Gradients, step: OptimiserStep<'_>) {
        self.collect(gradients, 1.0);
        self.step(step);
    }

    /// Takes the network's part of `gradients` out and adds it, times `share`, to those of the next [step](Self::step): for a step whose
    /// samples do not go through the network at once.
    pub fn collect(&mut self, gradients: &mut Gradients, share: f64) {
        let own = ParameterGradients::take(self.network(), gradients).scaled(share);
        self.gradients = Some(match self.gradients.take() {
            Some(others) => others.plus(own),
            None => own,
        });
    }

    /// Takes one step of the optimiser along the gradients [collected](Self::collect), averaged over all processes where there are several.
    pub fn step(&mut self, step: OptimiserStep<'_>) {
        let gradients = self.gradients.take();
        let gradients = gradients.expect("gradients are collected before each step");
        let gradients = match step.reducer {
            Some(reducer) => gradients.averaged(reducer),
            None => gradients,
        };
        // Taken out and put back, so that the update is the only owner and works in place.
        if let Some(network) = self.network.take() {
            let network = self.optimiser.step_along(network, gradients, step.rate);
            if let Some(average) = &mut self.average {
                average.update(&network);
            }
            self.network = Some(network);
        }
    }

    /// Replaces the optimiser by one that has taken no step.
    pub fn restart(&mut self, optimiser: Adam) {
        self.optimiser = optimiser;
    }

    /// Clamps every weight to `[-limit, limit]`.
    pub fn clip(&mut self, limit: f32) {
        self.network = self
            .network
            .take()
            .map(|network| clip_weights(network, limit));
    }

    /// Changes settings of the network, and of its average, that are no weights.
    pub fn adjust(&mut self, change: impl Fn(&mut N)) {
        if let Some(network) = &mut self.network {
            change(network);
        }
        if let Some(average) = &mut self.average {
            average.adjust(change);
        }
    }

    /// Gives the network, and its average, the batch that their norms take statistics from.
    pub fn set_reference(&mut self, batch: &ReferenceBatch) {
        if let Some(network) = &mut self.network {
            network.set_reference(batch.clone());
        }
        if let Some(average) = &mut self.average {
            average.set_reference(batch.clone());
        }
    }

    /// The weights, under their public names.
    pub fn weights(&self) -> NamedTensors {
        let network = self.network().valid();
        network.settle_reference();
        NamedTensors::from_network(&network)
    }

    /// Replaces the weights; their average begins anew.
    ///
    /// # Errors
    /// The tensors are not those of this network, which then stays as it is.
    pub fn load_weights(&mut self, weights: NamedTensors) -> Result<(), TensorError> {
        let network = weights.load_into(self.network().clone())?;
        if let Some(average) = &mut self.average {
            average.restart(&network);
        }
        self.network = Some(network);
        Ok(())
    }

    /// The averaged weights, under their public names, and the number of updates; nothing where no average is kept.
    pub fn average_state(&self) -> Option<(NamedTensors, u64)> {
        self.average.as_ref().map(WeightAverage::state)
    }

    /// Goes on from saved averaged weights; nothing happens where no average is kept.
    ///
    /// # Errors
    /// The state is not of this network.
    pub fn load_average(&mut self, state: NamedTensors, count: u64) -> Result<(), TensorError> {
        match &mut self.average {
            Some(average) => average.restore(state, count),
            None => Ok(()),
        }
    }

    /// The state of the optimiser: moments by name, and the number of steps.
    pub fn optimiser_state(&self) -> (NamedTensors, u64) {
        self.optimiser.state()
    }

    /// Restores a saved optimiser.
    ///
    /// # Errors
    /// The state is not of this network.
    pub fn load_optimiser(&mut self, state: NamedTensors, time: u64) -> Result<(), TensorError> {
        let network = self
            .network
            .as_ref()
            .expect("the network is put back after every update");
        self.optimiser.restore(network, state, time)
    }
}
