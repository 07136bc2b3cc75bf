//! Named tensors: the weights of a network under the names of the public PyTorch state dicts.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Shape, Tensor, TensorData};

use super::reference_batch::ReferenceBatch;
use super::spectral_names::{LEFT, RIGHT, fold, rename_in, rename_out};
use crate::kernels::tensor_from_mapped;

/// A network whose parameters have public names.
pub trait Network: Module {
    /// The name in the PyTorch state dict of the layer at `path` (the fields and indices that lead to it, joined by
    /// dots, without the last one, which is `weight`, `bias`, `running_mean` or `running_var`).
    fn layer_name(&self, path: &str) -> String;

    /// Gives the network the batch that its norms take statistics from, in its own passes from here on. Networks that offer no such
    /// norms leave it.
    fn set_reference(&mut self, batch: ReferenceBatch) {
        let _ = batch;
    }

    /// Lets the norms keep the statistics of the reference batch, if there is one, as they are with the present weights.
    fn settle_reference(&self) {}
}

/// Ends of the names of tensors that PyTorch's networks have and that nothing here takes.
const IGNORED: [&str; 2] = [".num_batches_tracked", ".filt"];

/// Tensors by name, on the host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NamedTensors(pub BTreeMap<String, TensorData>);

/// Tensors that do not belong to a network.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// Not a safetensors file.
    #[error("not a valid safetensors file: {0}")]
    Format(String),
    /// A tensor that is not of floating-point numbers.
    #[error("tensor `{name}` holds {found}, not floating-point numbers")]
    NotFloat {
        /// Tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A weight that is too large for a 16-bit number.
    #[error("`{0}` has values beyond the range of 16-bit numbers: leave out --precision f16")]
    BeyondHalf(String),
    /// Names or shapes differ from the network's.
    #[error("the tensors are not those of this network: {}", problems.join("; "))]
    Mismatch {
        /// One line for each tensor that is missing, unexpected or of another shape.
        problems: Vec<String>,
    },
}

impl NamedTensors {
    /// Copies the parameters and running averages of `network`.
    pub fn from_network<N: Network>(network: &N) -> Self {
        // In a network in training a running average lags behind by one update; the inference copy has caught up.
        let mut collect = Collect {
            network,
            path: ModulePath::default(),
            tensors: Self::default(),
        };
        network.valid().visit(&mut collect);
        rename_out(&mut collect.tensors.0);
        collect.tensors
    }

    /// Replaces the parameters and running averages of `network` by these.
    ///
    /// # Errors
    /// A tensor is missing, unexpected or of another shape; all such are listed. Weights with spectral normalisation are divided by
    /// their norms where `network` has none; where it has, others begin with the vectors of `network`. `num_batches_tracked`, which counts steps, and
    /// `filt`, which holds the numbers of a fixed filter, are ignored.
    pub fn load_into<N: Network>(mut self, network: N) -> Result<N, TensorError> {
        self.0
            .retain(|name, _| !IGNORED.iter().any(|end| name.ends_with(end)));
        let own = Shapes::collect(&network);
        rename_in(&mut self.0);
        fold(&mut self.0, |name| own.contains_key(name));
        let mut problems = Vec::new();
        for (name, wanted) in &own {
            match self.0.get(name) {
                // Weights without spectral normalisation: the network keeps the vectors that it has.
                None if is_vector(name) => {}
                None => problems.push(format!("`{name}` is missing")),
                Some(found) if found.shape() != wanted => problems.push(format!(
                    "`{name}` is {}, not {}",
                    shape_text(found.shape()),
                    shape_text(wanted)
                )),
                Some(_) => {}
            }
        }
        let unexpected = self.0.keys().filter(|name| !own.contains_key(*name));
        problems.extend(unexpected.map(|name| format!("`{name}` is not part of it")));
        if !problems.is_empty() {
            const SHOWN: usize = 12;
            let more = problems.len().saturating_sub(SHOWN);
            problems.truncate(SHOWN);
            if more > 0 {
                problems.push(format!("and {more} more"));
            }
            return Err(TensorError::Mismatch { problems });
        }
        let names = network.clone();
        let mut replace = Replace {
            network: &names,
            path: ModulePath::default(),
            tensors: self,
        };
        Ok(network.map(&mut replace))
    }

