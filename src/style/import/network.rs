//! The network in a weight file, wherever in its dictionaries it stands.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Device;

use super::architecture::{Architecture, Hints, Shapes, Unrecognised};
use super::error::ImportError;
use super::weight_file::WeightFile;
use crate::nn::{NamedTensors, TensorError};

/// Wrapped around a network by PyTorch's data parallelism.
const WRAPPER: &str = "module.";
/// Names with which the tensors of the networks that are known begin.
const FIRST_LAYERS: [&str; 6] = [
    "model.model.0.weight",
    "model.1.weight",
    "model.0.weight",
    "net.0.weight",
    "scale0_layer0.0.weight",
    "model1_1.1.weight",
];
/// At most this many names are shown in a message.
const SHOWN: usize = 8;

/// A network and its weights.
#[derive(Debug, Clone)]
pub struct FoundNetwork {
    /// What it is.
    pub architecture: Architecture,
    /// All its tensors, and no others.
    pub tensors: NamedTensors,
    /// Names of tensors that stand under its norms and that it has no use for.
    pub dropped: Vec<String>,
    /// Other entries of the file, with how many tensors each has.
    pub left_aside: BTreeMap<String, usize>,
}

impl FoundNetwork {
    /// Finds the network in `file`: the one in the entry `key`, or the only generator, or the only discriminator; its tensors
    /// are compared with a network on `device`.
    ///
    /// # Errors
    /// There is none or more than one, what it is cannot be told, or a tensor is missing, left over or of another shape.
    pub fn find(
        file: &WeightFile,
        key: Option<&str>,
        hints: Hints,
        device: &Device,
    ) -> Result<Self, ImportError> {
        let names: BTreeMap<&str, &[usize]> = file.shapes().collect();
        let entry = key.map(|key| format!("{key}."));
        let mut prefixes: Vec<String> = prefixes(&names)
            .into_iter()
            .filter(|prefix| entry.as_ref().is_none_or(|entry| prefix.starts_with(entry)))
            .collect();
        // An outer network is tried before what looks like one inside it.
        prefixes.sort_by_key(String::len);
        let mut found: Vec<(String, Architecture)> = Vec::new();
        let mut obstacle = None;
        for prefix in prefixes {
            if found.iter().any(|(outer, _)| prefix.starts_with(outer)) {
                continue;
            }
            match Architecture::recognise(&below(&names, &prefix), hints) {
                Ok(architecture) => found.push((prefix, architecture)),
                Err(Unrecognised::Foreign) => {}
                Err(other) => obstacle = obstacle.or(Some(other)),
            }
        }
        let (prefix, architecture) = choose(file, found, obstacle, &names, key)?;
        Self::take(file, &prefix, architecture, &names, device)
    }

    fn take(
        file: &WeightFile,
        prefix: &str,
        architecture: Architecture,
        names: &BTreeMap<&str, &[usize]>,
        device: &Device,
    ) -> Result<Self, ImportError> {
        let mut tensors = file.tensors(prefix)?;
        let mut dropped = Vec::new();
        if architecture.drops_running_statistics() {
            tensors.0.retain(|name, _| {
                let leftover = name.ends_with(".running_mean") || name.ends_with(".running_var");
                if leftover {
                    dropped.push(name.clone());
                }
                !leftover
            });
        }
        let mismatch = |source| ImportError::Mismatch {
            path: file.path().to_owned(),
            network: architecture.description(),
            source,
        };
        let entry = entry_of(prefix);
        let mut left_aside = BTreeMap::new();
        let mut unused = Vec::new();
        for name in names.keys().filter(|name| !name.starts_with(prefix)) {
            match (entry.is_empty(), name.split_once('.')) {
                // Beside the entry of a whole checkpoint stand its optimisers and other networks.
                (false, Some((other, _))) => *left_aside.entry(other.to_owned()).or_insert(0) += 1,
                _ => unused.push(format!("`{name}` is not part of it")),
            }
        }
        if !unused.is_empty() {
            return Err(mismatch(TensorError::Mismatch { problems: unused }));
        }
        let tensors = architecture.accept(tensors, device).map_err(mismatch)?;
        Ok(Self {
            architecture,
            tensors,
            dropped,
            left_aside,
        })
    }
}

/// The key of the dictionary in which the network with this prefix stands; empty for the file itself.
fn entry_of(prefix: &str) -> &str {
    let entry = prefix.strip_suffix(WRAPPER).unwrap_or(prefix);
    entry.strip_suffix('.').unwrap_or(entry)
}

/// Everything before a name with which the tensors of a network could begin.
fn prefixes(names: &BTreeMap<&str, &[usize]>) -> BTreeSet<String> {
    let before = |name: &str, first: &str| {
        let prefix = name.strip_suffix(first)?;
        (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_owned())
    };
    names
        .keys()
        .flat_map(|name| FIRST_LAYERS.iter().filter_map(|first| before(name, first)))
        .collect()
}

fn below<'a>(names: &BTreeMap<&'a str, &'a [usize]>, prefix: &str) -> Shapes<'a> {
    let inner = names.iter();
    Shapes(
        inner
            .filter_map(|(name, shape)| Some((name.strip_prefix(prefix)?, *shape)))
            .collect(),
    )
}

fn choose(
    file: &WeightFile,
    mut found: Vec<(String, Architecture)>,
    obstacle: Option<Unrecognised>,
    names: &BTreeMap<&str, &[usize]>,
    key: Option<&str>,
) -> Result<(String, Architecture), ImportError> {
    let path = || file.path().to_owned();
    let generators = found
        .iter()
        .filter(|(_, network)| network.is_generator())
        .count();
    if generators == 1 {
        found.retain(|(_, network)| network.is_generator());
    }
    if found.len() > 1 {
        let networks = found
            .iter()
            .map(|(prefix, network)| format!("`{}` ({})", entry_of(prefix), network.description()));
        return Err(ImportError::Several {
            path: path(),
            networks: networks.collect(),
        });
    }
    if let Some(only) = found.pop() {
        return Ok(only);
    }
    Err(match obstacle {
        Some(Unrecognised::Ambiguous(question)) => ImportError::Ambiguous {
            path: path(),
            question,
        },
        Some(Unrecognised::Unsupported(message)) => ImportError::Unknown {
            path: path(),
            message,
        },
        Some(Unrecognised::Foreign) | None => ImportError::Unknown {
            path: path(),
            message: contents(names, key),
        },
    })
}

/// What a file without a known network holds, for people.
fn contents(names: &BTreeMap<&str, &[usize]>, key: Option<&str>) -> String {
    if names.is_empty() {
        return "it has no tensors".to_owned();
    }
    let shown: Vec<String> = names
        .keys()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let place = key.map_or(String::new(), |key| format!(" under `{key}`"));
    format!(
        "U-Nets, ResNet generators, PatchGAN and PixelGAN are known by the names of their tensors, and none is there{place}; it has {}{more}",
        shown.join(", ")
    )
}
