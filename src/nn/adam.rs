//! The Adam optimiser over the parameters of a network.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use super::gradients::ParameterGradients;
use super::tensors::{ModulePath, NamedTensors, TensorError, values_now};
use crate::kernels::{AdamMoments, AdamStep, adam};

/// Added to the root of the second moment, as in PyTorch.
const EPSILON: f64 = 1e-8;
const FIRST: &str = ".exp_avg";
const SECOND: &str = ".exp_avg_sq";

/// Adam (Kingma and Ba, 2015) with PyTorch's epsilon.
#[derive(Debug)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    /// Steps taken.
    time: u64,
    /// By the path of the parameter in the network, which checkpoints store: a field of a module that gets another name makes
    /// older checkpoints unreadable.
    moments: BTreeMap<String, AdamMoments>,
}

impl Adam {
    /// Creates an optimiser that has taken no step.
    pub fn new(beta1: f64, beta2: f64) -> Self {
        Self {
            beta1,
            beta2,
            time: 0,
            moments: BTreeMap::new(),
        }
    }

    /// Moves `network` one step along `gradients`, and removes its share from them.
    pub fn step<M: Module>(
        &mut self,
        network: M,
        gradients: &mut Gradients,
        learning_rate: f64,
    ) -> M {
        let gradients = ParameterGradients::take(&network, gradients);
        self.step_along(network, gradients, learning_rate)
    }

    /// Moves `network` one step along gradients of its own.
    pub(super) fn step_along<M: Module>(
        &mut self,
        network: M,
        gradients: ParameterGradients,
        learning_rate: f64,
    ) -> M {
        self.time += 1;
        let step = AdamStep {
            learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: EPSILON,
            time: self.time,
        };
        network.map(&mut Update {
            optimiser: self,
            gradients: gradients.into_iter(),
            step,
            path: ModulePath::default(),
        })
    }

    /// Returns the moments by name, and the number of steps taken.
    pub fn state(&self) -> (NamedTensors, u64) {
        let mut tensors = NamedTensors::default();
        for (name, moments) in &self.moments {
            let mut keep = |suffix, tensor: &Tensor<1>| {
                tensors
                    .0
                    .insert(format!("{name}{suffix}"), values_now(tensor.clone()));
            };
            keep(FIRST, &moments.first);
            keep(SECOND, &moments.second);
        }
        (tensors, self.time)
    }

    /// Restores the saved state of an optimiser of `network`.
    ///
    /// # Errors
    /// The state is not of this network.
    pub fn restore<M: Module>(
        &mut self,
        network: &M,
        mut state: NamedTensors,
        time: u64,
    ) -> Result<(), TensorError> {
        let mut parameters = Parameters::default();
        let _ = network.clone().map(&mut parameters);
        let mut problems = Vec::new();
        self.moments.clear();
        let is_empty = state.0.is_empty();
        for (name, tensor) in parameters.tensors {
            // Parameters that have been frozen so far have no moments.
            if !is_empty && !has_moments(&state, &name) {
                continue;
            }
            let mut take = |suffix: &str| match state.0.remove(&format!("{name}{suffix}")) {
                Some(data) if data.shape().num_elements() == tensor.dims()[0] => Some(data),
                _ => {
                    problems.push(format!("`{name}{suffix}` is missing or of another size"));
                    None
                }
            };
            if let (Some(first), Some(second)) = (take(FIRST), take(SECOND)) {
                let load = |data: TensorData| Tensor::from_data(data, &tensor.device());
                let moments = AdamMoments {
                    first: load(first),
                    second: load(second),
                };
                self.moments.insert(name, moments);
            }
        }
        let unknown = state.0.keys();
        problems.extend(unknown.map(|name| format!("`{name}` is not part of it")));
        // An optimiser that has taken no step has no moments.
        if time > 0 && !problems.is_empty() {
            return Err(TensorError::Mismatch { problems });
        }
        self.time = time;
        Ok(())
    }
}

fn has_moments(state: &NamedTensors, name: &str) -> bool {
    [FIRST, SECOND]
        .iter()
        .any(|suffix| state.0.contains_key(&format!("{name}{suffix}")))
}

struct Update<'a> {
    optimiser: &'a mut Adam,
    /// Of each trained parameter.
    gradients: std::vec::IntoIter<Option<Tensor<1>>>,
    step: AdamStep,
    path: ModulePath,
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Running averages are visited too; they have no gradient.
        if !param.is_require_grad() {
            return param;
        }
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = self.gradients.next().flatten() else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let shape = tensor.shape();
        let count = shape.num_elements();
        let values = tensor.inner().reshape([count]);
        let moments = self.optimiser.moments.remove(&self.path.joined());
        let moments = moments.unwrap_or_else(|| AdamMoments {
            first: values.zeros_like(),
            second: values.zeros_like(),
        });
        let (values, moments) = adam(values, gradient, moments, self.step);
        self.optimiser.moments.insert(self.path.joined(), moments);
        let tensor = Tensor::from_inner(values.reshape(shape)).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Collects the trained parameters by path, flattened.
#[derive(Default)]
struct Parameters {
    path: ModulePath,
    tensors: Vec<(String, Tensor<1>)>,
}

impl ModuleMapper for Parameters {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.is_require_grad() {
            let values = param.val().inner();
            let count = values.shape().num_elements();
            self.tensors
                .push((self.path.joined(), values.reshape([count])));
        }
        param
    }
}

/// Clamps every trained parameter of `network` to `[-limit, limit]`.
pub fn clip_weights<M: Module>(network: M, limit: f32) -> M {
    struct Clip(f32);
    impl ModuleMapper for Clip {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !param.is_require_grad() {
                return param;
            }
            let limit = self.0;
            param.map(|tensor| {
                Tensor::from_inner(tensor.inner().clamp(-limit, limit)).require_grad()
            })
        }
    }
    network.map(&mut Clip(limit))
}