    /// Replaces those tensors of `own` that have the name and shape of one of these; returns the result and their number.
    ///
    /// # Errors
    /// None matches.
    pub fn matching(mut self, own: Self) -> Result<(Self, usize), TensorError> {
        let mut merged = own;
        let mut count = 0;
        for (name, tensor) in &mut merged.0 {
            if let Some(found) = self.0.remove(name)
                && found.shape() == tensor.shape()
            {
                *tensor = found;
                count += 1;
            }
        }
        if count == 0 {
            let problems = vec!["none of them has a name and a shape that fit".to_owned()];
            return Err(TensorError::Mismatch { problems });
        }
        Ok((merged, count))
    }

    /// Adds the `num_batches_tracked` that PyTorch keeps beside running averages, one integer each: strict loading requires
    /// them, although nothing is computed from them.
    pub fn with_num_batches_tracked(mut self, batches: u64) -> Self {
        let averages = self.0.keys();
        let layers: Vec<String> = averages
            .filter_map(|name| name.strip_suffix(".running_mean"))
            .map(ToOwned::to_owned)
            .collect();
        for layer in layers {
            let count = TensorData::new(vec![batches as i64], [0; 0]);
            self.0.insert(format!("{layer}.num_batches_tracked"), count);
        }
        self
    }

    /// Whether all values are finite.
    pub fn are_finite(&self) -> bool {
        self.0.values().all(|data| {
            let values = data.as_slice::<f32>().unwrap_or_default();
            values.iter().all(|value| value.is_finite())
        })
    }

    /// Number of values in all tensors.
    pub fn count(&self) -> usize {
        self.0
            .values()
            .map(|data| data.shape().num_elements())
            .sum()
    }
}

/// Copies the values of a tensor to the host, in 32 bits.
///
/// Tensors of graphics adapters are otherwise read when their data are first looked at (Burn 0.22.1), and an operation in place on
/// another handle of the same tensor, as that of a moving average, shows in what is read then.
pub(crate) fn values_now<const D: usize>(tensor: Tensor<D>) -> TensorData {
    let data = tensor.into_data().convert::<f32>();
    let _: &[u8] = data.as_bytes();
    data
}

/// Whether this is one of the singular vectors of spectral normalisation.
fn is_vector(name: &str) -> bool {
    let leaf = name.rsplit('.').next();
    leaf == Some(LEFT) || leaf == Some(RIGHT)
}

fn shape_text(shape: &Shape) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

/// The fields and indices that lead to a parameter.
#[derive(Debug, Default, Clone)]
pub(super) struct ModulePath(Vec<String>);

impl ModulePath {
    pub(super) fn push(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    pub(super) fn joined(&self) -> String {
        self.0.join(".")
    }

    /// The public name of the parameter at this path.
    fn name<N: Network>(&self, network: &N) -> String {
        let Some((leaf, layer)) = self.0.split_last() else {
            return String::new();
        };
        // The parameters of a norm lie one level deeper than the layer that has a public name.
        let layer = match layer.split_last() {
            Some((last, outer)) if last == "batch" || last == "affine" || last == "spectral" => {
                outer
            }
            _ => layer,
        };
        let leaf = match leaf.as_str() {
            "running_u" => LEFT,
            "running_v" => RIGHT,
            leaf => leaf,
        };
        format!("{}.{leaf}", network.layer_name(&layer.join(".")))
    }
}

struct Collect<'a, N> {
    network: &'a N,
    path: ModulePath,
    tensors: NamedTensors,
}

impl<N: Network> ModuleVisitor for Collect<'_, N> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name(self.network);
        self.tensors.0.insert(name, values_now(param.val()));
    }
}

/// The shapes of a network's parameters and running averages by name, without their values.
struct Shapes<'a, N> {
    network: &'a N,
    path: ModulePath,
    by_name: BTreeMap<String, Shape>,
}

impl<'a, N: Network> Shapes<'a, N> {
    fn collect(network: &'a N) -> BTreeMap<String, Shape> {
        let mut collect = Self {
            network,
            path: ModulePath::default(),
            by_name: BTreeMap::new(),
        };
        network.visit(&mut collect);
        collect.by_name
    }
}

impl<N: Network> ModuleVisitor for Shapes<'_, N> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.name(self.network);
        self.by_name.insert(name, param.lazy_shape());
    }
}

struct Replace<'a, N> {
    network: &'a N,
    path: ModulePath,
    tensors: NamedTensors,
}

impl<N: Network> ModuleMapper for Replace<'_, N> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name(self.network);
        let Some(data) = self.tensors.0.remove(&name) else {
            return param;
        };
        let grad = param.is_require_grad();
        param.map(|old| tensor_from_mapped(data, &old).set_require_grad(grad))
    }
}
