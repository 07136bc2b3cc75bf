//! The network in a weight file, wherever in its dictionaries it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use burn::tensor::{Device, TensorData};

use super::architecture::{Architecture, Hints};
use super::candidate::Candidate;
use super::contents::{describe, resolve_key};
use super::error::ImportError;
use super::fixed_filters::take_filters;
use super::shapes::{Shapes, Unrecognized};
use super::weight_file::WeightFile;
use crate::config::NormKind;
use crate::nn::{NamedTensors, TensorError};

/// Counts steps beside the running averages of PyTorch's norms; has no use here.
const COUNTER: &str = "num_batches_tracked";

/// A network and its weights.
#[derive(Debug, Clone)]
pub struct DetectedNetwork {
    /// The entry of the file in which it stands; empty for the file itself.
    pub entry: String,
    /// What it is.
    pub architecture: Architecture,
    /// All its tensors, and no others.
    pub tensors: NamedTensors,
    /// Names of running statistics under norms that have no use for them.
    pub unused_statistics: Vec<String>,
    /// What else the file holds, by its key, and how many tensors each entry has.
    pub ignored_entries: BTreeMap<String, usize>,
}

impl DetectedNetwork {
    /// Finds the network in `file`: the one in the entry `key`, or the only generator, or the only discriminator; its tensors
    /// are compared with a network on `device`. The last part of a key is enough where no other entry has it.
    ///
    /// # Errors
    /// There is none or more than one, what it is cannot be told, or a tensor is missing, left over or of another shape.
    pub fn find(
        file: &WeightFile,
        key: Option<&str>,
        hints: Hints,
        device: &Device,
    ) -> Result<Self, ImportError> {
        let key = key.map(|key| resolve_key(file, key, hints)).transpose()?;
        let candidates = Candidate::find_all(file, key.as_deref(), hints);
        let (candidate, architecture) = choose(file, candidates, key.as_deref())?;
        Self::read(file, &candidate, architecture, device)
    }

    fn read(
        file: &WeightFile,
        candidate: &Candidate,
        architecture: Architecture,
        device: &Device,
    ) -> Result<Self, ImportError> {
        let mut tensors = NamedTensors::default();
        for (public, name) in &candidate.names {
            if !is_counter(name) {
                let is_transposed = architecture.has_transposed(public);
                let values = file.tensor(name, is_transposed)?;
                tensors.0.insert(public.clone(), values);
            }
        }
        let mut unused_statistics = Vec::new();
        if architecture.drops_running_statistics() {
            let statistics = statistics(&tensors);
            tensors.0.retain(|name, _| !statistics.contains(name));
            unused_statistics = statistics;
        }
        if architecture.norm() == NormKind::Batch {
            move_biases(&mut tensors, &architecture);
        }
        let mismatch = |source| ImportError::Mismatch {
            path: file.path().to_owned(),
            network: architecture.description(),
            source,
        };
        take_filters(&mut tensors, &architecture).map_err(mismatch)?;
        let ignored_entries = ignored(file, candidate)
            .map_err(|problems| mismatch(TensorError::Mismatch { problems }))?;
        let tensors = architecture.accept(tensors, device).map_err(mismatch)?;
        Ok(Self {
            entry: candidate.entry().to_owned(),
            architecture,
            tensors,
            unused_statistics,
            ignored_entries,
        })
    }
}

fn is_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some(COUNTER)
}

/// Running statistics of norms, each right after a convolution.
fn statistics(tensors: &NamedTensors) -> Vec<String> {
    let shapes = tensors.0.iter();
    let shapes: BTreeMap<Cow<'_, str>, &[usize]> = shapes
        .map(|(name, data)| (Cow::Borrowed(name.as_str()), data.shape().as_slice()))
        .collect();
    let shapes = Shapes(shapes);
    let names = tensors.0.keys();
    names
        .filter(|name| shapes.is_statistic(name))
        .cloned()
        .collect()
}

