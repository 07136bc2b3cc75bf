//! The network in a weight file, wherever in its dictionaries it stands.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Device;

use super::architecture::{Architecture, Hints};
use super::error::ImportError;
use super::recognise::{Shapes, Unrecognised};
use super::weight_file::WeightFile;
use crate::nn::{NamedTensors, TensorError};

/// Wrapped around a network by PyTorch's data parallelism.
const WRAPPER: &str = "module.";
/// Tensors of the networks that are known, near their beginning; two of each network, should one be missing.
const LANDMARKS: [&str; 12] = [
    "model.model.0.weight",
    "model.model.1.model.1.weight",
    "model.1.weight",
    "model.10.conv_block.1.weight",
    "model.16.conv_block.1.weight",
    "model.0.weight",
    "model.2.weight",
    "net.0.weight",
    "net.2.weight",
    "scale0_layer0.0.weight",
    "layer0.0.weight",
    "model1_1.1.weight",
];
/// At most this many names are shown in a message.
const SHOWN: usize = 8;

/// A network and its weights.
#[derive(Debug, Clone)]
pub struct FoundNetwork {
    /// The entry of the file in which it stands; empty for the file itself.
    pub entry: String,
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
        let mut candidates: Vec<Candidate> = Vec::new();
        for prefix in prefixes {
            if candidates
                .iter()
                .any(|outer| prefix.starts_with(&outer.prefix))
            {
                continue;
            }
            let shapes = below(&names, &prefix);
            let count = shapes.count();
            let recognised = Architecture::recognise(&shapes, hints)
                .and_then(|found| found.check_size(count).map(|()| found));
            if recognised != Err(Unrecognised::Foreign) {
                candidates.push(Candidate { prefix, recognised });
            }
        }
        let (prefix, architecture) = choose(file, candidates, &names, key)?;
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
            let shapes = below(names, prefix);
            tensors.0.retain(|name, _| {
                let leftover = shapes.is_statistic(name);
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
            if entry.is_empty() {
                unused.push(format!("`{name}` is not part of it"));
            } else {
                // Beside the entry of a whole checkpoint stand its optimisers, other networks and numbers.
                *left_aside.entry(beside(entry, name)).or_insert(0) += 1;
            }
        }
        if !unused.is_empty() {
            return Err(mismatch(TensorError::Mismatch { problems: unused }));
        }
        let tensors = architecture.accept(tensors, device).map_err(mismatch)?;
        Ok(Self {
            entry: entry.to_owned(),
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

/// Everything before a name that a tensor of a known network could have.
fn prefixes(names: &BTreeMap<&str, &[usize]>) -> BTreeSet<String> {
    let before = |name: &str, landmark: &str| {
        let prefix = name.strip_suffix(landmark)?;
        (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_owned())
    };
    names
        .keys()
        .flat_map(|name| {
            LANDMARKS
                .iter()
                .filter_map(|landmark| before(name, landmark))
        })
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

/// What looks like a network.
struct Candidate {
    prefix: String,
    recognised: Result<Architecture, Unrecognised>,
}

impl Candidate {
    fn is_discriminator(&self) -> bool {
        matches!(&self.recognised, Ok(network) if !network.is_generator())
    }

    fn description(&self) -> String {
        let what = match &self.recognised {
            Ok(network) => network.description(),
            Err(Unrecognised::Unsupported(what) | Unrecognised::Ambiguous(what)) => what.clone(),
            Err(Unrecognised::Foreign) => "unknown".to_owned(),
        };
        format!("`{}` ({what})", entry_of(&self.prefix))
    }
}

/// The only candidate, or the only one that is no discriminator.
fn choose(
    file: &WeightFile,
    mut candidates: Vec<Candidate>,
    names: &BTreeMap<&str, &[usize]>,
    key: Option<&str>,
) -> Result<(String, Architecture), ImportError> {
    let path = || file.path().to_owned();
    if !candidates.iter().all(Candidate::is_discriminator) {
        candidates.retain(|candidate| !candidate.is_discriminator());
    }
    if candidates.len() > 1 {
        return Err(ImportError::Several {
            path: path(),
            networks: candidates.iter().map(Candidate::description).collect(),
        });
    }
    let Some(Candidate { prefix, recognised }) = candidates.pop() else {
        return Err(ImportError::Unknown {
            path: path(),
            message: contents(names, key),
        });
    };
    let place = match entry_of(&prefix) {
        "" => String::new(),
        entry => format!("`{entry}`: "),
    };
    match recognised {
        Ok(architecture) => Ok((prefix, architecture)),
        Err(Unrecognised::Ambiguous(question)) => Err(ImportError::Ambiguous {
            path: path(),
            question: format!("{place}{question}"),
        }),
        Err(Unrecognised::Unsupported(message)) => Err(ImportError::Unknown {
            path: path(),
            message: format!("{place}{message}"),
        }),
        Err(Unrecognised::Foreign) => Err(ImportError::Unknown {
            path: path(),
            message: contents(names, key),
        }),
    }
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
    if let Some(key) = key
        && !names
            .keys()
            .any(|name| name.starts_with(&format!("{key}.")))
    {
        let entries: BTreeSet<&str> = names
            .keys()
            .map(|name| name.split('.').next().unwrap_or(name))
            .collect();
        let entries: Vec<String> = entries
            .into_iter()
            .take(SHOWN)
            .map(|entry| format!("`{entry}`"))
            .collect();
        return format!("it has no entry `{key}`, but {}", entries.join(", "));
    }
    let place = key.map_or(String::new(), |key| format!(" under `{key}`"));
    format!(
        "U-Nets, ResNet generators, PatchGAN, PixelGAN and the networks of pix2pixHD are known by the names of their tensors, and none is there{place}; it has {}{more}",
        shown.join(", ")
    )
}
