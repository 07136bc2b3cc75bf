//! Moving averages of weights.

use std::collections::BTreeMap;

use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::reference_batch::ReferenceBatch;
use super::tensors::{ModulePath, NamedTensors, Network, TensorError};

/// The exponential moving average of the weights of a network in training.
///
/// Update `n`, counted from 1, keeps the share `min(decay, (1 + n) / (10 + n))` of the average, so that the initial
/// weights are soon forgotten. Running averages of batch normalisation are copied. Yazici et al., "The Unusual
/// Effectiveness of Averaging in GAN Training", 2019.
#[derive(Debug)]
pub(super) struct WeightAverage<N> {
    decay: f64,
    /// Updates so far.
    count: u64,
    /// Without automatic differentiation. Absent only while it is being updated.
    network: Option<N>,
}

impl<N: Network> WeightAverage<N> {
    /// An average that begins with the weights of `network`.
    pub(super) fn new(network: &N, decay: f64) -> Self {
        Self {
            decay,
            count: 0,
            network: Some(network.valid()),
        }
    }

    /// The network with the averaged weights.
    pub(super) fn network(&self) -> &N {
        let network = self.network.as_ref();
        network.expect("the average is put back after every update")
    }

    /// Changes settings of the averaged network that are no weights.
    pub(super) fn adjust(&mut self, change: impl Fn(&mut N)) {
        if let Some(network) = &mut self.network {
            change(network);
        }
    }

    /// Gives the averaged network the batch that its norms take statistics from.
    pub(super) fn set_reference(&mut self, batch: ReferenceBatch) {
        if let Some(network) = &mut self.network {
            network.set_reference(batch);
        }
    }

    /// Takes in the weights of `network` after a step.
    pub(super) fn update(&mut self, network: &N) {
        self.count += 1;
        let count = self.count as f64;
        let mut collect = Collect::default();
        network.valid().visit(&mut collect);
        let mut blend = Blend {
            kept: self.decay.min((1.0 + count) / (10.0 + count)),
            newest: collect.tensors,
            path: ModulePath::default(),
        };
        self.network = self.network.take().map(|average| average.map(&mut blend));
    }

    /// Begins anew with the weights of `network`.
    pub(super) fn restart(&mut self, network: &N) {
        *self = Self::new(network, self.decay);
    }

    /// The averaged weights under their public names, and the number of updates.
    pub(super) fn state(&self) -> (NamedTensors, u64) {
        self.network().settle_reference();
        (NamedTensors::from_network(self.network()), self.count)
    }

    /// Goes on from a saved state.
    ///
    /// # Errors
    /// The tensors are not those of this network; the average then stays as it is.
    pub(super) fn restore(&mut self, state: NamedTensors, count: u64) -> Result<(), TensorError> {
        self.network = Some(state.load_into(self.network().clone())?);
        self.count = count;
        Ok(())
    }
}

/// Collects parameters and running averages by path, flattened.
#[derive(Default)]
struct Collect {
    path: ModulePath,
    tensors: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val();
        let count = values.shape().num_elements();
        self.tensors
            .insert(self.path.joined(), values.reshape([count]));
    }
}

/// Moves an average towards the newest weights.
struct Blend {
    kept: f64,
    newest: BTreeMap<String, Tensor<1>>,
    path: ModulePath,
}

impl ModuleMapper for Blend {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.joined();
        let newest = self.newest.remove(&path);
        let newest = newest.expect("the average has the layers of the network");
        let is_running = path
            .rsplit('.')
            .next()
            .is_some_and(|leaf| leaf.starts_with("running_"));
        let kept = self.kept;
        param.map(|average| {
            let newest = newest.reshape(average.shape());
            if is_running {
                newest
            } else {
                newest.clone() + (average - newest) * kept
            }
        })
    }
}