/// Biases of convolutions before batch norm, which networks here do not have: a mean that is lower by the bias is the same.
fn move_biases(tensors: &mut NamedTensors, architecture: &Architecture) {
    if architecture.has_biases() {
        return;
    }
    let norms: Vec<String> = tensors
        .0
        .keys()
        .filter_map(|name| name.strip_suffix(".running_mean"))
        .map(ToOwned::to_owned)
        .collect();
    for norm in norms {
        let before = norm.rsplit_once('.').and_then(|(group, index)| {
            let index = index.parse::<usize>().ok()?.checked_sub(1)?;
            Some(format!("{group}.{index}.bias"))
        });
        let mean = format!("{norm}.running_mean");
        let (Some(before), Some(means)) = (before, tensors.0.get(&mean)) else {
            continue;
        };
        let Some(biases) = tensors.0.get(&before) else {
            continue;
        };
        if means.shape() != biases.shape() {
            continue;
        }
        let moved: Vec<f32> = means
            .iter::<f32>()
            .zip(biases.iter::<f32>())
            .map(|(mean, bias)| mean - bias)
            .collect();
        let moved = TensorData::new(moved, means.shape().clone());
        tensors.0.remove(&before);
        tensors.0.insert(mean, moved);
    }
}

/// All that is not part of the network, by its key. Beside the entry of a whole checkpoint stand its optimisers, other
/// networks and numbers; beside a network that is the whole file, only counters may.
fn ignored(
    file: &WeightFile,
    candidate: &Candidate,
) -> Result<BTreeMap<String, usize>, Vec<String>> {
    let entry = candidate.entry();
    let mut ignored = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, _) in file.shapes() {
        if name.starts_with(&candidate.prefix) {
            continue;
        }
        if entry.is_empty() {
            problems.push(format!("`{name}` is not part of it"));
        } else {
            *ignored.entry(beside(entry, name)).or_insert(0) += 1;
        }
    }
    for (name, _) in file.other_shapes() {
        let own = name.strip_prefix(&candidate.prefix);
        let is_weight = |name: &str| name.ends_with("weight") || name.ends_with("bias");
        if own.is_some_and(is_weight) {
            problems.push(format!("`{name}` does not hold floating-point numbers"));
        } else if !own.is_some_and(is_counter) {
            let key = own.map_or_else(|| beside(entry, name), |_| name.to_owned());
            *ignored.entry(key).or_insert(0) += 1;
        }
    }
    if problems.is_empty() {
        Ok(ignored)
    } else {
        Err(problems)
    }
}

/// What stands beside `entry` and holds the tensor `name`: its key, as deep in the dictionaries as `entry` differs.
fn beside(entry: &str, name: &str) -> String {
    let mut key = String::new();
    let mut wanted = entry.split('.');
    for part in name.split('.') {
        if !key.is_empty() {
            key.push('.');
        }
        key.push_str(part);
        if wanted.next() != Some(part) {
            break;
        }
    }
    key
}

/// The only candidate, or the only one that is not a discriminator.
fn choose(
    file: &WeightFile,
    mut candidates: Vec<Candidate>,
    key: Option<&str>,
) -> Result<(Candidate, Architecture), ImportError> {
    let path = || file.path().to_owned();
    if !candidates.iter().all(Candidate::is_discriminator) {
        candidates.retain(|candidate| !candidate.is_discriminator());
    }
    if candidates.len() > 1 {
        let is_usable = |candidate: &&Candidate| {
            !matches!(candidate.recognized, Err(Unrecognized::Unsupported(_)))
        };
        let (usable, unsupported): (Vec<&Candidate>, Vec<&Candidate>) =
            candidates.iter().partition(is_usable);
        return Err(if usable.is_empty() {
            let networks: Vec<String> = unsupported
                .into_iter()
                .map(Candidate::description)
                .collect();
            ImportError::Unknown {
                path: path(),
                message: networks.join(", "),
            }
        } else {
            ImportError::SeveralNetworks {
                path: path(),
                networks: usable.into_iter().map(Candidate::description).collect(),
            }
        });
    }
    let Some(candidate) = candidates.pop() else {
        return Err(ImportError::Unknown {
            path: path(),
            message: describe(file, key),
        });
    };
    let place = match candidate.entry() {
        "" => String::new(),
        entry => format!("`{entry}`: "),
    };
    match &candidate.recognized {
        Ok(architecture) => {
            let architecture = architecture.clone();
            Ok((candidate, architecture))
        }
        Err(Unrecognized::Ambiguous(question)) => Err(ImportError::Ambiguous {
            path: path(),
            question: format!("{place}{question}"),
        }),
        Err(Unrecognized::Unsupported(message)) => Err(ImportError::Unknown {
            path: path(),
            message: format!("{place}{message}"),
        }),
        Err(Unrecognized::Unknown) => Err(ImportError::Unknown {
            path: path(),
            message: describe(file, key),
        }),
    }
}
